"""What a hostile terminal that is asked can make of us: it speaks without end, and takes no room."""

import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from drivers.zk import wire as zk
from drivers.zk.dataset import DataSet
from drivers.zk.frames import Cmd, Packet

LONG = 60_000
ROOM = 4 << 20


class Flood:
    """A line on which always the same comes, and an answer after `left` of it."""

    lossy = False

    def __init__(self, packet: Packet, left: int) -> None:
        self.packet, self.left, self.answers = packet, left, 0

    def send(self, _packet: bytes) -> None:
        """It does not listen."""

    def receive(self, _wait_s: float) -> list[Packet]:
        self.left -= 1
        if self.left < 0:
            return [Packet(Cmd.OK, 1, 0, b"")]
        return [self.packet._replace(data=bytes(LONG))]


def flooded(monkeypatch: pytest.MonkeyPatch, packet: Packet, left: int = 200) -> zk.Wire:
    monkeypatch.setattr(zk, "TcpLine", lambda *_: Flood(packet, left))
    return zk.Wire("127.0.0.1", 1, "tcp", lambda: False)


def peak_of(work: Callable[[], object]) -> int:
    """The most bytes that were held meanwhile."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_long_events_that_come_before_an_answer_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = flooded(monkeypatch, Packet(Cmd.EVENT, 1, 7, b""))
    assert peak_of(lambda: wire.ask(Cmd.SIZES)) < ROOM
    assert len(wire.events(0)) == 200, "that there is news is known of each"


def test_answers_that_nobody_waits_for_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = flooded(monkeypatch, Packet(Cmd.DATA, 1, 7, b""))
    assert peak_of(lambda: [wire.events(0) for _ in range(200)]) < ROOM


@pytest.mark.parametrize("told", [0, LONG, 0xFFFF_FFFF])
def test_a_set_that_is_longer_than_it_may_be_is_left_alone(told: int) -> None:
    def endless(_at: int) -> Iterator[bytes]:
        yield told.to_bytes(8, "little")[:4]
        while True:
            yield bytes(LONG)

    for announced in (0, told):
        assert DataSet(announced, True, endless).all(1000) == (None if told else b"")
