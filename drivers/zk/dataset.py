"""A data set of a terminal (its log, its users) at one moment, read in pieces and never held whole.

    1503 prepare -> 2000 + size: 1504 asks pieces from any offset, 1502 frees      prepared
                 -> 1501:        a small set, here already
                 -> else:        13 or 9 asked directly, from the first byte on    direct

Every set begins with a u32: how many bytes follow.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic

from drivers.base import DeviceError, DeviceOffline
from drivers.zk.frames import Cmd
from drivers.zk.wire import Denied, Wire

CHUNK = 3920 * 16
"""Most bytes of one piece: below the 65,472 seen on real lines, whole records in every layout."""
CHUNK_LOSSY = 3920 * 4
READ_S = 600.0
"""Longest read of one set."""
CHUNK_TRIES = 3
_HEAD = 4


class DataSet:
    """One set. `total`: its bytes; of a direct one known with the first part. `seekable`: can skip."""

    def __init__(self, total: int, seekable: bool, raw: Callable[[int], Iterator[bytes]]) -> None:
        self.total = total
        self.seekable = seekable
        self._raw = raw

    def parts(self, skip: int = 0) -> Iterator[bytes]:
        """The bytes from `skip` on, as they come; less than `total` says where the terminal ends early."""
        if skip:
            yield from self._raw(_HEAD + skip)
            return
        head, left = b"", 0
        for part in self._raw(0):
            if len(head) < _HEAD:
                head += part
                if len(head) < _HEAD:
                    continue
                self.total = left = int.from_bytes(head[:_HEAD], "little")
                part = head[_HEAD:]
            yield part[:left]
            left -= len(part[:left])
            if not left:
                return

    def all(self, most: int) -> bytes | None:
        """All of it; None where less came, or it is more than `most` bytes: a hostile terminal never ends."""
        data = bytearray()
        for part in self.parts() if self.total <= most else ():
            data += part
            if len(data) > most:
                return None
        return bytes(data) if len(data) == self.total <= most else None


@contextmanager
def dataset(wire: Wire, command: int, function: int = 0) -> Iterator[DataSet]:
    """The set that `command` names, at this moment; freed at the end."""
    answer = wire.ask(Cmd.PREPARE, struct.pack("<bhii", 1, command, function, 0))
    if answer.command == Cmd.DATA:
        yield DataSet(max(0, len(answer.data) - _HEAD), True, lambda at: iter((answer.data[at:],)))
    elif answer.command == Cmd.OK and len(answer.data) >= 1 + _HEAD:
        size = int.from_bytes(answer.data[1 : 1 + _HEAD], "little")
        with _freed(wire):
            yield DataSet(max(0, size - _HEAD), True, lambda at: _pieces(wire, at, size))
    else:
        yield DataSet(0, False, lambda _at: _direct(wire, command, function))


@contextmanager
def _freed(wire: Wire) -> Iterator[None]:
    try:
        yield
    except BaseException:  # whatever ended the read, the terminal gets its memory back
        with suppress(DeviceError):
            wire.tell(Cmd.FREE)
        raise
    wire.ask(Cmd.FREE)


def _pieces(wire: Wire, at: int, size: int) -> Iterator[bytes]:
    end = monotonic() + READ_S
    most = CHUNK_LOSSY if wire.lossy else CHUNK
    while at < size:
        if monotonic() > end:
            raise DeviceOffline("no_answer", f"the read did not end within {READ_S:.0f} s")
        piece = _piece(wire, at, min(most, size - at))
        at += len(piece)
        yield piece


def _piece(wire: Wire, at: int, size: int) -> bytes:
    """One piece, asked again where it came short or did not add up."""
    told = ""
    for _ in range(CHUNK_TRIES):
        try:
            piece = b"".join(wire.stream(Cmd.CHUNK, struct.pack("<ii", at, size), size))
        except Denied as error:
            if error.code != Cmd.DATA:
                raise
            told = error.detail
        else:
            if len(piece) == size:
                return piece
            told = f"{len(piece)} came"
    raise Denied(Cmd.DATA, f"{size} bytes at {at} were asked: {told}")


def _direct(wire: Wire, command: int, function: int) -> Iterator[bytes]:
    """Asked without preparing; «error» is how an empty set is said."""
    try:
        yield from wire.stream(command, bytes([function]) if function else b"", within_s=READ_S)
    except Denied as error:
        if error.code != Cmd.ERROR:
            raise
