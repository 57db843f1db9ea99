"""The upload's own bounds: what is no export, too large, not from here, or two at a time."""

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.commands import Arguments
from edge.duty.export_file import BATCH_BYTES, BATCH_LINES, Looked
from edge.web import WebServer, create_app, holding
from edge.web.holding import LINE_MAX, Batches, Held, NotAnExport
from tests.hall import until
from tests.web.halls import WELL
from tests.web.sockets import KIND, ask


class Orders:
    """What the daemon's three orders were given; `go` lets a look go on."""

    def __init__(self) -> None:
        self.lines: dict[str, bytes] = {"import-look": b"", "import-lines": b""}
        self.ends: list[Arguments] = []
        self.go, self.begun = threading.Event(), threading.Event()
        self.go.set()
        self.commands = {
            "import-look": lambda given: self._lines("import-look", given),
            "import-lines": lambda given: self._lines("import-lines", given),
            "import-end": lambda given: self.ends.append(given) or "",
        }

    def _lines(self, name: str, given: Arguments) -> str:
        self.begun.set()
        assert self.go.wait(20)
        raw = given["lines"].encode("latin-1")
        self.lines[name] += raw
        return msgspec.json.encode(Looked(new=raw.count(b"\n"))).decode()


@pytest.fixture
def orders() -> Orders:
    return Orders()


@pytest.fixture
def sock(orders: Orders, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "control.sock"
    server = WebServer(create_app(lambda: WELL, orders.commands), None, 0, path)
    server.start()
    yield path
    server.stop()


def test_what_was_looked_at_is_taken_byte_for_byte(sock: Path, orders: Orders) -> None:
    content = b"".join(b"%9d\t2026-03-01 08:00:00\t1\t0\t1\t0\r\n" % n for n in range(30_000)) + b"\xff\xfe"
    status, said = ask(sock, "POST", "/import/look", content, device="fp", name="A12345_attlog.dat")
    assert (status, orders.lines["import-look"] == content) == (200, True)
    assert ask(sock, "POST", "/import/take", token=said["token"])[0] == 200
    assert orders.lines["import-lines"] == content
    assert orders.ends == [
        {
            "device": "fp",
            "serial": "A12345",
            "file": "A12345_attlog.dat",
            "counts": "new=30000 known=0 rejected=0",
            "actor": "control.sock",
        }
    ]


def test_bounds(sock: Path, orders: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "FILE_MAX", 200_000)
    assert ask(sock, "POST", "/import/look", b"1\t2\r\n" * 100_000, device="fp")[0] == 413
    status, said = ask(sock, "POST", "/import/look", b"\x89PNG" * 10_000, device="fp", lang="en")
    assert (status, "no lines" in said["lines"][0]) == (400, True)
    for headers in ({"content-type": "text/plain"}, {"content-type": "multipart/form-data"}):
        assert ask(sock, "POST", "/import/look", b"1\n", headers, device="fp")[0] == 415
    crossing = {**KIND, "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}
    assert ask(sock, "POST", "/import/look", b"1\n", crossing, device="fp")[0] == 403
    assert ask(sock, "POST", "/import/look", b"1\n", {**KIND, "host": "evil.example"}, device="fp")[0] == 421
    for method in ("GET", "PUT", "DELETE"):
        assert ask(sock, method, "/import/look")[0] == 405
    assert orders.lines["import-lines"] == b""


def test_one_at_a_time_and_not_for_ever(sock: Path, orders: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
    orders.go.clear()
    answers: list[int] = []
    first = threading.Thread(target=lambda: answers.append(ask(sock, "POST", "/import/look", b"1\n")[0]))
    first.start()
    assert orders.begun.wait(20)
    assert ask(sock, "POST", "/import/look", b"1\n")[0] == 409
    orders.go.set()
    first.join(20)
    assert until(lambda: answers == [200], 20)
    monkeypatch.setattr(holding, "HELD_S", -1.0)
    said = ask(sock, "POST", "/import/look", b"1\n")[1]
    assert ask(sock, "POST", "/import/take", token=said["token"])[0] == 400


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=LINE_MAX - 2), max_size=30), st.integers(1, 50_000))
def test_however_a_file_is_cut_it_stays_whole(lines: list[bytes], step: int) -> None:
    content = b"\n".join(line.replace(b"\n", b" ").replace(b"\r", b" ") for line in lines * 5)
    held, cut, got = Held({}, ""), Batches(), []
    for at in range(0, len(content), step):
        held.add(content[at : at + step])
        got += cut.feed(content[at : at + step])
    got += cut.end()
    held.close()
    assert b"".join(got) == b"".join(held.batches()) == content
    for batch in got:
        assert len(batch) <= BATCH_BYTES
        assert batch.count(b"\n") <= BATCH_LINES


def test_a_line_without_end_is_no_export() -> None:
    with pytest.raises(NotAnExport):
        list(Batches().feed(b"x" * (LINE_MAX + 1)))
