"""The duty of correcting: notes where an unsynced time begins, and tells what is learned once it has ended.

Called every second by main; a batch a call, so that a long log read in 1970 neither blocks nor bursts. A
crash repeats a part of it, and each event is corrected once, since the correction is named by the event.
"""

import logging
import time
from collections.abc import Callable
from contextlib import closing

from edge.clock.clock import WallClock
from edge.duty.correction import correction, datable
from edge.events import Draft
from edge.store import Store, position

LOG = logging.getLogger(__name__)
BATCH = 300
LATE_S = 15.0
"""An emit returns within 10 s: after this no event comes that was made before the time was known."""


def dating(clock: WallClock) -> Callable[[Draft], Draft]:
    """What becomes of an event of our own when it is stored: nothing, while the time is known."""
    return lambda draft: draft if clock.trusted() else datable(draft, clock.boot())


class Correcting:
    """The duty of one hall."""

    def __init__(self, store: Store, clock: WallClock) -> None:
        self._store, self._clock = store, clock
        begun = position(store.tip.epoch_number, 0)
        self._trusted_to = store.tip.position if store.inherited else begun
        self._from = clock.unsynced_from
        self._known_at = time.monotonic()

    def step(self) -> None:
        """Look at the clock, and correct some events where it is known again."""
        if not self._clock.trusted():
            self._known_at = time.monotonic()
            if self._from is None:
                self._from = self._trusted_to
                self._clock.save_unsynced(self._from)
        elif self._from is None:
            self._trusted_to = self._store.tip.position
        else:
            self._correct(self._from)

    def _correct(self, after: int) -> None:
        sample, source = self._clock.look()
        if not source:
            return
        epoch = self._store.tip.epoch
        try:
            with closing(self._store.reader()) as reader:
                rows = reader.after(after, BATCH)
            found = [correction(row.body, epoch, sample.began, sample.wall) for row in rows]
            drafts = [draft for draft in found if draft]
            if drafts:
                self._store.add(*drafts)
        except Exception as error:  # noqa: BLE001 - main must not end for it; it is tried again each second
            LOG.warning("times are not corrected yet: %s: %s", type(error).__name__, error)
            return
        if drafts:
            LOG.info("the time of %d events is known now", len(drafts))
        if rows:
            self._from = rows[-1].position
        elif time.monotonic() - self._known_at > LATE_S:
            self._trusted_to, self._from = self._from or 0, None
            self._clock.save_unsynced(None)
