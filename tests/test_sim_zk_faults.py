"""Each fault of the simulated ZK terminal does what it says, seen by a raw client."""

import socket
import struct
from contextlib import suppress
from time import monotonic

import pytest

from tests.sim.zk import Faults, Terminal
from tests.sim.zk.wire import Cmd
from tests.sim.zk_client import ALL_EVENTS, ATTLOG, RawClient, morning


def counter(client: RawClient) -> int:
    """The record counter the terminal reports."""
    return int.from_bytes(client.ask(Cmd.FREE_SIZES).data[32:36], "little")


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
    with terminal, RawClient(terminal) as client:
        client.ask(Cmd.EVENT, ALL_EVENTS)
        client.ask(Cmd.READ_PREPARE, ATTLOG)
        client.send(Cmd.READ_CHUNK, struct.pack("<II", 0, 4004))
        assert [client.receive().command for _ in range(2)] == [Cmd.PREPARE, Cmd.DATA]
        client.sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.receive()
        terminal.punch("1001")  # a hung terminal sends no live event either
        with pytest.raises(TimeoutError):
            client.receive()
        client.sock.settimeout(5)
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


def udp_stream(terminal: Terminal, expected: int) -> list[int]:
    """The data that arrive of a chunk of five datagrams, `expected` or more; its PREPARE is number 2."""
    with RawClient(terminal) as client:
        client.ask(Cmd.READ_PREPARE, ATTLOG)
        client.send(Cmd.READ_CHUNK, struct.pack("<II", 0, 3004))
        data: list[int] = []
        try:
            while True:
                packet = client.receive()
                data += [packet.session] if packet.command == Cmd.DATA else []
                client.sock.settimeout(5 if len(data) < expected else 0.3)
        except TimeoutError:
            return data


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
        assert udp_stream(terminal, len(arrived)) == arrived


def test_another_protocol_on_the_line_is_hung_up_on() -> None:
    with Terminal() as terminal, socket.create_connection((terminal.host, terminal.port), 5) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with suppress(ConnectionResetError):
            assert sock.recv(100) == b""
