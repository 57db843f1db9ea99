"""Terminals that push, the whole path: from HTTP on the wire to the consumer's books, exactly once."""

import json
import shlex
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta

import pytest

from edge.snapshot import DeviceHealth
from tests.broker import free_port
from tests.hall import consuming, until
from tests.path.conftest import Hall
from tests.path.test_cli import hall_edge
from tests.sim.adms import Punch, Terminal

MORNING = datetime.fromisoformat("2026-11-20T08:00:00")
LISTEN = """
[listen]
host = "127.0.0.1"
port = {port}
[device.face-1]
driver = "adms"
name = "人脸机"
serial = "{serial}"
poll_seconds = 2
{more}
"""


def punches(count: int, first: int = 0) -> list[Punch]:
    return [
        Punch(str(1000 + number % 50), MORNING + timedelta(seconds=number // 2), number % 2, 15)
        for number in range(first, first + count)
    ]


@pytest.fixture
def port(hall: Hall) -> int:
    number = free_port()
    hall.configure(device=LISTEN.format(port=number, serial="ADMS1", more=""))
    return number


def face(hall: Hall) -> DeviceHealth | None:
    snapshot = hall.daemon.status()
    return next((each for each in snapshot.devices if each.device_id == "face-1"), None) if snapshot else None


def stored(hall: Hall) -> int:
    health = face(hall)
    return health.stored if health else 0


def of_kind(hall: Hall, kind: str) -> int:
    said = hall_edge("events", "--type", kind, config=hall.daemon.config).stdout
    return len(said.splitlines())


def turned_away(hall: Hall) -> set[str]:
    snapshot = hall.daemon.status()
    return {each.serial for each in snapshot.turned_away} if snapshot else set()


def terminal(port: int, serial: str = "ADMS1", **options: object) -> Terminal:
    return Terminal(server=("127.0.0.1", port), serial=serial, **{"delay_s": 0.2, **options})  # type: ignore[arg-type]


def test_what_is_sent_again_and_again_counts_once(hall: Hall, port: int) -> None:
    hall.daemon.start()
    with consuming(hall.county), terminal(port) as device:
        device.load(punches(700))
        assert until(lambda: stored(hall) == 700 and not device.unsent, 20)
        device.faults.deaf, device.faults.repeats = 2, 2
        device.load(punches(200, 700))
        assert until(lambda: stored(hall) == 900 and not device.unsent, 20)
        device.faults.resend = True
        device.punch("2001")
        assert until(lambda: hall.held() == 901 and not device.unsent, 20)
        assert until(lambda: (now := face(hall)) is not None and now.duplicates >= 900, 10)
        assert until(lambda: (now := face(hall)) is not None and now.clock_offset_ms is not None, 10)
        health = face(hall)
        assert health is not None
        assert (health.state, health.quarantined) == ("online", 0)
        assert abs(health.clock_offset_ms or 0) < 10_000, "a punch made just now tells its clock"


def test_one_punch_is_one_event_whether_it_is_pushed_or_pulled(hall: Hall) -> None:
    number = free_port()
    hall.configure(device=LISTEN.format(port=number, serial=hall.terminal.serial, more=""))
    hall.terminal.load(punches(300))
    hall.daemon.start()
    with consuming(hall.county), terminal(number, hall.terminal.serial) as device:
        device.load(punches(300))
        assert until(lambda: not device.unsent, 20)
        for user in ("7", "007", "A7"):
            at = hall.terminal.clock()
            hall.terminal.punch(user, at=at)
            device.punch(user, at=at)
        assert until(lambda: hall.held() == 303 and not device.unsent, 20)
    hall.daemon.stop()
    assert hall.held() == 303


@contextmanager
def between(port: int, at_answer: threading.Event, dead: threading.Event) -> Iterator[int]:
    """A line to the device port that breaks with the first OK to an upload, and stays cut until `dead`."""
    with socket.create_server(("127.0.0.1", 0)) as ear:

        def carry() -> None:
            while True:
                try:
                    line, _ = ear.accept()
                except OSError:
                    return
                threading.Thread(target=_relay, args=(line, port, at_answer, dead), daemon=True).start()

        threading.Thread(target=carry, daemon=True).start()
        yield ear.getsockname()[1]


def _relay(line: socket.socket, port: int, at_answer: threading.Event, dead: threading.Event) -> None:
    with closing(line), socket.socket() as onward:
        try:
            onward.connect(("127.0.0.1", port))
            onward.sendall(line.recv(1 << 20))
            got = b""
            while piece := onward.recv(65536):
                got += piece
        except OSError:
            return
        if b"OK:" in got:
            at_answer.set()
        if not at_answer.is_set() or dead.is_set():
            line.sendall(got)


def test_a_kill_between_the_commit_and_the_ok_neither_loses_nor_doubles(hall: Hall, port: int) -> None:
    hall.daemon.start()
    committed, dead = threading.Event(), threading.Event()
    with consuming(hall.county), between(port, committed, dead) as door, terminal(door) as device:
        device.load(punches(150))
        assert committed.wait(20)
        hall.daemon.kill()
        assert device.unsent == 150, "it was never thanked"
        dead.set()
        hall.daemon.start()
        assert until(lambda: hall.held() == 150 and not device.unsent, 20)
        health = face(hall)
        assert health is not None
        assert (health.stored, hall.held()) == (150, 150)


def test_kills_at_any_moment_lose_nothing(hall: Hall, port: int) -> None:
    with consuming(hall.county), terminal(port, shape="10", end="\r\n") as device:
        for turn in range(4):
            hall.daemon.start(wait=False)
            device.load(punches(100, 100 * turn))
            until(lambda: not device.unsent, 0.4 + 0.3 * turn)
            hall.daemon.kill()
        hall.daemon.start()
        assert until(lambda: hall.held() == 400 and not device.unsent, 30)


def test_strangers_are_shown_with_what_to_do(hall: Hall, port: int) -> None:
    hall.daemon.start()
    device, stranger = terminal(port), terminal(port, "FORGED9")
    impostor = terminal(port, source="127.0.0.2")
    with device:
        device.load(punches(10))
        assert until(lambda: not device.unsent, 20), "it has called first"
        with stranger, impostor:
            stranger.load(punches(10, 100))
            impostor.load(punches(10, 200))
            assert until(lambda: turned_away(hall) == {"FORGED9", "ADMS1"}, 20)
            assert until(lambda: stranger.answers and impostor.answers, 20), "seen before it is answered"
        assert {*stranger.answers, *impostor.answers} == {403}
        said = hall_edge("--lang", "en", "status", config=hall.daemon.config).stdout
        page = urllib.request.urlopen(f"http://127.0.0.1:{hall.web}/?lang=en", timeout=10).read().decode()
        for text in (said, page):
            assert "FORGED9 @ 127.0.0.1" in text
            assert "Let it in" in text
            assert "hall-edge approve FORGED9 --address 127.0.0.1" in text
            assert "hall-edge approve ADMS1 --address 127.0.0.2" in text
    assert stored(hall) == 10


def test_a_stranger_is_let_in_by_the_very_command_that_the_status_shows(hall: Hall) -> None:
    hall.configure(device=f'[listen]\nhost = "127.0.0.1"\nport = {(number := free_port())}\n')
    hall.daemon.start()
    pid, stranger = hall.daemon.pid, terminal(number, "NEW7", source="127.0.0.3")
    stranger.load(punches(3))
    stranger.punch("2001")
    with consuming(hall.county), stranger:
        assert until(lambda: turned_away(hall) == {"NEW7"}, 20), "though no terminal that calls is configured"
        said = hall_edge("--lang", "en", "status", config=hall.daemon.config).stdout
        (shown,) = (row for row in said.splitlines() if "hall-edge approve" in row)
        typed = shlex.split(shown.partition("hall-edge approve")[2])
        done = hall_edge("approve", *typed, "--device", "face-9", "--name", "新机", config=hall.daemon.config)
        assert (done.returncode, "face-9" in done.stdout) == (0, True), done.stderr
        assert until(lambda: not stranger.unsent and hall.held() == 1, 30), (
            "what is older than today is not sent"
        )
        assert hall.daemon.pid == pid
    hall.daemon.kill()
    hall.daemon.start()
    snapshot = hall.daemon.status()
    assert snapshot is not None
    known = {each.device_id: each.name for each in snapshot.devices}
    assert (known["face-9"], snapshot.turned_away) == ("新机", ()), "a restart forgets nothing"
    assert (of_kind(hall, "edge.audit"), hall.held()) == (1, 1)
    assert hall_edge("check-config", config=hall.daemon.config).returncode == 0


def test_a_reread_survives_a_kill_and_proves_how_far_the_log_is_complete(hall: Hall, port: int) -> None:
    hall.daemon.start()
    device = terminal(port)
    device.load(punches(500))
    assert hall_edge("reread", "face-1", config=hall.daemon.config).returncode == 0
    hall.daemon.kill()
    hall.daemon.start()
    health = face(hall)
    assert health is not None
    assert health.complete_until is None
    with device:
        assert until(lambda: bool((now := face(hall)) and now.complete_until), 20)
    assert device.obeyed[0].startswith("DATA QUERY ATTLOG StartTime=2000-01-01")
    assert stored(hall) == 500


def test_operations_at_the_terminal_ring_upstream_once(hall: Hall, port: int) -> None:
    hall.daemon.start()
    body = b"OPLOG 23\t14\t2026-11-20 10:22:40\t0\t0\t0\t0\nUSER PIN=1\tName=x\n"
    device = terminal(port)
    for _ in range(2):
        assert device.call("/iclock/cdata?SN=ADMS1&table=OPERLOG&Stamp=1", body).body == b"OK:2"
    said = hall_edge("events", "--type", "device.alarm", "--json", config=hall.daemon.config).stdout
    (event,) = (json.loads(line) for line in said.splitlines())
    told = {key: event["data"][key] for key in ("code", "active", "operator", "device_time")}
    assert told == {
        "code": "log_deleted",
        "active": True,
        "operator": "14",
        "device_time": "2026-11-20T10:22:40",
    }


def test_a_forged_push_is_never_confirmed_and_shown_while_real_ones_are(hall: Hall, port: int) -> None:
    hall.daemon.start()
    device = terminal(port)
    forged = "".join(f"{user}\t2026-11-20 07:59:59\t0\t15\t0\n" for user in range(9000, 9050))
    for _ in range(20):
        assert device.call("/iclock/cdata?SN=ADMS1&table=ATTLOG&Stamp=1", forged.encode()).body == b"OK:50"
    with consuming(hall.county), device:
        device.load(punches(20))
        assert until(lambda: (now := face(hall)) is not None and now.cause == "push_unconfirmed", 20)
        assert until(lambda: hall.held() == 70, 20), "what was said is kept, and marked"
        assert until(lambda: of_kind(hall, "attendance.confirmed") == 20, 20, 0.5)
    assert of_kind(hall, "attendance.confirmed") == 20


def test_callers_that_never_end_do_not_hold_up_the_end(hall: Hall, port: int) -> None:
    hall.daemon.start()
    with ExitStack() as lines:
        for begun in (
            b"",
            b"GET /icl",
            b"POST /iclock/cdata?SN=ADMS1 HTTP/1.1\r\nContent-Length: 9\r\n\r\nx",
        ):
            lines.enter_context(socket.create_connection(("127.0.0.1", port))).sendall(begun)
        assert hall.daemon.stop(within_s=8) == 0


def test_a_terminal_that_only_calls_cannot_be_probed_until_it_has(hall: Hall, port: int) -> None:
    said = hall_edge("--lang", "en", "probe", "face-1", config=hall.daemon.config)
    assert said.returncode == 1
    assert "cannot be asked" in said.stderr + said.stdout
    hall.daemon.start()
    with terminal(port):
        assert until(lambda: (now := face(hall)) is not None and now.model == "SenseFace", 20)
        said = hall_edge("--lang", "en", "probe", "face-1", config=hall.daemon.config)
    assert (said.returncode, "SenseFace" in said.stdout) == (0, True)


def test_its_whole_answer_is_the_terminals_side_of_the_account(hall: Hall, port: int) -> None:
    hall.daemon.start()
    with consuming(hall.county), terminal(port) as device:
        device.load([*punches(40), punches(1)[0]])
        assert until(lambda: hall.held() == 40 and not device.unsent, 20)
        assert until(lambda: (s := hall.daemon.status()) is not None and s.uplink.unconfirmed == 0, 20)
        said = hall_edge("reconcile", "--day", "2026-11-20", "--json", config=hall.daemon.config)
        told = {each["device_id"]: each for each in json.loads(said.stdout)}["face-1"]
        numbers = tuple(told[name] for name in ("on_terminal", "distinct", "stored"))
        assert (told["result"], numbers) == ("equal", (41, 40, 40))
        forged = b"9001\t2026-11-20 07:59:59\t0\t15\t0\n"
        device.call("/iclock/cdata?SN=ADMS1&table=ATTLOG&Stamp=1", forged)
        assert until(lambda: hall.held() == 41, 20)
        assert until(lambda: (s := hall.daemon.status()) is not None and s.uplink.unconfirmed == 0, 20)
        said = hall_edge("reconcile", "--day", "2026-11-20", "--json", config=hall.daemon.config)
    told = {each["device_id"]: each for each in json.loads(said.stdout)}["face-1"]
    assert (told["result"], told["unproved"], told["stored"]) == ("unproved", 1, 41)
