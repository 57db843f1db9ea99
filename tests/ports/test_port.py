"""The device port under strangers, slow callers, liars and floods; and what a lawful caller notices of it."""

import gc
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path

import pytest

from drivers.base import Reply, Request
from drivers.hikvision import Hikvision
from edge.device.runner import Runner
from edge.guard import claims
from edge.ports import DevicePort, server, strangers
from edge.settings.settings import Device, DeviceKeys, ListenSettings
from edge.store import Store
from tests.drivers.adms_site import records
from tests.hall import until
from tests.ports.conftest import Clock, Door, open_door
from tests.store.halls import ZONE

UPLOAD = "/iclock/cdata?SN=SN1&table=ATTLOG&Stamp=9999"
POLL = "/iclock/getrequest?SN=SN1"


def post(length: int, body: bytes, target: str = UPLOAD) -> bytes:
    return f"POST {target} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode() + body


def test_an_upload_is_stored_before_it_is_thanked_for(door: Door) -> None:
    answer = door.call(UPLOAD, records(0, 20))
    assert (answer.status, answer.body, door.stored()) == (200, b"OK:20", 20)
    assert answer.headers["connection"] == "close"


def test_while_nobody_vouches_for_our_clock_it_says_again_and_tells_no_time(door: Door) -> None:
    door.clock.believed = False
    for answer in (door.call(UPLOAD, records(0, 2)), door.call("/iclock/cdata?SN=SN1&options=all")):
        assert (answer.status, "date" in answer.headers) == (503, False)
    door.receivers[0].supervise()
    health = door.receivers[0].health
    assert (health.state, health.cause) == ("degraded", "clock_untrusted"), "it calls, and is not silent"
    door.clock.believed = True
    answer = door.call(UPLOAD, records(0, 2))
    told = parsedate_to_datetime(answer.headers["date"])
    assert abs((datetime.now(UTC) - told).total_seconds()) < 60
    assert door.stored() == 2


def test_while_terminals_agree_against_our_clock_it_sets_none_and_takes_what_comes(door: Door) -> None:
    door.port.suspected = lambda: True
    for answer in (door.call(UPLOAD, records(0, 2)), door.call("/iclock/cdata?SN=SN1&options=all")):
        assert (answer.status, "date" in answer.headers) == (200, False)
    assert door.stored() == 2
    door.port.suspected = lambda: False
    assert "date" in door.call(POLL).headers


