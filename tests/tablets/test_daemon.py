"""The real daemon as a process, vendors' tablets on the wire: exact through kill -9, no trace of a page."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from edge.control import command
from edge.store import FILE
from edge.store.recent import Recents
from tests.broker import free_port
from tests.hall import ALONE, LISTEN, SITE, Daemon, until
from tests.sim import tablet_http, tablet_ws
from tests.sim.tablet import Tablet

KEY = "a key of the hall"
PERSON = "wangmou-410421199001011234-13800000000"
PAGE = f"https://pj.example.gov.cn/?u={PERSON}"
CONFIG = (
    SITE
    + ALONE
    + LISTEN
    + """\
[documents]
folder = "{told}"
[device.asked]
driver = "tablet_http"
host = "127.0.0.1"
port = {asked}
window = "A04"
poll_seconds = 1
limit = 50
page = '{page}'
record = '{record}'
scheme = "stars"
[device.line]
driver = "tablet_ws"
window = "A05"
address = "127.0.0.1"
login = "10086"
key_file = "{key}"
scheme = "stars"
[device.own]
driver = "kiosk"
window = "A01"
"""
)


class Hall(NamedTuple):
    """A daemon and the vendors' tablets of its hall; port: the devices'."""

    daemon: Daemon
    asked: tablet_http.Tablet
    line: tablet_ws.Tablet
    port: int

    @property
    def emitted(self) -> int:
        return self.asked.emitted + self.line.emitted

    def sessions(self) -> list[str]:
        """The session of each rating that is stored."""
        with closing(Recents(self.daemon.folder / FILE)) as reader:
            found = reader.of(["evaluation.submitted"], 0, 1_000_000)
        return [str(each.data["session_id"]) for each in found]

    def paired(self, base: str, serial: str, device: str, part: str) -> Tablet:
        code = command(self.daemon.folder, "pair", device=device, part=part, actor="li")
        assert code is not None
        assert code.done, code.text
        made = Tablet(self.port, base, serial)
        assert made.pair(code.text) == part
        return made


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    config, folder, told, port = tmp_path / "edge.toml", tmp_path / "edge", tmp_path / "told", free_port()
    told.mkdir()
    profile = {"version": 1, "provincial": {"hosts": ["pj.example.gov.cn"]}}
    (told / "evaluation_profile.json").write_text(json.dumps(profile))
    (tmp_path / "key").write_text(KEY)
    daemon = Daemon(config, folder)
    with tablet_http.Tablet() as asked, tablet_ws.Tablet(port, key=KEY, beat_s=5) as line:
        shapes = {name: tablet_http.OPTIONS[name] for name in ("page", "record")}
        places = {"folder": folder, "told": told, "key": tmp_path / "key"}
        ports = {"web": free_port(), "listen": port, "asked": asked.port}
        config.write_text(CONFIG.format(**places, **ports, **shapes))
        daemon.start()
        yield Hall(daemon, asked, line, port)
        daemon.stop()


def through_kills(hall: Hall, ratings: int, kills: int) -> int:
    """So many ratings at both tablets, a third of them told twice, amid kills; how many are stored."""
    hall.asked.faults.repeat = hall.line.faults.repeat = 0.3
    hall.asked.faults.shuffle, hall.asked.http.slow_s = True, 0.02
    piece = ratings // (kills + 1)
    for turn in range(kills + 1):
        for number in range(piece if turn < kills else ratings - kills * piece):
            (hall.asked if number % 10 < 7 else hall.line).rate()
        held = len(hall.sessions())
        if turn < kills:
            assert until(lambda held=held: len(hall.sessions()) > held, 30, 0.02)  # type: ignore[misc]
            hall.daemon.kill()
            hall.daemon.start()
    assert until(lambda: len(hall.sessions()) >= ratings and not hall.line.waiting, 120, 0.2)
    found = hall.sessions()
    assert len(set(found)) == len(found)
    return len(found)


def test_a_thousand_ratings_with_copies_are_exact_through_kills(hall: Hall) -> None:
    assert through_kills(hall, 1_000, 2) == hall.emitted == 1_000


@pytest.mark.slow
def test_ten_thousand_ratings_with_copies_are_exact_through_kills(hall: Hall) -> None:
    stored = through_kills(hall, 10_000, 10)
    line = {"gate": "vendor tablets: exact through kills", "emitted": hall.emitted, "stored": stored}
    print("\n" + json.dumps({**line, "kills": 10}), flush=True)
    assert stored == hall.emitted == 10_000


def test_a_citizens_own_page_is_in_no_file_log_event_or_status(hall: Hall) -> None:
    system = hall.paired("/api/", "@systems", "@systems", "system")
    own = hall.paired("/k/A01/", "kiosk-A01", "own", "tablet")
    own.send("POST", "state", {"version": "x", "queue": 0})
    assert until(lambda: hall.line.logged_in, 20)
    for window in ("A01", "A05"):
        answer = system.send("POST", "show", {"window_no": window, "url": PAGE, "ttl_s": 60})
        assert (answer.status, answer.vouched) == (200, True), answer.said
    refused = system.send("POST", "show", {"window_no": "A04", "url": PAGE})
    assert refused.status == 409, "a tablet that is asked opens no page"
    assert system.send("POST", "show", {"window_no": "A05", "url": PAGE, "ttl_s": 999}).status == 400
    told = own.send("POST", "state", {"version": "x", "queue": 0}).said["session"]
    assert isinstance(told, dict)
    assert told["url"] == PAGE
    assert until(lambda: hall.line.shown.get("url") == PAGE, 20)
    status = hall.daemon.status()
    assert status is not None
    assert PERSON not in repr(status)
    with closing(Recents(hall.daemon.folder / FILE)) as reader:
        events = reader.of(["evaluation.invited", "evaluation.handed_over"], 0, 100)
    assert len(events) == 3
    hall.daemon.kill()
    hall.daemon.start()
    hall.daemon.stop()
    files = [path for path in hall.daemon.folder.parent.rglob("*") if path.is_file()]
    assert any(path.name == FILE for path in files)
    assert any(path.name == "edge.log" for path in files)
    assert [path for path in files if PERSON.encode() in path.read_bytes()] == []
    assert [path for path in files if b"example.gov.cn/?" in path.read_bytes()] == []
