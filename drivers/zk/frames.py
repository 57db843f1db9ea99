"""Packets of the ZK protocol: encode, decode, checksum, and whole packets out of a TCP byte stream. Pure.

    TCP     50 50 82 7D | u32 length | packet            UDP     packet
    packet  u16 command | u16 checksum | u16 session | u16 reply id | data        (all little-endian)

The session field is overloaded: in streamed data it is the packet index, in an event its code, in some
answers a return value. It is never checked here. Layout: protocols §2.1, verified on recorded packets.
"""

from enum import IntEnum
from struct import Struct
from typing import NamedTuple

MAGIC = b"\x50\x50\x82\x7d"
ENCRYPTED_MAGIC = b"\x50\x50\x83\x7c"
"""Opens the TCP frames of firmware that encrypts port 4370."""
PACKET_MAX = 1 << 20
"""Longest packet believed; real ones stay below 66 kB."""
GARBAGE_MAX = 4096
"""Most bytes skipped in search of the next frame."""
REPLY_IDS = 0xFFFF
"""Reply ids count up modulo this."""

_HEADER = Struct("<4H")
_LENGTH_AT, _PACKET_AT = 4, 8


class Cmd(IntEnum):
    """Commands we send, and the words a terminal answers with.

    Only SET_TIME, USER_WRITE and USER_DELETE change a terminal, on order.
    """

    USER_WRITE = 8
    USERS = 9
    OPTION = 11
    ATTENDANCE = 13
    USER_DELETE = 18
    OPERATIONS = 34
    SIZES = 50
    SET_TIME = 202
    EVENT = 500
    CONNECT = 1000
    EXIT = 1001
    REFRESH = 1013
    AUTH = 1102
    PREPARE_DATA = 1500
    DATA = 1501
    FREE = 1502
    PREPARE = 1503
    CHUNK = 1504
    OK = 2000
    ERROR = 2001
    UNAUTHORIZED = 2005
    AUTH_LOCK = 2032
    CHALLENGE = 6001
    UNKNOWN = 65535


class FrameError(ValueError):
    """Bytes that are no packet, or a packet that was damaged."""


class Encrypted(FrameError):
    """A frame of the encrypted protocol, which is spoken to nobody but the vendor."""


class Packet(NamedTuple):
    """One packet. `session` is whatever the terminal put there, see above."""

    command: int
    session: int
    reply: int
    data: bytes


def checksum(packet: bytes) -> int:
    """One's complement of the one's complement sum of the 16-bit words, an odd tail padded with zero.

    The sum is the packet read as one number modulo 0xFFFF, for 65536 leaves 1. 0 = an intact packet.
    """
    return -int.from_bytes(packet, "little") % 0xFFFF


def encode(command: int, session: int, reply: int, data: bytes = b"") -> bytes:
    """The packet as it goes into a UDP datagram."""
    blank = _HEADER.pack(command, 0, session, reply) + data
    return _HEADER.pack(command, checksum(blank), session, reply) + data


def framed(packet: bytes) -> bytes:
    """The packet as it goes into a TCP stream."""
    return MAGIC + len(packet).to_bytes(4, "little") + packet


def decode(packet: bytes) -> Packet:
    """A packet without its TCP frame; FrameError when it is too short or damaged."""
    if len(packet) < _HEADER.size:
        raise FrameError(f"{len(packet)} bytes are no packet")
    if checksum(packet):
        raise FrameError(f"bad checksum in a packet of {len(packet)} bytes")
    command, _, session, reply = _HEADER.unpack_from(packet)
    return Packet(command, session, reply, bytes(packet[_HEADER.size :]))


class Buffer:
    """A TCP byte stream cut into packets, however it was segmented."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self.skipped = 0
        """Bytes of garbage since the last packet."""

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that are whole now. FrameError: too much garbage, or a damaged packet."""
        self._bytes += data
        packets = []
        while (packet := self._cut()) is not None:
            packets.append(packet)
        return packets

    def _cut(self) -> Packet | None:
        while self._seek():
            length = int.from_bytes(self._bytes[_LENGTH_AT:_PACKET_AT], "little")
            if not _HEADER.size <= length <= PACKET_MAX:
                self._skip(len(MAGIC))
                continue
            end = _PACKET_AT + length
            if len(self._bytes) < end:
                return None
            packet = bytes(self._bytes[_PACKET_AT:end])
            del self._bytes[:end]
            self.skipped = 0
            return decode(packet)
        return None

    def _seek(self) -> bool:
        """Move to the next frame; True when its length is there too."""
        if not self.skipped and self._bytes.startswith(ENCRYPTED_MAGIC):
            raise Encrypted("the terminal encrypts this port")
        at = self._bytes.find(MAGIC)
        self._skip(at if at >= 0 else len(self._bytes) - _magic_begun(self._bytes))
        return at >= 0 and len(self._bytes) >= _PACKET_AT

    def _skip(self, count: int) -> None:
        del self._bytes[:count]
        self.skipped += count
        if self.skipped > GARBAGE_MAX:
            raise FrameError(f"{self.skipped} bytes without a frame")


def _magic_begun(data: bytearray) -> int:
    """How many bytes at the end may be the begin of a frame."""
    begun = (n for n in (3, 2, 1) if data.endswith((MAGIC[:n], ENCRYPTED_MAGIC[:n])))
    return next(begun, 0)
