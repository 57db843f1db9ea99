"""The nightly duty of keeping: note the night, empty what is retired and aged, give the space back.

The diary is a file beside the database; without it nothing is emptied until as many nights have passed again.
"""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

import msgspec

from edge.clock.clock import WallClock
from edge.duty.retention import Diary, Night, aged, lived
from edge.settings.settings import Retention
from edge.store import Store
from edge.whole import read_kept, write_whole

LOG = logging.getLogger(__name__)
FILE = "nights.json"
ALSO = {"device": ("enrollment",)}
"""First word of a class -> of the other kinds that are kept as long."""


class Keeping:
    """The duty of one hall; `retired` tells the position up to which upstream holds everything."""

    def __init__(self, store: Store, kept: Retention, clock: WallClock, retired: Callable[[], int]) -> None:
        self._store, self._kept, self._clock, self._retired = store, kept, clock, retired
        self._path = store.path.with_name(FILE)
        self._alone = threading.Lock()

    def tonight(self, between: Callable[[], None] = lambda: None) -> None:
        """Once a night, and whenever room is short; IntakeClosed or StoreBusy when the disk fails.

        between: called after every batch of rows.
        """
        with self._alone:
            if self._clock.trusted():
                self._keep(between)

    def _keep(self, between: Callable[[], None]) -> None:
        today = self._clock.now().date()
        before = self._read(self._store.tip.epoch)
        diary = lived(before, Night(today.isoformat(), self._store.tip.position))
        diary = msgspec.structs.replace(diary, emptied=dict(diary.emptied))
        for word, days in msgspec.structs.asdict(self._kept).items():
            latest = (today - timedelta(days=days)).isoformat()
            name = word.removesuffix("_days")
            for each in (name, *ALSO.get(name, ())):
                self._empty(diary, each, aged(diary, latest, days), between)
        self._store.give_back()
        if diary != before:
            self._write(diary)

    def _write(self, diary: Diary) -> None:
        """A diary that cannot be written costs a night, and looking again at rows that are empty."""
        try:
            write_whole(self._path, msgspec.json.encode(diary))
        except OSError as error:
            LOG.error("%s cannot be written: %s", self._path, error)

    def _empty(self, diary: Diary, word: str, upto: int, between: Callable[[], None]) -> None:
        after, upto, emptied = diary.emptied.get(word, 0), min(upto, self._retired()), 0
        while after < upto:
            after, more = self._store.empty(word, after, upto)
            self._store.checkpoint()
            between()
            emptied += more
        diary.emptied[word] = after
        if emptied:
            LOG.info("payload of %d events %s.* emptied, by retention", emptied, word)

    def _read(self, epoch: str) -> Diary:
        diary = read_kept(self._path, Diary, "the nights are counted anew")
        return diary if diary and diary.epoch == epoch else Diary(epoch)
