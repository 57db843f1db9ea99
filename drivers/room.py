"""How much is decoded at once: what waits for the store is held as the device sent it. No driver.

A record takes forty bytes on the wire, and a kilobyte on its way through `emit`. Where forty terminals are
read at once, each waits here for its turn, a few seconds at most: then it goes on, for who has the turn may
hang.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

RECORDS_MAX = 500
"""Decoded at once by all drivers together; the store alone writes, one after the other."""
SMALL = 50
"""So few never wait: people punch one by one."""
WAIT_S = 5.0


class Room:
    """So many records; any thread may ask."""

    def __init__(self, records: int = RECORDS_MAX) -> None:
        self._all = self._free = records
        self._changed = threading.Condition()

    @contextmanager
    def of(self, records: int) -> Iterator[None]:
        """Room for so many, while the block lasts; returns after WAIT_S in any case."""
        wanted = min(records, self._all)
        if wanted <= SMALL:
            yield
            return
        with self._changed:
            self._changed.wait_for(lambda: self._free >= wanted, WAIT_S)
            self._free -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._free += wanted
                self._changed.notify_all()


ROOM = Room()
