"""Less memory of the C library: one heap for all threads, and long buffers beside it.

glibc keeps a heap for each thread, a megabyte for a dozen that idle; and once a long buffer was let go, it
takes the next ones from the heap, where shorter ones then lie between them for good.
"""

import ctypes
from contextlib import suppress

M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD = -8, -3, -1
"""mallopt(3)."""
LONG = TOP = 1 << 20
"""Bytes from which a buffer lies by itself, and of free room at the top of the heap: above those of a parcel,
whose pages would else be made anew for each copy of it, a third of a drain's CPU."""


def give_back() -> None:
    """Return to the system what was let go; some milliseconds, in which other threads go on."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class Tidy:
    """Gives back while events come in: what their way left behind, before more comes to lie on it."""

    def __init__(self) -> None:
        self._newest = 0

    def look(self, newest: int) -> None:
        """newest: position of the newest event."""
        if newest != self._newest:
            self._newest = newest
            give_back()


def share_one_heap() -> None:
    """Call it before the first thread begins; nothing happens where the C library knows no heaps."""
    with suppress(AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_ARENA_MAX, 1)
        libc.mallopt(M_MMAP_THRESHOLD, LONG)
        libc.mallopt(M_TRIM_THRESHOLD, TOP)
