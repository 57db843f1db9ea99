"""One uploaded export file, looked at and held until a person says yes: compressed, in memory, not for long.

A terminal's whole log is some 20 MB of much the same lines, and two of them.
"""

import secrets
import zlib
from collections.abc import Iterator
from time import monotonic

from edge.duty.export_file import BATCH_BYTES, BATCH_LINES

FILE_MAX = 32 << 20
LINE_MAX = 4096
HELD_S = 900.0
BLOCK = 1 << 16


class NotAnExport(ValueError):
    """`word` says why it is not taken (a text of `upload.…`)."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class Batches:
    """Lines cut into orders of bearable size, as the bytes come."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The batches that are full now."""
        lines = (self._rest + data).splitlines(keepends=True)
        self._rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        if len(self._rest) > LINE_MAX:
            raise NotAnExport("upload.no_lines")
        for line in lines:
            if len(line) > LINE_MAX:
                raise NotAnExport("upload.no_lines")
            if self._lines and (self._size + len(line) > BATCH_BYTES or len(self._lines) >= BATCH_LINES):
                yield self._taken()
            self._lines.append(line)
            self._size += len(line)

    def end(self) -> Iterator[bytes]:
        """What is left."""
        if self._rest:
            self._lines.append(self._rest)
        if self._lines:
            yield self._taken()

    def _taken(self) -> bytes:
        batch, self._lines, self._size = b"".join(self._lines), [], 0
        return batch


class Held:
    """One file. whose: arguments of the orders that say of which terminal it is."""

    def __init__(self, whose: dict[str, str], name: str) -> None:
        self.whose, self.name = whose, name
        self.token = secrets.token_urlsafe(16)
        self.foreign = False
        self.size = 0
        self._packer = zlib.compressobj(1)
        self._packed: list[bytes] = []
        self._until = monotonic() + HELD_S

    @property
    def gone(self) -> bool:
        """It was held long enough."""
        return monotonic() > self._until

    def add(self, data: bytes) -> None:
        """More of it; NotAnExport when it is too much."""
        self.size += len(data)
        if self.size > FILE_MAX:
            raise NotAnExport("upload.large")
        self._packed.append(self._packer.compress(data))

    def close(self) -> None:
        """That was all."""
        self._packed.append(self._packer.flush())

    def batches(self) -> Iterator[bytes]:
        """The whole file again, in orders of bearable size."""
        unpacker, cut = zlib.decompressobj(), Batches()
        for packed in self._packed:
            left = packed
            while left:
                yield from cut.feed(unpacker.decompress(left, BLOCK))
                left = unpacker.unconsumed_tail
        yield from cut.feed(unpacker.flush())
        yield from cut.end()
