"""The nightly patrol: the log is walked whole while nobody waits, and what was altered is told.

Sending never reads again what upstream holds: an altered row there would sleep until somebody asks `verify`.
It is evidence, and stays as it is; a page that cannot be read is damage, and the next start salvages.
"""

import logging
import threading
from collections.abc import Iterator
from datetime import date

from edge.attention import Attention
from edge.clock.clock import WallClock
from edge.store import Store, sqlite

LOG = logging.getLogger(__name__)
BREATH_S, BREATH_ROWS = 0.1, 2000
"""A million rows take a minute more, and nobody else waits for them."""


class _Stopped(Exception):
    """The daemon leaves."""


class Patrol:
    """The duty of one hall, once a date; ends early when `stop` is set."""

    def __init__(self, store: Store, clock: WallClock, stop: threading.Event) -> None:
        self._store, self._clock, self._stop = store, clock, stop
        self._walked: date | None = None
        self._altered: Attention | None = None

    def tonight(self) -> None:
        """Walk the log, unless that was done today."""
        today = self._clock.now().date()
        if today == self._walked:
            return
        try:
            self._walk()
            self._walked = today
        except _Stopped:
            pass
        except sqlite.Error as error:
            LOG.error("the log could not be walked: %s", error)

    def attention(self) -> Iterator[Attention]:
        """The first row that is not as it was written."""
        if self._altered:
            yield self._altered

    def _walk(self) -> None:
        from edge.proof.verify import verify  # noqa: PLC0415 - once a day

        bad = verify(self._store.path.parent, (), self._breathe).bad
        if bad is None:
            self._altered = None
            return
        if bad.fault == "unreadable":
            self._store.damaged(bad.detail)
        about = f"{bad.epoch}:{bad.sequence} {bad.fault}"
        if self._altered is None or self._altered.about != about:
            self._altered = Attention("store", "log_altered", self._clock.text(), about)
        LOG.error("the log is not as it was written: %s %s", about, bad.detail)

    def _breathe(self, done: int, _total: int) -> None:
        if done % BREATH_ROWS == 0 and self._stop.wait(BREATH_S):
            raise _Stopped
