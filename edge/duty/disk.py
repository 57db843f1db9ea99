"""Watches over the disk, and heals what can be healed without anybody.

Short of room: warn, purge early what is confirmed and aged, refuse intake so that the source keeps it. Full:
ballast away, WAL into the database, purge in small batches with a checkpoint each, ballast back: any other
order fails. Reading and sending go on all the time; nothing unconfirmed is ever dropped.
"""

import logging
import threading
import time
from collections.abc import Callable

from drivers.base import IntakeClosed, StoreBusy
from edge import space
from edge.clock.clock import WallClock
from edge.duty.volume import Volume
from edge.snapshot import Storage
from edge.store import Store

LOG = logging.getLogger(__name__)

ROUND_S = 5.0
PAUSE_S = 1.0
"""Between two rounds, however often something fails."""
PURGE_EVERY_S = 60.0
FLUSH_EVERY_S = 60.0
"""So often receipts are saved while no intake takes them along."""


class DiskWatch:
    """The thread; `standing` may be looked at from any other. `changed` is called when its cause changes.

    purge: empty what is confirmed and aged, and give the space back; calls what it is given meanwhile, so
    that intake opens as soon as there is room.
    """

    def __init__(
        self,
        store: Store,
        volume: Volume,
        clock: WallClock,
        purge: Callable[[Callable[[], None]], None],
        changed: Callable[[], None],
    ) -> None:
        self._store, self._volume, self._clock = store, volume, clock
        self._purge, self._changed = purge, changed
        self.standing = Storage("ok", "", clock.text())
        self._at = space.Standing()
        self._samples: tuple[space.Sample, ...] = ()
        self._purged_at = self._flushed_at = -PURGE_EVERY_S
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="disk", daemon=True)

    def start(self) -> None:
        """Look once, so that no driver begins on a full disk; then go on in a thread."""
        self._store.on_failure = self._wake.set
        self._round(self.look)
        self._thread.start()

    def stop(self) -> None:
        """Ask it to leave; `join` waits for that."""
        self._stop.set()
        self._wake.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread to end after `stop`."""
        if self._thread.ident:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stop.wait(PAUSE_S):
            self._wake.wait(ROUND_S - PAUSE_S)
            if not self._stop.is_set():
                self._round(self.mend)
            self._wake.clear()

    @staticmethod
    def _round(work: Callable[[], None]) -> None:
        try:
            work()
        except (OSError, IntakeClosed, StoreBusy) as error:
            LOG.warning("the disk cannot be helped now: %s", error)
        except Exception:  # noqa: BLE001 - the next round begins anew
            LOG.exception("watching the disk failed")

    def look(self) -> None:
        """What is the state of the disk, and does it let us take anything in?"""
        now, room = time.monotonic(), self._volume.room()
        self._at = space.standing(room, self._at.level)
        self._samples = space.remember(self._samples, space.Sample(now, room.free))
        failure, read_only = self._store.failure, self._volume.read_only()
        trouble = failure.trouble if failure else None
        cause = space.cause(self._at, read_only, trouble, self._store.wal_bytes())
        closed = cause == "storage_read_only" or self._at.level == "refuse"
        self._store.intake_closed = cause if closed else ""
        self._show(cause, failure.text if failure else "", space.days_left(self._samples, room.total))

    def mend(self) -> None:
        """Look, and do what can be done; IntakeClosed, StoreBusy or OSError where it cannot."""
        self.look()
        if self._volume.read_only():
            return
        now = time.monotonic()
        try:
            self._make_room(now)
            self._prove(now)
            if self._store.wal_bytes() > space.WAL_MAX:
                self._store.checkpoint()
        finally:
            self._volume.make_ballast()

    def _make_room(self, now: float) -> None:
        """Purge before its night, at once when room becomes short and then as upstream confirms more."""
        if self.standing.cause in ("disk_full", "inodes_gone") and self._store.failure:
            self._recover()
        elif self._at.level not in ("purge", "refuse"):
            self._purged_at = -PURGE_EVERY_S
        elif now - self._purged_at >= PURGE_EVERY_S:
            self._purged_at = now
            self._purge(self.look)

    def _prove(self, now: float) -> None:
        """After a failure, whether writing works again; while intake is closed, save receipts."""
        if self._store.failure:
            self._store.prove_writable()
        elif self._store.intake_closed and now - self._flushed_at >= FLUSH_EVERY_S:
            self._flushed_at = now
            self._store.flush()

    def _recover(self) -> None:
        """The order is what makes it work; after it the ballast is made again."""
        self._volume.drop_ballast()
        self._store.checkpoint()
        self._purge(self.look)

    def _show(self, cause: str, detail: str, days: float | None) -> None:
        before = self.standing
        since = before.since if cause == before.cause else self._clock.text()
        self.standing = Storage(cause, detail, since, days)
        if cause != before.cause:
            LOG.log(logging.INFO if cause == "ok" else logging.WARNING, "store: %s %s", cause, detail)
            self._changed()
