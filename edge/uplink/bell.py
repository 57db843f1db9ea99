"""Wakes the thread that waits for the broker; Linux's eventfd, which can be waited for beside a socket."""

import contextlib
import os


class Bell:
    """Rung from any thread, any number of times; heard once."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def __del__(self) -> None:
        os.close(self._fd)

    def fileno(self) -> int:
        """What to wait for: it is readable once rung."""
        return self._fd

    def ring(self) -> None:
        """Wake whoever waits, or who waits next."""
        os.eventfd_write(self._fd, 1)

    def hush(self) -> None:
        """It was heard: be silent until it is rung again."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._fd)
