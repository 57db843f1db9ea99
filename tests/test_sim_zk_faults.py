"""Each shape and each fault of the simulated ZK terminal does what it says, seen by a raw client."""

import socket
import struct
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic

import pytest

from tests.sim.zk import Faults, Punch, Terminal
from tests.sim.zk.wire import Cmd, Packet
from tests.sim.zk_client import Closed, RawClient

MORNING = datetime.fromisoformat("2024-03-01 08:00:00")
ALL_EVENTS = b"\xff\xff\0\0"
ATTLOG = struct.pack("<bhii", 1, Cmd.ATTLOG, 0, 0)


def morning(count: int) -> list[Punch]:
    """`count` punches, one a second."""
    return [Punch(str(1001 + i % 50), MORNING + timedelta(seconds=i)) for i in range(count)]


def counter(client: RawClient) -> int:
    """The record counter the terminal reports."""
    return int.from_bytes(client.ask(Cmd.FREE_SIZES).data[32:36], "little")


# shapes


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


# faults


def test_the_counter_lies() -> None:
    with Terminal(faults=Faults(counter=1)) as terminal, RawClient(terminal) as client:
        terminal.load(morning(5))
        assert counter(client) == 6
        terminal.faults.counter = -3
        assert counter(client) == 2
        terminal.faults.counter_zero = True
        assert counter(client) == 0


def test_a_punch_falls_between_counter_and_read() -> None:
    with Terminal() as terminal, RawClient(terminal) as client:
        terminal.load(morning(5))
        terminal.faults.punch_during_read = morning(6)[5:]
        assert counter(client) == 5
        assert client.read(Cmd.ATTLOG) == terminal.attlog()
        assert (counter(client), terminal.log) == (6, morning(6))


