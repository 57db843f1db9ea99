"""One malloc heap for the process: glibc keeps one for each thread, a megabyte for a dozen that idle."""

import ctypes
from contextlib import suppress

M_ARENA_MAX = -8
"""mallopt(3)."""


def share_one_heap() -> None:
    """Call it before the first thread begins; nothing happens where the C library knows no heaps."""
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
