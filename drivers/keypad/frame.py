"""One frame of a keypad's line: header, length, body, checksum, trailer; packing and finding it. Pure.

The default is the peripheral frame of JT/T 905.2-2014, the only published one that knows evaluators (device
type 06); its length counts the body, its checksum (XOR) covers length and body.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Literal

FRAME_MAX = 64
Length = Literal["none", "u8", "u16be", "u16le"]
Counts = Literal["body", "whole"]
Checksum = Literal["none", "xor", "sum8", "crc16"]
Covers = Literal["header", "length", "body"]
WIDTH: Mapping[Length, int] = {"none": 0, "u8": 1, "u16be": 2, "u16le": 2}


def crc16(data: bytes) -> bytes:
    """CRC-16/MODBUS, low byte first."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")


SUMS: Mapping[Checksum, Callable[[bytes], bytes]] = {
    "none": lambda _data: b"",
    "xor": lambda data: bytes([reduce(xor, data, 0)]),
    "sum8": lambda data: bytes([sum(data) & 0xFF]),
    "crc16": crc16,
}
SUM_WIDTH: Mapping[Checksum, int] = {"none": 0, "xor": 1, "sum8": 1, "crc16": 2}


@dataclass(frozen=True, slots=True)
class Frame:
    """What frames look like. counts: what the length says; body_size: of a frame without a length.

    covers: where the checksum begins; it ends with the body.
    """

    header: bytes = b"\x55\xaa"
    trailer: bytes = b"\x55\xaa"
    length: Length = "u16be"
    counts: Counts = "body"
    checksum: Checksum = "xor"
    covers: Covers = "length"
    body_size: int = 0

    def pack(self, body: bytes) -> bytes:
        """The frame around a body."""
        width, around = WIDTH[self.length], self._around()
        told = len(body) + (around if self.counts == "whole" else 0)
        size = told.to_bytes(width, "little" if self.length == "u16le" else "big") if width else b""
        return self.header + size + body + self._sum(size, body) + self.trailer

    def unpack(self, data: bytes) -> tuple[bytes | None, int]:
        """The body of the frame that begins at the start of `data`, and its size.

        `(None, 0)`: more bytes are needed. `(None, 1)`: no frame begins here; go one byte on.
        """
        head = len(self.header)
        if not data.startswith(self.header[: len(data)]):
            return None, 1
        width = WIDTH[self.length]
        if len(data) < head + width:
            return None, 0
        size = data[head : head + width]
        count = (
            int.from_bytes(size, "little" if self.length == "u16le" else "big") if width else self.body_size
        )
        count -= self._around() if self.counts == "whole" and width else 0
        whole = self._around() + count
        if count < 1 or whole > FRAME_MAX:
            return None, 1
        if len(data) < whole:
            return None, 0
        body = data[head + width : head + width + count]
        return (body, whole) if data[:whole] == self.pack(body) else (None, 1)

    def _around(self) -> int:
        """How many bytes a frame has besides its body."""
        return len(self.header) + WIDTH[self.length] + SUM_WIDTH[self.checksum] + len(self.trailer)

    def _sum(self, size: bytes, body: bytes) -> bytes:
        before = {"header": self.header + size, "length": size, "body": b""}[self.covers]
        return SUMS[self.checksum](before + body)
