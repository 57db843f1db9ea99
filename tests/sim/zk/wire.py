"""Frames of a ZKTeco terminal on port 4370, written from the documented layouts, never from our driver.

Packet: u16 command, u16 checksum, u16 session, u16 reply id, data (little endian); UDP carries it bare,
TCP puts `50 50 82 7d` and a u32 length before it. The session field is overloaded: packet index in streamed
data, event code in events, a return value in the acknowledgement after a stream.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

MAGIC = bytes.fromhex("5050827d")
TOP = struct.Struct("<4sI")
HEADER = struct.Struct("<4H")
TCP_OVERHEAD = TOP.size + HEADER.size
LENGTH_MAX = 1 << 20


class Cmd(IntEnum):
    """Command and reply codes this terminal knows by name."""

    USER_WRITE = 8
    USERS = 9
    OPTION_READ = 11
    OPTION_WRITE = 12
    ATTLOG = 13
    CLEAR_DATA = 14
    CLEAR_ATTLOG = 15
    DELETE_USER = 18
    OPLOG = 34
    FREE_SIZES = 50
    START_VERIFY = 60
    CANCEL_CAPTURE = 62
    PIN_WIDTH = 69
    GET_TIME = 201
    SET_TIME = 202
    EVENT = 500
    CONNECT = 1000
    EXIT = 1001
    ENABLE = 1002
    DISABLE = 1003
    RESTART = 1004
    REFRESH = 1013
    VERSION = 1100
    AUTH = 1102
    PREPARE = 1500
    DATA = 1501
    FREE_DATA = 1502
    READ_PREPARE = 1503
    READ_CHUNK = 1504
    OK = 2000
    ERROR = 2001
    UNAUTH = 2005
    ENCRYPTED = 6001
    UNKNOWN = 65535


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet, in either direction."""

    command: int
    session: int
    reply: int
    data: bytes = b""


class NotZk(ValueError):
    """Bytes that are no packet of this protocol."""


def checksum(packet: bytes) -> int:
    """One's complement of the one's complement sum of the 16-bit words; checksum field zero in `packet`."""
    words = int.from_bytes(packet, "little")
    total = words % 0xFFFF
    return (total or (0xFFFF if words else 0)) ^ 0xFFFF


def encode(packet: Packet, *, corrupt: bool = False) -> bytes:
    """The packet as one UDP datagram; `corrupt` spoils its checksum."""
    blank = HEADER.pack(packet.command, 0, packet.session, packet.reply) + packet.data
    good = checksum(blank)
    return blank[:2] + struct.pack("<H", good ^ 0x5555 if corrupt else good) + blank[4:]


def frame(datagram: bytes) -> bytes:
    """A datagram as TCP carries it."""
    return TOP.pack(MAGIC, len(datagram)) + datagram


def decode(datagram: bytes) -> tuple[Packet, bool]:
    """`(packet, checksum is right)`; NotZk when it is too short."""
    if len(datagram) < HEADER.size:
        raise NotZk(f"{len(datagram)} bytes")
    command, told, session, reply = HEADER.unpack_from(datagram)
    right = checksum(datagram[:2] + b"\0\0" + datagram[4:]) == told
    return Packet(command, session, reply, datagram[HEADER.size :]), right


def take(buffer: bytearray) -> Iterator[bytes]:
    """Take the whole datagrams out of a TCP buffer; NotZk when it does not start with one."""
    while len(buffer) >= TOP.size:
        magic, length = TOP.unpack_from(buffer)
        if magic != MAGIC or length > LENGTH_MAX:
            raise NotZk(bytes(buffer[:8]).hex())
        end = TOP.size + length
        if len(buffer) < end:
            return
        datagram = bytes(buffer[TOP.size : end])
        del buffer[:end]
        yield datagram


def session_key(key: int, session: int, tick: int = 50) -> bytes:
    """What a client sends with AUTH: the key's bits mirrored, session added, masked, halves swapped.

    The tick masks three bytes and travels in clear as the third.
    """
    mirrored = int(f"{key & 0xFFFFFFFF:032b}"[::-1], 2)
    masked = (mirrored + session & 0xFFFFFFFF) ^ int.from_bytes(b"ZKSO", "little")
    low, high = masked & 0xFFFF, masked >> 16
    first, second, _, last = struct.pack("<HH", high, low)
    return bytes([first ^ tick, second ^ tick, tick, last ^ tick])
