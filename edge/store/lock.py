"""One daemon per database: a lock file with the owner's pid, taken before the database is touched."""

import contextlib
import fcntl
import os
from pathlib import Path


class SecondInstance(Exception):
    """Another process owns this database; `pid` says which."""

    def __init__(self, pid: str) -> None:
        super().__init__(f"owned by process {pid}")
        self.pid = pid


def acquire(path: Path) -> int:
    """Take the lock and write our pid into it; SecondInstance when another process holds it.

    Returns the file descriptor: the lock lasts until it is closed, also by a kill -9.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(descriptor, 32).decode(errors="replace").strip()
        os.close(descriptor)
        raise SecondInstance(pid or "unknown") from None
    with contextlib.suppress(OSError):  # on a full disk the lock matters, not whose it is
        os.pwrite(descriptor, f"{os.getpid():<16}".encode(), 0)
        os.ftruncate(descriptor, 16)
    return descriptor
