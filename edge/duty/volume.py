"""The file system the store stands on: its room, whether it can be written, and the ballast.

Ballast is space really allocated for the hour when there is none: a full disk lets SQLite not even delete.
It is several files, so that letting it go frees inodes too: for the WAL, its index, and a rename.
"""

import contextlib
import errno
import os
from pathlib import Path

from edge.space import Room

PARTS = 4
PART_BYTES = 2 << 20
SHARE = 64
"""A part is at most this fraction of a small disk."""
SPARE_BYTES = 1 << 20
"""Left free beside the ballast, for receipts."""
SPARE_FILES = 4


class Volume:
    """Folder and ballast of one hall. probe: a file of ours there, which nothing locks by fcntl."""

    def __init__(self, folder: Path, probe: Path) -> None:
        self._folder, self._probe = folder, probe
        self._parts = [folder / f"ballast-{number}" for number in range(1, PARTS + 1)]

    def room(self) -> Room:
        """What is free for us beside the ballast, as if that were whole: dropping it opens nothing."""
        room = self._room()
        size = _part_bytes(room)
        missing = sum(not _allocated(part, size) for part in self._parts)
        return room._replace(
            free=max(0, room.free - missing * size), files_free=max(0, room.files_free - missing)
        )

    def read_only(self) -> bool:
        """Whether nothing can be written: statvfs(2) does not tell of a disk the kernel gave up."""
        try:
            os.close(os.open(self._probe, os.O_RDWR | os.O_CLOEXEC))
        except OSError as error:
            return error.errno == errno.EROFS
        return False

    def make_ballast(self) -> bool:
        """Allocate what is missing of it, as far as there is room; whether it is whole."""
        for part in self._parts:
            size = _part_bytes(self._room())
            if not _allocated(part, size) and not self._allocate(part, size):
                return False
        return True

    def drop_ballast(self) -> None:
        """Let it go, for what must be written now."""
        for part in self._parts:
            with contextlib.suppress(OSError):
                part.unlink()

    def drop_if_short(self) -> None:
        """Let it go where the store could not even be opened."""
        room = self._room()
        if room.free < SPARE_BYTES or (room.files and room.files_free < SPARE_FILES):
            self.drop_ballast()

    def _room(self) -> Room:
        found = os.statvfs(self._folder)
        unit = found.f_frsize
        return Room(found.f_bavail * unit, found.f_blocks * unit, found.f_favail, found.f_files)

    def _allocate(self, part: Path, size: int) -> bool:
        room = self._room()
        if room.free < size + SPARE_BYTES or (room.files and room.files_free <= SPARE_FILES):
            return False
        try:
            descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, size)
            finally:
                os.close(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink()
            return False
        return True


def _part_bytes(room: Room) -> int:
    return min(PART_BYTES, room.total // SHARE)


def _allocated(part: Path, size: int) -> bool:
    try:
        found = part.stat()
    except OSError:
        return False
    return min(found.st_size, found.st_blocks * 512) >= size
