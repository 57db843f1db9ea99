"""Reads the rows of a database file without SQLite: every leaf page by itself, also where the rest is gone.

For a damaged file, so nothing is believed: what does not parse is passed over, and the caller proves each
row. Pages are those of the file and of its WAL, older images too; pages of the free list hold rows that
were deleted, and are left out where that list can be read. Format: sqlite.org/fileformat2.html.
"""

import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

Value = int | float | str | bytes | None
Record = tuple[Value, ...]
Found = tuple[int | None, Record]
"""A row: its rowid, None in a table without one, and its columns."""

PAGE_BYTES = 4096
"""Of every database of ours."""
MAGIC = b"SQLite format 3\0"
WAL_HEADER, FRAME_HEADER = 32, 24
WAL_MAGIC = (0x377F0682, 0x377F0683)
TABLE_LEAF, INDEX_LEAF, INDEX_INTERIOR = 0x0D, 0x0A, 0x02
PAYLOAD_MAX = 1 << 20
"""No row of ours is larger."""
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


class Leaves:
    """The pages of one file and its WAL, whatever became of them."""

    def __init__(self, path: Path) -> None:
        self._main, self._wal = _Bytes(path), _Bytes(path.with_name(path.name + "-wal"))
        self.size = _page_size(self._main.at(0, 18))
        self._frames = list(_frames(self._wal, self.size))
        self._latest = dict(self._frames)
        """Page number -> where its newest image begins in the WAL."""

    def close(self) -> None:
        """Let the files go."""
        self._main.close()
        self._wal.close()

    def rows(self) -> Iterator[Found]:
        """Every row that parses: of the file first, then of the WAL."""
        free = self._free()
        for number in range(1, self._main.length // self.size + 1):
            if number not in free:
                yield from self._rows(number, self._main.at((number - 1) * self.size, self.size))
        for number, start in self._frames:
            if number not in free:
                yield from self._rows(number, self._wal.at(start, self.size))

    def page(self, number: int) -> bytes:
        """The newest image of a page, b"" where there is none."""
        if number in self._latest:
            return self._wal.at(self._latest[number], self.size)
        return self._main.at((number - 1) * self.size, self.size) if number > 0 else b""

    def _free(self) -> set[int]:
        """The pages of the free list, as far as it can be followed."""
        head, free = self.page(1), set[int]()
        if not head.startswith(MAGIC):
            return free
        trunk = int.from_bytes(head[32:36])
        while trunk and trunk not in free and len(page := self.page(trunk)) == self.size:
            free.add(trunk)
            trunk, count = struct.unpack(">II", page[:8])
            leaves = page[8 : 8 + 4 * min(count, self.size // 4 - 2)]
            free.update(int.from_bytes(leaves[at : at + 4]) for at in range(0, len(leaves), 4))
        return free

    def _rows(self, number: int, page: bytes) -> Iterator[Found]:
        at = 100 if number == 1 else 0
        if len(page) < self.size or page[at] not in (TABLE_LEAF, INDEX_LEAF, INDEX_INTERIOR):
            return
        kind = page[at]
        (count,) = struct.unpack_from(">H", page, at + 3)
        first = at + (12 if kind == INDEX_INTERIOR else 8)
        if first + 2 * count > self.size:
            return
        for start in struct.unpack_from(f">{count}H", page, first):
            try:
                yield self._cell(kind, page, start)
            except (IndexError, ValueError, struct.error):
                continue

    def _cell(self, kind: int, page: bytes, at: int) -> Found:
        """ValueError, IndexError or struct.error where it is none."""
        if kind == INDEX_INTERIOR:
            at += 4
        length, at = _varint(page, at)
        rowid = None
        if kind == TABLE_LEAF:
            rowid, at = _varint(page, at)
        if not 0 < length <= PAYLOAD_MAX:
            raise ValueError("no such payload")
        local = self._local(length, kind == TABLE_LEAF)
        payload = page[at : at + local]
        if local < length:
            payload += self._overflow(int.from_bytes(page[at + local : at + local + 4]), length - local)
        if len(payload) != length:
            raise ValueError("the payload is cut off")
        return rowid, _record(payload)

    def _local(self, length: int, table: bool) -> int:
        """How much of a payload stands in the page itself."""
        usable = self.size
        most = usable - 35 if table else (usable - 12) * 64 // 255 - 23
        least = (usable - 12) * 32 // 255 - 23
        if length <= most:
            return length
        part = least + (length - least) % (usable - 4)
        return part if part <= most else least

    def _overflow(self, number: int, length: int) -> bytes:
        parts, seen = [], set[int]()
        while length > 0:
            page = self.page(number)
            if number in seen or len(page) != self.size:
                raise ValueError("the overflow is cut off")
            seen.add(number)
            parts.append(page[4 : 4 + min(length, self.size - 4)])
            length -= len(parts[-1])
            number = int.from_bytes(page[:4])
        return b"".join(parts)


class _Bytes:
    """A file read here and there; what the disk does not give is missing, and the rest is read."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY) if path.exists() else -1
        self.length = os.fstat(self._file).st_size if self._file >= 0 else 0

    def at(self, start: int, length: int) -> bytes:
        try:
            return os.pread(self._file, length, start) if start < self.length else b""
        except OSError:
            return b""

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)


def _page_size(header: bytes) -> int:
    told = int.from_bytes(header[16:18]) if header.startswith(MAGIC) else 0
    return told if 512 <= told <= 32768 and told & (told - 1) == 0 else PAGE_BYTES


def _frames(wal: _Bytes, size: int) -> Iterator[tuple[int, int]]:
    """`(page number, where its image begins)` of the present generation of a WAL: by its salts."""
    header = wal.at(0, WAL_HEADER + FRAME_HEADER)
    whole = int.from_bytes(header[:4]) in WAL_MAGIC
    salts = header[16:24] if whole else header[WAL_HEADER + 8 : WAL_HEADER + 16]
    for start in range(WAL_HEADER, wal.length - FRAME_HEADER - size + 1, FRAME_HEADER + size):
        frame = wal.at(start, FRAME_HEADER)
        if frame[8:16] == salts:
            yield int.from_bytes(frame[:4]), start + FRAME_HEADER


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for step in range(8):
        byte = data[at + step]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + step + 1
    return value << 8 | data[at + 8], at + 9


def _record(payload: bytes) -> Record:
    end, at = _varint(payload, 0)
    if end > len(payload):
        raise ValueError("no record")
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    return _values(payload, end, kinds)


def _values(payload: bytes, at: int, kinds: Sequence[int]) -> Record:
    values: list[Value] = []
    for kind in kinds:
        if kind >= 12:
            length = (kind - 12) // 2
            part = payload[at : at + length]
            values.append(part.decode() if kind % 2 else part)
        elif kind in _INTEGERS:
            length = _INTEGERS[kind]
            values.append(int.from_bytes(payload[at : at + length], signed=True))
        elif kind == 7:
            length = 8
            values.append(struct.unpack_from(">d", payload, at)[0])
        elif kind in (0, 8, 9):
            length = 0
            values.append(None if kind == 0 else kind - 8)
        else:
            raise ValueError("no such column")
        at += length
        if at > len(payload):
            raise ValueError("the record is cut off")
    return tuple(values)