def test_a_stranger_is_turned_away_unread_and_shown(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        answer = door.say(post(2_000_000, b"", "/iclock/cdata?SN=FORGED&table=ATTLOG"))
        assert answer.startswith(b"HTTP/1.1 403 ")
    (caller,) = door.port.desk.turned_away
    assert (caller.serial, caller.address, caller.device_id, caller.calls) == ("FORGED", "127.0.0.1", "", 3)
    monkeypatch.setattr(strangers, "SHOWN_S", 0.0)
    assert door.port.desk.turned_away == (), "who calls no longer is no longer shown"
    assert door.call("/elsewhere").status == 404
    assert door.call("/iclock/cdata").status == 404


def test_a_thousand_strangers_take_no_room(door: Door) -> None:
    for number in range(200):
        door.call(f"/iclock/getrequest?SN=F{number}%00%1b[31m")
    assert len(door.port.desk.turned_away) == 20
    assert all(caller.serial.isprintable() for caller in door.port.desk.turned_away)


def alarms(door: Door) -> list[bool]:
    """Of terminals claimed from elsewhere, as main would have rung them by now."""
    for _ in range(3):
        for each in door.receivers:
            each.supervise()
    with closing(door.store.reader()) as reader:
        found = [json.loads(row.body)["data"] for row in reader.after(0, 1000) if "device.alarm" in row.body]
    assert {each["code"] for each in found} == {"foreign_address"}
    return [each["active"] for each in found]


def test_a_serial_is_answered_at_one_address_also_after_a_restart(
    door: Door, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert door.call(POLL).status == 200
    assert door.call(POLL, source="127.0.0.2").status == 403
    (caller,) = door.port.desk.turned_away
    assert (caller.device_id, caller.address) == ("t1", "127.0.0.2")
    assert alarms(door) == [True]
    monkeypatch.setattr(claims, "CLAIMED_S", 0.0)
    assert alarms(door) == [True, False]
    again = open_door(door.folder, store)
    try:
        assert again.call(POLL, source="127.0.0.2").status == 403
        assert again.call(POLL).status == 200
    finally:
        again.port.stop()
    moved = open_door(door.folder, store, address="127.0.0.2")
    try:
        assert moved.call(POLL, source="127.0.0.2").status == 200
        assert moved.call(POLL).status == 403
    finally:
        moved.port.stop()


def test_a_broken_file_of_addresses_stops_nobody(tmp_path: Path, store: Store) -> None:
    (tmp_path / "callers.json").write_text("{")
    made = open_door(tmp_path, store)
    try:
        assert made.call(POLL).status == 200
        assert json.loads((tmp_path / "callers.json").read_text()) == {"SN1": "127.0.0.1"}
    finally:
        made.port.stop()


@pytest.mark.parametrize("extra", [-17, -35, -1, -100])
def test_a_body_longer_than_announced_is_read_whole(door: Door, extra: int) -> None:
    sent = records(0, 5)
    answer = door.say(post(len(sent) + extra, sent))
    assert answer.endswith(b"OK:5")
    assert door.stored() == 5


def test_a_body_longer_than_announced_that_comes_in_pieces_is_read_whole(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SURPLUS_S", 2.0)
    sent = records(0, 5)
    cut = len(sent) - 20
    with socket.create_connection(door.address, 15) as line:
        line.sendall(post(cut, sent[:cut]))
        time.sleep(0.1)
        line.sendall(sent[cut:])
        assert line.recv(65536).endswith(b"OK:5")
    assert door.stored() == 5


def test_a_body_without_a_length_is_read(door: Door) -> None:
    sent = records(0, 5)
    assert door.say(f"POST {UPLOAD} HTTP/1.1\r\n\r\n".encode() + sent).endswith(b"OK:5")


def test_another_request_behind_a_body_is_no_part_of_it(door: Door) -> None:
    sent = records(0, 5)
    answer = door.say(post(len(sent), sent + f"GET {POLL} HTTP/1.1\r\n\r\n".encode()))
    assert answer.count(b"HTTP/1.1 200") == 1
    assert answer.endswith(b"OK:5")


def test_a_body_shorter_than_announced_is_taken_when_the_terminal_has_ended_it(door: Door) -> None:
    sent = records(0, 5)
    assert door.call(UPLOAD, sent, length=40, half_closes=True).body == b"OK:5"


def test_a_body_that_broke_off_is_kept_and_asked_for_again(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "BODY_S", 0.5)
    sent = records(0, 5)
    answer = door.say(post(len(sent) + 40, sent + b"1452\t2026-11-20 1"))
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert door.stored() == 5
    assert until(door.calm, 20)


def test_whoever_waits_for_a_word_gets_it(door: Door) -> None:
    sent = records(0, 5)
    with socket.create_connection(door.address, 15) as line:
        line.sendall(
            f"POST {UPLOAD} HTTP/1.1\r\nContent-Length: {len(sent)}\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        assert line.recv(100).startswith(b"HTTP/1.1 100 ")
        line.sendall(sent)
        assert line.recv(65536).endswith(b"OK:5")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (post(server.BODY_MAX + 1, b""), 413),
        (b"GET /iclock/getrequest?SN=SN1 HTTP/1.1\r\nX: " + b"a" * 40_000, 431),
        (b"\x16\x03\x01\x00\x05hello\r\n\r\n", 400),
        (
            b"POST /iclock/cdata?SN=SN1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            411,
        ),
    ],
)
def test_what_cannot_be_taken_is_refused(door: Door, data: bytes, status: int) -> None:
    assert re.match(rb"HTTP/1.1 (\d+)", door.say(data))[1] == str(status).encode()  # type: ignore[index]
    assert until(door.calm, 20)
    assert door.call(POLL).status == 200


@pytest.fixture
def dripping(door: Door) -> Iterator[list[socket.socket]]:
    """Many who begin a request and never end it, from several addresses."""
    with ExitStack() as open_lines:
        lines = []
        for number in range(240):
            line = open_lines.enter_context(socket.socket())
            line.bind((f"127.0.1.{number // 12 + 1}", 0))
            line.connect(door.address)
            line.sendall(b"POST /iclock/cdata?SN=SN1 HTTP/1.1\r\nX-A: ")
            lines.append(line)
        yield lines


def test_240_dripping_clients_hold_nobody_up(
    door: Door, dripping: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CONNECTIONS_MAX", 100)
    assert until(lambda: len(door.port._visits) >= 100, 20)
    for _ in range(20):
        assert door.call(POLL).status == 200
    assert len(dripping) == 240


def test_one_address_holds_only_a_few_connections(door: Door) -> None:
    with ExitStack() as lines:
        for _ in range(server.PER_ADDRESS):
            line = lines.enter_context(socket.create_connection(door.address))
            line.sendall(b"GET ")
        assert until(lambda: len(door.port._visits) == server.PER_ADDRESS, 20)
        assert door.call(POLL).status == 0
        assert door.call("/iclock/getrequest?SN=SN2", source="127.0.0.9").status == 200


def test_a_slow_head_ends_at_its_deadline(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_S", 0.3)
    assert door.say(b"GET /iclock/get") == b""
    assert until(door.calm, 20)


def test_bodies_share_a_budget(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BUDGET", 3 << 20)
    with socket.create_connection(door.address) as line:
        line.sendall(post(2 << 20, b"x"))
        assert until(lambda: door.port._held == 2 << 20, 20)
        answer = door.say(post(2 << 20, b"x", "/iclock/cdata?SN=SN2&table=ATTLOG"))
        assert answer.startswith(b"HTTP/1.1 503 ")
    assert until(door.calm, 20)


def test_one_request_of_a_terminal_at_a_time_and_another_terminal_does_not_wait(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, most, gate = [0], [0], threading.Event()
    first = door.receivers[0].listener
    assert first is not None
    handle = first.handle

    def slow(request: Request, link: object) -> Reply:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        gate.wait(30)
        reply = handle(request, link)  # type: ignore[arg-type]
        inside[0] -= 1
        return reply

    monkeypatch.setattr(first, "handle", slow)
    calls = [threading.Thread(target=door.call, args=(UPLOAD, records(n * 5, 5))) for n in range(4)]
    for each in calls:
        each.start()
    assert until(lambda: inside[0] == 1, 20)
    assert door.call("/iclock/getrequest?SN=SN2", source="127.0.0.3").status == 200
    gate.set()
    for each in calls:
        each.join()
    assert most == [1]
    assert door.stored() == 20


def test_a_bug_in_a_driver_is_no_end_and_says_nothing(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    first = door.receivers[0].listener
    monkeypatch.setattr(first, "handle", lambda *_: 1 / 0)
    answer = door.call(POLL)
    assert (answer.status, answer.body) == (503, b"again")
    assert door.receivers[0].health.cause == "bug"
    assert door.call(POLL).status == 200, "the next request meets a fresh driver"
    assert door.receivers[0].health.state == "online"


def test_a_full_disk_keeps_the_records_in_the_terminal(door: Door) -> None:
    door.store.intake_closed = "disk full"
    assert door.call(UPLOAD, records(0, 3)).status == 503
    assert door.receivers[0].health.cause == "intake_closed"
    door.store.intake_closed = ""
    assert door.call(UPLOAD, records(0, 3)).body == b"OK:3"
    assert door.stored() == 3


def test_a_port_in_use_is_a_problem_with_a_cause_until_it_is_free(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "REBIND_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr("tests.ports.conftest.free_port", lambda: taken.getsockname()[1])
        made = open_door(tmp_path, store)
        assert made.port.problem
    try:
        assert until(lambda: made.port.problem == "", 20)
        assert made.call(POLL).status == 200
    finally:
        made.port.stop()


def test_a_device_that_may_call_opens_no_port_where_none_is_set(store: Store, tmp_path: Path) -> None:
    options = Hikvision.Options("127.0.0.1", str(tmp_path / "password"))
    device = Device("h1", DeviceKeys(driver="hikvision"), partial(Hikvision, options))
    clock = Clock(ZONE, "system")
    for host, listens in (("", False), ("127.0.0.1", True)):
        port = DevicePort([Runner(device, store, clock)], clock, ListenSettings(host=host, port=0), tmp_path)
        port.start()
        assert bool(port.port) == listens
        port.stop()


def test_a_port_that_closes_leaves_no_line_open_that_just_came(door: Door) -> None:
    with ExitStack() as lines:
        came = [lines.enter_context(socket.create_connection(door.address, 5)) for _ in range(30)]
        door.port.stop()
        gc.disable()
        lines.callback(gc.enable)
        for line in came:
            with suppress(ConnectionResetError):
                assert line.recv(1) == b"", "closed by the port, not when it is forgotten"
