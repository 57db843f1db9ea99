"""Hikvision pushes, the whole path: a push brings the next look forward, and does nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.snapshot import DeviceHealth
from tests.broker import free_port
from tests.drivers.hikvision_site import password_file
from tests.hall import until
from tests.path.conftest import Hall
from tests.path.test_cli import hall_edge
from tests.sim.isapi import Push, Terminal
from tests.sim.isapi.pushing import PICTURE, Shape, envelope

POLL_S = 3600
SHAPES: tuple[Shape, ...] = ("multipart", "wrapped", "multipart-xml")
TABLES = """
[listen]
host = "127.0.0.1"
port = {listen}
[device.face-1]
driver = "hikvision"
name = "人脸机"
host = "127.0.0.1"
port = {port}
password_file = "{password}"
poll_seconds = {poll}
"""


@pytest.fixture
def pushing(hall: Hall) -> Iterator[Terminal]:
    """A terminal that pushes to a hall which asks it once an hour."""
    listen = free_port()
    with Terminal(push=Push(("127.0.0.1", listen))) as terminal:
        tables = TABLES.format(
            listen=listen, port=terminal.port, password=password_file(terminal), poll=POLL_S
        )
        hall.configure(device=tables)
        yield terminal


def face(hall: Hall) -> DeviceHealth:
    snapshot = hall.daemon.status()
    assert snapshot is not None
    return next(each for each in snapshot.devices if each.device_id == "face-1")


def begin(hall: Hall, push: Push) -> None:
    """Start, and wait until the terminal was read and has told that it booted."""
    hall.daemon.start()
    assert until(lambda: face(hall).complete_until is not None and 200 in push.answers, 20)


def quiet(terminal: Terminal) -> bool:
    """Whether nobody asks for events for longer than a push waits for its look."""
    asked = len(terminal.searches)
    return not until(lambda: len(terminal.searches) > asked, 1.5)


def written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_push_is_stored_long_before_the_next_poll_in_every_envelope(hall: Hall, pushing: Terminal) -> None:
    assert pushing.push
    begin(hall, pushing.push)
    for number, shape in enumerate(SHAPES, 1):
        pushing.push.shape = shape
        pushing.punch(str(1000 + number))
        assert until(lambda number=number: face(hall).stored == number, 10), shape  # type: ignore[misc]
    pushing.push.shape, pushing.push.cut = "multipart", len(PICTURE) // 2
    pushing.punch("1009")
    assert until(lambda: face(hall).stored == 4, 10), "cut in the picture"
    pushing.push.cut = len(envelope("multipart", {})[1]) + 40
    pushing.punch("1010")
    assert until(lambda: face(hall).stored == 5, 10), "cut in the event itself"
    assert set(pushing.push.answers) == {200, 0}
    assert face(hall).duplicates == 0
    assert hall.daemon.stop() == 0
    assert PICTURE[:64] not in written(hall.folder), "no picture on disk"


def test_heartbeats_strangers_and_floods_cost_little(hall: Hall, pushing: Terminal) -> None:
    assert pushing.push
    begin(hall, pushing.push)
    assert until(lambda: quiet(pushing), 30), "what it said when it booted was looked for"
    asked, answered = len(pushing.searches), len(pushing.push.answers)
    for _ in range(5):
        pushing.beat()
    assert until(lambda: pushing.push is not None and len(pushing.push.answers) >= answered + 5, 10)
    stranger = Push(pushing.push.to, source="127.0.0.9")
    assert stranger.send(*envelope("json", {"eventType": "AccessControllerEvent"})) == 403
    assert not until(lambda: len(pushing.searches) > asked, 1.5)
    said = hall_edge("--lang", "en", "status", config=hall.daemon.config).stdout
    assert "a Hikvision push comes from an address that no device table names" in said
    assert "? @ 127.0.0.9" in said
    kind, body = envelope(
        "json", {"eventType": "AccessControllerEvent", "AccessControllerEvent": {"major": 5}}
    )
    assert [pushing.push.send(kind, body) for _ in range(60)] == [200] * 60
    assert until(lambda: len(pushing.searches) > asked, 10), "what may be news is looked for"
    assert len(pushing.searches) - asked < 20, "sixty calls are not sixty looks"
    assert face(hall).stored == 0, "and nothing that was only pushed is stored"
