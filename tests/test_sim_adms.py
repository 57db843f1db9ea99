"""The simulated terminal that pushes behaves as the real one does, also against a server that is not ours."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.drivers.adms_site import captures
from tests.hall import until
from tests.sim.adms import SHAPES, Faults, Punch, Terminal, line
from tests.sim.adms.__main__ import apply_fault

GREETING = b"GET OPTION FROM: S\nATTLOGStamp=%b\nErrorDelay=1\nDelay=1\nTimeZone=8\nRealtime=1\n"


class Server:
    """A server in a few lines: what it was sent, and what it answers."""

    def __init__(self) -> None:
        self.uploads: list[tuple[dict[str, list[str]], bytes]] = []
        self.results: list[bytes] = []
        self.commands: list[bytes] = []
        self.stamp, self.thanks, self.date = b"0", b"OK", ""

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> bytes:
        match (method, path.rsplit("/", 1)[-1], query.get("table", [""])[0]):
            case ("GET", "cdata", _):
                return GREETING % self.stamp
            case ("POST", "cdata", "ATTLOG"):
                self.uploads.append((query, body))
                return self.thanks
            case ("GET", "getrequest", _):
                return self.commands.pop(0) if self.commands else b"OK"
            case ("POST", "devicecmd", _):
                self.results.append(body)
        return b"OK"


@contextmanager
def serving(server: Server) -> Iterator[tuple[str, int]]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(b"")

        def do_POST(self) -> None:
            self.reply(self.rfile.read(int(self.headers["Content-Length"])))

        def reply(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            said = server.answer(self.command, parts.path, parse_qs(parts.query), body)
            self.send_response_only(200)
            if server.date:
                self.send_header("Date", server.date)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True).start()
        yield http.server_address[:2]  # type: ignore[misc]
        http.shutdown()


def punches(count: int) -> list[Punch]:
    start = datetime.fromisoformat("2026-11-20T08:00:00")
    return [Punch(str(1000 + n), start + timedelta(seconds=n)) for n in range(count)]


def test_it_repeats_what_was_not_thanked_for_and_nothing_else() -> None:
    server = Server()
    server.thanks = b"FAIL"
    with serving(server) as at, Terminal(server=at, delay_s=0.05) as terminal:
        terminal.load(punches(3))
        assert until(lambda: len(server.uploads) >= 3, 10)
        assert (terminal.unsent, terminal.emitted) == (3, 3)
        server.thanks = b"OK: 3"
        assert until(lambda: not terminal.unsent, 10)
        seen = len(server.uploads)
        assert not until(lambda: len(server.uploads) > seen, 0.3)


def test_stamp_zero_makes_it_begin_anew_and_no_other_stamp_does() -> None:
    server = Server()
    with serving(server) as at:
        terminal = Terminal(server=at, delay_s=0.05)
        terminal.load(punches(2))
        for stamp, uploads in ((b"0", 1), (b"9999", 1), (b"0", 2)):
            server.stamp = stamp
            with terminal:
                calls = terminal.calls
                assert until(lambda calls=calls: terminal.calls > calls + 4, 10)  # type: ignore[misc]
            assert len(server.uploads) == uploads


def test_the_date_of_an_answer_sets_its_clock() -> None:
    server = Server()
    server.date = format_datetime(datetime.fromisoformat("2030-01-01T00:00:00+00:00"), usegmt=True)
    with serving(server) as at, Terminal(server=at, delay_s=0.05) as terminal:
        assert until(lambda: terminal.clock().year == 2030, 10)
        assert terminal.clock().hour == 8, "its zone is what it was told"


def test_a_query_is_answered_in_packs_that_name_it() -> None:
    server = Server()
    server.commands = [b"C:77:DATA QUERY ATTLOG StartTime=2026-11-20 08:00:00\tEndTime=2026-11-20 08:04:09\n"]
    with serving(server) as at:
        terminal = Terminal(server=at, delay_s=0.05)
        terminal.load(punches(300))  # before it calls, and is asked
        with terminal:
            assert until(lambda: server.results, 10)
    packs = [(query, body) for query, body in server.uploads if "CmdId" in query]
    assert [(query["CmdId"], query["PackIdx"], query["PackCnt"]) for query, _ in packs] == [
        (["77"], ["1"], ["2"]),
        (["77"], ["2"], ["2"]),
    ]
    assert sum(body.count(b"\n") for _, body in packs) == 250
    assert server.results[0].startswith(b"ID=77&Return=0")


def test_it_writes_what_real_terminals_wrote() -> None:
    """`shapes` against recorded lines: same columns for the same punch."""
    real = {entry["id"]: entry["body"] for entry in captures() if entry["body"]}
    noon = Punch("1452", datetime.fromisoformat("2015-07-30T15:16:28"), 0, 1)
    assert line(noon, "7") + "\n" == real["adms00"]
    assert line(noon, "9-id-card") == real["adms09"].splitlines()[0]
    palm = Punch("11", datetime.fromisoformat("2025-08-27T10:57:49"), 0, 25)
    assert line(palm, "10") + "\n" == real["adms18"]


def test_faults_are_named() -> None:
    faults = Faults()
    apply_fault(faults, "deaf=3"), apply_fault(faults, "silent=yes")
    assert (faults.deaf, faults.silent) == (3, True)
    with pytest.raises(ValueError, match="known: silent"):
        apply_fault(faults, "tired=1")
    assert len(SHAPES) >= 10


def test_it_runs_alone_and_gives_its_account() -> None:
    server = Server()
    with serving(server) as (host, port):
        command = [sys.executable, "-m", "tests.sim.adms", "--server", f"{host}:{port}", "--log", "5"]
        with subprocess.Popen(
            [*command, "--delay", "0.1", "--end", "crlf"], stdout=subprocess.PIPE, text=True
        ) as run:
            assert until(lambda: server.uploads, 20)
            run.send_signal(signal.SIGTERM)
            first, *_, last = (run.communicate(timeout=20)[0]).splitlines()
    assert json.loads(first)["serial"] == Terminal.serial
    assert json.loads(last) == {"serial": Terminal.serial, "emitted": 5, "unsent": 0}
    assert server.uploads[0][1].count(b"\r\n") == 5
