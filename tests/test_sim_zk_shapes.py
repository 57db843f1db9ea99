"""Every shape of the simulated ZK terminal: packets, pacings, reads, live events, a full log, reboots."""

import struct
import time
from datetime import timedelta

import pytest

from tests.sim.zk import Terminal
from tests.sim.zk.wire import Cmd
from tests.sim.zk_client import ALL_EVENTS, ATTLOG, MORNING, Closed, RawClient, morning


@pytest.mark.parametrize("pacing", ["paced", "coalesced", "bytes"])
@pytest.mark.parametrize("packet", [1008, 1024, 65_472])
def test_every_pacing_and_packet_carries_the_same_dataset(pacing: str, packet: int) -> None:
    with Terminal(pacing=pacing, packet=packet) as terminal, RawClient(terminal) as client:
        terminal.load(morning(100))
        assert client.read(Cmd.ATTLOG, step=3000) == terminal.attlog()
        assert client.spoilt == 0


def test_packets_of_a_stream_are_numbered() -> None:
    with Terminal() as terminal, RawClient(terminal) as client:
        terminal.load(morning(100))
        answer = client.ask(Cmd.READ_PREPARE, ATTLOG)
        assert struct.unpack_from("<BII", answer.data) == (0, 4004, 4004)
        begin, *data, end = client.stream(Cmd.READ_CHUNK, struct.pack("<II", 0, 4004))
    assert (begin.command, begin.data) == (Cmd.PREPARE, struct.pack("<II", 4004, 1008))
    assert [(packet.session, len(packet.data)) for packet in data] == [
        (0, 1008),
        (1, 1008),
        (2, 1008),
        (3, 980),
    ]
    assert end.command == Cmd.OK
    assert len({packet.reply for packet in (begin, *data, end)}) == 1


def test_small_datasets_come_at_once_and_beyond_the_end_is_an_error() -> None:
    with Terminal() as terminal, RawClient(terminal) as client:
        assert client.ask(Cmd.READ_PREPARE, ATTLOG).data == bytes(4)
        terminal.load(morning(25))
        assert client.ask(Cmd.READ_PREPARE, ATTLOG).data == terminal.attlog()
        terminal.load(morning(25))
        assert client.ask(Cmd.READ_PREPARE, ATTLOG).command == Cmd.OK
        assert client.ask(Cmd.READ_CHUNK, struct.pack("<II", 2000, 5)).command == Cmd.ERROR


def test_offsets() -> None:
    with Terminal(offset_reads=False) as terminal, RawClient(terminal) as client:
        terminal.load(morning(100))
        assert client.read(Cmd.ATTLOG, step=1000) == terminal.attlog()
        client.ask(Cmd.READ_PREPARE, ATTLOG)
        assert client.ask(Cmd.READ_CHUNK, struct.pack("<II", 3000, 1004)).command == Cmd.ERROR
        terminal.offset_reads = True
        assert client.chunk(3000, 1004) == terminal.attlog()[3000:]


def test_direct_firmware_knows_no_prepared_read() -> None:
    with Terminal(read="direct") as terminal, RawClient(terminal) as client:
        assert client.ask(Cmd.ATTLOG).command == Cmd.ERROR  # an empty log
        terminal.load(morning(100))
        assert client.ask(Cmd.READ_PREPARE, ATTLOG).command == Cmd.UNKNOWN
        packets = client.stream(Cmd.ATTLOG)
        assert b"".join(packet.data for packet in packets[1:-1]) == terminal.attlog()


@pytest.mark.parametrize("size", [10, 12, 14, 32, 36, 37, 40, 52])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_live_events_of_every_length(size: int, transport: str) -> None:
    with Terminal(live_size=size, transport=transport) as terminal, RawClient(terminal) as client:
        terminal.punch("1001", at=MORNING)  # nobody registered yet
        client.ask(Cmd.EVENT, ALL_EVENTS)
        terminal.punch("1001", at=MORNING, live=False)
        terminal.punch("1002", at=MORNING, state=1, verify=15)
        event = client.receive()
    assert (event.command, event.session, len(event.data)) == (Cmd.EVENT, 1, size)
    assert b"\x0f\x01" + bytes([24, 3, 1, 8, 0, 0]) in event.data
    assert len(terminal.log) == 3


def test_a_burst_is_one_segment() -> None:
    with Terminal() as terminal, RawClient(terminal) as client:
        client.ask(Cmd.EVENT, ALL_EVENTS)
        terminal.burst(morning(2))
        assert len(client.sock.recv(1000)) == 2 * 48


def test_paced_replies_rest_between_each_other_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Public clients ask all chunks in advance, and drop what follows the end of one in its segment."""
    monkeypatch.setattr("tests.sim.zk.tcp.REST_S", 1.0)
    with Terminal() as terminal, RawClient(terminal) as client:
        client.send(Cmd.GET_TIME)
        client.send(Cmd.GET_TIME)
        client.receive()
        time.sleep(0.1)
        assert not client._waiting
        client.sock.settimeout(0.01)
        with pytest.raises(TimeoutError):
            client.receive()
        client.sock.settimeout(5)
        assert client.receive().command == Cmd.OK


def test_a_second_client_waits() -> None:
    with Terminal() as terminal:
        with (
            RawClient(terminal),
            RawClient(terminal, connect=False, timeout_s=0.2) as second,
            pytest.raises(TimeoutError),
        ):
            second.ask(Cmd.CONNECT)
        with RawClient(terminal) as third:
            assert third.ask(Cmd.GET_TIME).command == Cmd.OK


def test_full_log_stops_or_drops_the_oldest() -> None:
    full = Terminal(capacity=10)
    full.load(morning(12))
    assert (full.log, full.emitted) == (morning(10), 10)
    cyclic = Terminal(capacity=10, cyclic_delete=4)
    cyclic.load(morning(12))
    assert (cyclic.log, cyclic.emitted) == (morning(12)[4:], 12)
    assert len(cyclic.attlog()) == 4 + 8 * 40


def test_raw_records_and_clearing() -> None:
    terminal = Terminal(record_size=16)
    terminal.add_raw(b"\xff" * 16)
    assert terminal.attlog()[4:] == b"\xff" * 16
    with pytest.raises(ValueError, match="16"):
        terminal.add_raw(b"\xff" * 40)
    terminal.clear()
    assert (terminal.log, terminal.attlog(), terminal.emitted) == ([], bytes(4), 1)


def test_reboot_drops_connections_and_sessions() -> None:
    with Terminal() as terminal:
        with RawClient(terminal) as client:
            first = client.session
            terminal.reboot()
            with pytest.raises((Closed, ConnectionError)):
                client.ask(Cmd.GET_TIME)
        with RawClient(terminal) as client:
            assert client.session != first
            assert client.ask(Cmd.RESTART).command == Cmd.OK
            with pytest.raises((Closed, ConnectionError)):
                client.receive()


def test_commands_need_a_session() -> None:
    for transport in ("tcp", "udp"):
        with Terminal(transport=transport) as terminal, RawClient(terminal, connect=False) as client:
            assert client.ask(Cmd.GET_TIME).command == Cmd.UNAUTH


def test_clock_steps() -> None:
    terminal = Terminal(clock_offset_s=-3600)
    before = terminal.punch("1").time
    terminal.set_clock(7200)
    assert terminal.punch("1").time - before >= timedelta(hours=3)
