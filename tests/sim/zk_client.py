"""For tests of the simulated terminal: a raw client that shows every packet as it came, and some punches."""

import socket
import struct
from datetime import datetime, timedelta
from typing import Self

from tests.sim.zk import Punch, Terminal, wire
from tests.sim.zk.wire import Cmd, Packet

MORNING = datetime.fromisoformat("2024-03-01 08:00:00")
ATTLOG = struct.pack("<bhii", 1, Cmd.ATTLOG, 0, 0)
"""What a prepare request for the log carries."""
ALL_EVENTS = b"\xff\xff\0\0"
STREAM_ENDS = {Cmd.OK, Cmd.ERROR, Cmd.UNAUTH, Cmd.UNKNOWN}


def morning(count: int) -> list[Punch]:
    """People 1001 to 1050 in turn, coming and going, one a second."""
    return [Punch(str(1001 + i % 50), MORNING + timedelta(seconds=i), i % 2) for i in range(count)]


class Closed(ConnectionError):
    """The terminal hung up."""


class RawClient:
    """A connection that speaks packets; `spoilt` counts those with a wrong checksum."""

    def __init__(self, terminal: Terminal, *, timeout_s: float = 5.0, connect: bool = True) -> None:
        self._tcp = terminal.transport == "tcp"
        kind = socket.SOCK_STREAM if self._tcp else socket.SOCK_DGRAM
        self.sock = socket.socket(socket.AF_INET, kind)
        self.sock.settimeout(timeout_s)
        self.sock.connect((terminal.host, terminal.port))
        self.spoilt = 0
        self.session = 0
        self._reply = 0
        self._buffer = bytearray()
        self._waiting: list[bytes] = []
        if connect:
            self.session = self.ask(Cmd.CONNECT).session

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, command: int, data: bytes = b"") -> int:
        """Send one request; its reply id."""
        self._reply += 1
        datagram = wire.encode(Packet(command, self.session, self._reply, data))
        self.sock.sendall(wire.frame(datagram) if self._tcp else datagram)
        return self._reply

    def receive(self) -> Packet:
        """The next packet; Closed at the end, TimeoutError when none comes."""
        while not self._waiting:
            data = self.sock.recv(65_536)
            if not data:
                raise Closed
            if self._tcp:
                self._buffer += data
                self._waiting = list(wire.take(self._buffer))
            else:
                self._waiting = [data]
        packet, right = wire.decode(self._waiting.pop(0))
        self.spoilt += not right
        return packet

    def ask(self, command: int, data: bytes = b"") -> Packet:
        """One request, one packet back."""
        self.send(command, data)
        return self.receive()

    def stream(self, command: int, data: bytes = b"") -> list[Packet]:
        """One request and all packets of its reply."""
        self.send(command, data)
        packets = [self.receive()]
        while packets[0].command == Cmd.PREPARE and packets[-1].command not in STREAM_ENDS:
            packets.append(self.receive())
        return packets

    def read(self, command: int, *, step: int = 65_472) -> bytes:
        """A whole dataset by prepared read in chunks of `step`."""
        answer = self.ask(Cmd.READ_PREPARE, struct.pack("<bhii", 1, command, 0, 0))
        if answer.command == Cmd.DATA:
            return answer.data
        size = struct.unpack_from("<xI", answer.data)[0]
        chunks = [self.chunk(start, min(step, size - start)) for start in range(0, size, step)]
        self.ask(Cmd.FREE_DATA)
        return b"".join(chunks)

    def chunk(self, start: int, size: int) -> bytes:
        """Some bytes of the prepared dataset."""
        packets = self.stream(Cmd.READ_CHUNK, struct.pack("<II", start, size))
        return b"".join(packet.data for packet in packets if packet.command == Cmd.DATA)
