"""Bytes of a line → key presses, past noise. Pure: the time is given.

In frame mode a press is a frame whose checksum fits; after noise the next header is looked for. A bare key
has nothing that proves it, so it must stand alone between silences: noise comes in bursts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from drivers.keypad.frame import FRAME_MAX, Frame

QUIET_S = 0.05
"""So long a line is silent before and after a bare key."""
STALE_S = 0.5
"""A frame that is not whole by then never will be."""


class Press(NamedTuple):
    """A key of the keypad at an address of the line ("" where the line has one)."""

    address: str
    code: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in a body things stand; -1 = nowhere. Codes and addresses are two hex digits each byte."""

    type_at: int = 0
    type: int = 0x06
    address_at: int = -1
    command_at: int = 2
    key_command: bytes = b""
    key_at: int = 4

    def press(self, body: bytes) -> Press | None:
        """The press that a body tells of; None: it is of something else."""
        command = body[self.command_at : self.command_at + len(self.key_command)]
        if len(body) <= max(self.type_at, self.address_at, self.key_at) or command != self.key_command:
            return None
        if self.type_at >= 0 and body[self.type_at] != self.type:
            return None
        address = f"{body[self.address_at]:02x}" if self.address_at >= 0 else ""
        return Press(address, f"{body[self.key_at]:02x}")


class Ear:
    """What one line has said and is not understood yet. noise: bytes that were nothing, since the start."""

    def __init__(self, frame: Frame | None, layout: Layout, prefix: bytes = b"", suffix: bytes = b"") -> None:
        """frame None: bare keys, each between `prefix` and `suffix`."""
        self._frame, self._layout, self._prefix, self._suffix = frame, layout, prefix, suffix
        self._held = b""
        self._heard_s = 0.0
        self.noise = 0

    def hear(self, data: bytes, now_s: float) -> Iterator[Press]:
        """Take what came by now, which may be nothing."""
        silence_s = now_s - self._heard_s
        if data:
            self._heard_s = now_s
        if self._frame is None:
            yield from self._alone(data, silence_s)
            return
        if silence_s > STALE_S:
            yield from self._framed(self._frame, stale=True)
        self._held += data
        yield from self._framed(self._frame, stale=False)

    def _framed(self, frame: Frame, stale: bool) -> Iterator[Press]:
        """Every whole frame; stale: what is not whole is noise, in which one may still begin."""
        while self._held:
            body, size = frame.unpack(self._held)
            if size == 0 and not stale:
                return
            if body is None:
                self._lose(1)
                continue
            self._held = self._held[size:]
            if press := self._layout.press(body):
                yield press

    def _alone(self, data: bytes, silence_s: float) -> Iterator[Press]:
        """What was heard before is whole once the line has been silent since."""
        if data and self._held and silence_s < QUIET_S:
            joined = self._held + data
            self._held = joined[: FRAME_MAX + 1]
            self.noise += len(joined) - len(self._held)
            return
        whole, self._held = (self._held, data) if data or silence_s >= QUIET_S else (b"", self._held)
        if whole and (code := self._bare(whole)) is not None:
            yield Press("", code)
        else:
            self.noise += len(whole)

    def _bare(self, whole: bytes) -> str | None:
        """The key that stands alone, or was held down: nothing else between the silences."""
        size = len(self._prefix) + 1 + len(self._suffix)
        one = whole[:size]
        if len(whole) % size or len(whole) > FRAME_MAX or one * (len(whole) // size) != whole:
            return None
        if not one.startswith(self._prefix) or not one.endswith(self._suffix):
            return None
        return chr(one[len(self._prefix)])

    def _lose(self, count: int) -> None:
        self.noise += count
        self._held = self._held[count:]