@pytest.mark.parametrize("pacing", ["paced", "coalesced"])
@pytest.mark.parametrize(("limit", "chunk"), [(0, 0), (1500, 0), (4004, 0), (5000, 4004)])
def test_closes_in_mid_dataset_once(pacing: str, limit: int, chunk: int) -> None:
    with Terminal(pacing=pacing, faults=Faults(close_after_bytes=limit)) as terminal:
        terminal.load(morning(200))
        with RawClient(terminal) as client:
            client.ask(Cmd.READ_PREPARE, ATTLOG)
            if chunk:
                assert len(client.chunk(0, chunk)) == chunk
            client.send(Cmd.READ_CHUNK, struct.pack("<II", chunk, 4004 - chunk // 2))
            received = bytearray()
            while part := client.sock.recv(65_536):
                received += part
        data = limit - chunk
        assert len(received) == 24 + 16 * max(1, -(-data // 1008)) + data
        with RawClient(terminal) as client:
            assert client.read(Cmd.ATTLOG) == terminal.attlog()


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_hangs_in_mid_dataset_until_cleared(transport: str) -> None:
    terminal = Terminal(transport=transport, faults=Faults(hang_after_bytes=1500))
    terminal.load(morning(100))
    with terminal, RawClient(terminal, timeout_s=0.3) as client:
        client.ask(Cmd.EVENT, ALL_EVENTS)
        client.ask(Cmd.READ_PREPARE, ATTLOG)
        client.send(Cmd.READ_CHUNK, struct.pack("<II", 0, 4004))
        assert [client.receive().command for _ in range(2)] == [Cmd.PREPARE, Cmd.DATA]
        with pytest.raises(TimeoutError):
            client.receive()
        terminal.punch("1001")  # a hung terminal sends no live event either
        with pytest.raises(TimeoutError):
            client.receive()
        terminal.faults.hang_after_bytes = None
        rest = [client.receive().command for _ in range(4)]
        assert rest == [Cmd.DATA, Cmd.DATA, Cmd.DATA, Cmd.OK]


def test_stops_while_hanging() -> None:
    terminal = Terminal(faults=Faults(hang_after_bytes=0))
    terminal.load(morning(100))
    with terminal, RawClient(terminal) as client:
        client.send(Cmd.READ_PREPARE, ATTLOG)
        client.send(Cmd.READ_CHUNK, struct.pack("<II", 0, 4004))
        terminal.stop()


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_silent_and_foreign(transport: str) -> None:
    terminal = Terminal(transport=transport, faults=Faults(silent=True))
    with terminal:
        with RawClient(terminal, connect=False, timeout_s=0.2) as client, pytest.raises(TimeoutError):
            client.ask(Cmd.CONNECT)
        terminal.faults.silent = False
        terminal.faults.foreign = bytes.fromhex("aa01c810")
        with RawClient(terminal, connect=False) as client:
            client.send(Cmd.CONNECT)
            assert client.sock.recv(100).hex() == "aa01c810"
    assert terminal.commands == []


def test_refused_sessions_and_unknown_commands() -> None:
    faults = Faults(refuse_session=Cmd.ENCRYPTED, unsupported={Cmd.GET_TIME})
    with Terminal(faults=faults) as terminal, RawClient(terminal, connect=False) as client:
        assert client.ask(Cmd.CONNECT).command == Cmd.ENCRYPTED
        faults.refuse_session = Cmd.UNAUTH
        assert client.ask(Cmd.CONNECT).command == Cmd.UNAUTH
        assert client.ask(Cmd.AUTH, bytes(4)).command == Cmd.UNAUTH
        faults.refuse_session = None
        client.session = client.ask(Cmd.CONNECT).session
        assert client.ask(Cmd.GET_TIME).command == Cmd.UNKNOWN
        faults.unsupported_reply = Cmd.ERROR
        assert client.ask(Cmd.GET_TIME).command == Cmd.ERROR
        assert client.ask(4242).command == Cmd.UNKNOWN
        assert terminal.commands[-1] == 4242


def test_bad_checksums_both_ways() -> None:
    with Terminal() as terminal, RawClient(terminal) as client:
        terminal.faults.bad_checksum = 2
        for _ in range(4):
            client.ask(Cmd.GET_TIME)
        assert (client.spoilt, terminal.bad_requests) == (2, 0)
        client.sock.sendall(bytes.fromhex("5050827d08000000c900000000000000"))
        client.receive()
        assert terminal.bad_requests == 1


def test_slow_replies() -> None:
    with Terminal(faults=Faults(slow_s=0.3)) as terminal, RawClient(terminal, connect=False) as client:
        started = monotonic()
        client.ask(Cmd.CONNECT)
        assert monotonic() - started >= 0.3


def udp_stream(terminal: Terminal) -> list[Packet]:
    """What arrives of a chunk of five datagrams; the chunk's PREPARE is number 2."""
    with RawClient(terminal, timeout_s=0.3) as client:
        client.ask(Cmd.READ_PREPARE, ATTLOG)
        client.send(Cmd.READ_CHUNK, struct.pack("<II", 0, 3004))
        packets = []
        try:
            while True:
                packets.append(client.receive())
        except TimeoutError:
            return packets


@pytest.mark.parametrize(
    ("faults", "arrived"),
    [
        (Faults(), [0, 1, 2]),
        (Faults(udp_lose={4}), [0, 2]),
        (Faults(udp_duplicate={4}), [0, 1, 1, 2]),
        (Faults(udp_reorder={4}), [0, 2, 1]),
        (Faults(udp_lose=lambda number: number >= 4), [0]),
        (Faults(close_after_bytes=2000), [0]),
    ],
)
def test_datagrams_go_astray(faults: Faults, arrived: list[int]) -> None:
    with Terminal(transport="udp", packet=1008, faults=faults) as terminal:
        terminal.load(morning(100))
        packets = udp_stream(terminal)
    assert [packet.session for packet in packets if packet.command == Cmd.DATA] == arrived


def test_another_protocol_on_the_line_is_hung_up_on() -> None:
    with Terminal() as terminal, socket.create_connection((terminal.host, terminal.port), 5) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with suppress(ConnectionResetError):
            assert sock.recv(100) == b""
