"""The door to paho, against a peer that speaks MQTT badly, reads slowly or not at all."""

import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.settings.settings import UplinkSettings
from edge.uplink.bell import Bell
from edge.uplink.broker import Arrived, Broker, Connected, Lost, Notice
from tests.faults.proxy import packets
from tests.hall import until

CONNACK = bytes([0x20, 3, 0, 0, 0])
SUBACK, PUBLISH, DISCONNECT = 0x90, 0x30, 0xE0


@contextmanager
def line(buffer: int = 0) -> Iterator[tuple[Broker, socket.socket, Bell]]:
    """A connection that was taken, the peer's end of it, and the bell. buffer: bytes it takes unread."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        if buffer:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        where, bell = UplinkSettings(host="127.0.0.1", port=listener.getsockname()[1], tls=False), Bell()
        broker = Broker(where, "hall-1", ("state", b"lost"), bell)
        broker.open()
        peer, _address = listener.accept()
        with closing(peer):
            peer.recv(1000)
            peer.sendall(CONNACK)
            assert isinstance(heard(broker)[0], Connected)
            yield broker, peer, bell


def heard(broker: Broker, seconds: float = 20) -> list[Notice]:
    """The next that is said, whatever it takes."""
    said: list[Notice] = []
    assert until(lambda: said.extend(broker.hear(0.2)) or said, seconds)  # type: ignore[func-returns-value]
    return said


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([0x20, 0x32, 0x40, 0x50, 0x70, SUBACK, 0xB0, 0xD0, DISCONNECT, 0xF0]),
    st.binary(max_size=20),
)
def test_bytes_that_make_no_sense_end_the_connection_and_nothing_else(kind: int, body: bytes) -> None:
    with line() as (broker, peer, _bell):
        peer.sendall(bytes([kind, len(body)]) + body)
        peer.close()
        assert until(lambda: any(isinstance(said, Lost) for said in broker.hear(0.2)), 20)
        assert not broker.alive()
        broker.close()


def test_a_lost_connection_is_said_again_to_whoever_goes_on_asking() -> None:
    with line() as (broker, peer, _bell):
        peer.close()
        assert until(lambda: any(isinstance(said, Lost) for said in broker.hear(0.2)), 20)
        assert [*broker.hear(30)] == [Lost("closed")]
        broker.close()


def test_what_is_said_at_once_is_heard_one_after_the_other_though_nobody_asks_for_all() -> None:
    with line() as (broker, peer, _bell):
        for _ in range(4):
            broker.publish("evt", b"x")  # paho reads so many packets at once as it waits for answers
        peer.recv(1000)
        peer.sendall(b"".join(bytes([PUBLISH, 5, 0, 1, 65 + n, 0, 48 + n]) for n in range(3)))
        peer.close()
        said = [next(notice for notice in broker.hear(5)) for _ in range(4)]
        assert said[:3] == [Arrived("A", b"0"), Arrived("B", b"1"), Arrived("C", b"2")]
        assert isinstance(said[3], Lost)
        broker.close()


@pytest.mark.parametrize("before", [True, False])
def test_the_bell_ends_the_waiting(before: bool) -> None:
    with line() as (broker, _peer, bell):
        if before:
            bell.ring()
        else:
            threading.Timer(0.3, bell.ring).start()
        began = time.monotonic()
        assert [*broker.hear(300)] == []
        assert time.monotonic() - began < 100
        assert not _readable(bell), "what was heard is not heard again"
        broker.close()


def _readable(bell: Bell) -> bool:
    return bool(select.select([bell], [], [], 0)[0])


def test_what_a_slow_peer_has_not_taken_is_handed_on_as_it_takes_it() -> None:
    with line(buffer=4096) as (broker, peer, _bell):
        for _ in range(60):
            broker.publish("evt", bytes(100_000))
        assert [*broker.hear(0.1)] == [], "nobody reads: nothing is lost either"
        assert broker.clogged
        came, found = bytearray(), list[bytes]()
        peer.setblocking(False)
        while len(found) < 60:
            readable, _, _ = select.select([peer], [], [], 20)
            assert readable
            came += peer.recv(65_536)
            found += packets(came)
            assert [*broker.hear(0.0)] == []
        assert [(packet[0] & 0xF0, len(packet) > 100_000) for packet in found] == [(PUBLISH, True)] * 60
        assert not broker.clogged
        broker.close()


def test_the_end_waits_for_nobody() -> None:
    with line(buffer=4096) as (broker, _peer, _bell):
        while not broker.clogged:
            broker.publish("evt", bytes(100_000))
        began = time.monotonic()
        broker.close()
        assert time.monotonic() - began < 60
