"""The store: the only room that opens SQLite. Open it once; `emit`s go in, the log comes out.

One writer, readers `mode=ro`. Nothing is ever dropped here that is not confirmed upstream.
"""

import logging
import os
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from drivers.base import IntakeClosed
from edge.events import Draft, Place
from edge.payloads import EpochReason, HashAlg
from edge.store import epochs, lock, marks, opening, purge, schema, sqlite, upkeep
from edge.store.epochs import Witness
from edge.store.erase import Telling, erase
from edge.store.intake import Intake, add_own, save_watermark, take
from edge.store.ledger import Ledger, Tip
from edge.store.lock import SecondInstance
from edge.store.marks import Order
from edge.store.opening import DatabaseNewer, Hall
from edge.store.parked import SetAside, queue_again, save_parked
from edge.store.proved import Number, Numbers
from edge.store.reads import DeviceRow, Reader, ReceiptRow, SealedRow, Stub
from edge.store.schema import epoch_of, position, sequence_of
from edge.store.writer import Failure, Writer

__all__ = [
    "DatabaseNewer",
    "DeviceRow",
    "Intake",
    "Number",
    "Numbers",
    "Reader",
    "ReceiptRow",
    "SealedRow",
    "SecondInstance",
    "SetAside",
    "Store",
    "Stub",
    "Tip",
    "Witness",
    "epoch_of",
    "position",
    "sequence_of",
]

LOG = logging.getLogger(__name__)

FILE = "edge.db"
LOCK = "edge.lock"
MOVE_WAIT_S = 600.0
"""A new epoch seals again whatever is not confirmed: about 30 s for a million rows."""


class Store:
    """The open database of one hall."""

    def __init__(
        self,
        folder: Path,
        place: Place,
        hash_alg: HashAlg,
        now: Callable[[], datetime],
        beat: Callable[[], None] = lambda: None,
        confirm: Sequence[str] = (),
        told: Callable[[], None] = lambda: None,
        own: Callable[[Draft], Draft] = lambda draft: draft,
    ) -> None:
        self.path, self.lock_path, self._lock = folder / FILE, folder / LOCK, -1
        self._hall = Hall(place, hash_alg, now, confirm, told, own)
        self._beat = beat
        self._writer = Writer(self.path, place, now, beat, own)
        self._listeners: list[Callable[[Tip], None]] = []
        self._watermarks: dict[str, str] = {}
        self._damage = ""
        self._closed, self._damaging = threading.Event(), threading.Lock()
        self.epoch_reason: EpochReason | None = None
        """Why the present epoch was begun, if that was in this life and not for a new hall."""
        self.epoch_since = now()
        self.intake_closed = ""
        self.pushing: set[str] = set()  # serials: what these logs show confirms what was pushed
        self.tip: Tip

    def open(self) -> None:
        """Lock, salvage or upgrade if needed, start the writer; SecondInstance, and what `prepare` raises."""
        self._lock = lock.acquire(self.lock_path)
        try:
            self._inherited, self.epoch_reason = opening.prepare(self.path, self._lock, self._hall)
            self._writer.on_commit = self._committed
            self._writer.on_damage = self.damaged
            self.tip = self._writer.start()
        except BaseException:  # whatever it was, the lock is let go and it goes on
            os.close(self._lock)
            raise
        with closing(self.reader()) as reader:
            rows = reader.devices().values()
        self._watermarks = {row.device_id: row.complete_until for row in rows if row.complete_until}
        opening.check_later(self.path, self._closed, self.damaged)

    def close(self) -> None:
        """Commit what waits and let the database go; a damaged one is left as it is, for the next start."""
        self._closed.set()
        try:
            if not self._damage:
                self._writer.stop()
                self.renew_mark()
        finally:
            os.close(self._lock)

    def reader(self) -> Reader:
        """A read-only connection for the calling thread."""
        return Reader(self.path, self.damaged)

    @property
    def damage(self) -> str:
        """What is wrong with the file, or "": leave then, and the next start salvages it."""
        return self._damage

    def damaged(self, what: str) -> None:
        """The file is not what was written. Called from any thread; the first word stands."""
        with self._damaging:
            if self._damage:
                return
            LOG.error("the database is damaged: %s", what)
            try:
                marks.write_order(self.path.parent, Order("salvaged", why=what))
            except OSError as error:
                LOG.error("no word can be left for the next start, which will look for itself: %s", error)
            self._damage = what  # only now may somebody leave, and the next start find that word

    @property
    def inherited(self) -> bool:
        """Whether the present epoch is of an earlier life: only then can it be an older copy."""
        return self._inherited

    def renew_mark(self) -> None:
        """Write down beside the database how far it is; once a minute is enough. A failure costs a proof."""
        try:
            with closing(self.reader()) as reader:
                mark = reader.mark()
            if mark and not self._damage:
                marks.write_mark(self.path.parent, mark)
        except (OSError, sqlite.Error) as error:
            LOG.warning("how far the database is cannot be written down: %s", error)

    def leave_epoch(self, seen: Witness) -> None:
        """Somebody holds numbers of our epoch that we never gave: go on under a new one."""

        def job(ledger: Ledger) -> int:
            hall = self._hall
            wanted = epochs.opening(ledger.connection, "older_copy", hall.hash_alg, hall.confirm, seen)
            return epochs.begin(ledger, wanted, self._beat)

        moved = self._writer.write(job, MOVE_WAIT_S)
        self._inherited, self.epoch_reason, self.epoch_since = False, "older_copy", self._hall.now()
        LOG.warning("epoch %s begins (older_copy): %d events move", self.tip.epoch, moved)
        self.renew_mark()

    def damaged_since(self) -> datetime | None:
        """Since when damaged files are kept; None where there is none."""
        kept = [path.stat().st_ctime for path in self.path.parent.glob(f"{FILE}.corrupt-*")]
        return datetime.fromtimestamp(min(kept), self._hall.now().tzinfo) if kept else None

    def set_aside_bytes(self) -> int:
        """How much room the files take that were set aside."""
        return sum(path.stat().st_size for path in self.path.parent.glob(f"{FILE}.*-*"))

    def take(self, intake: Intake) -> int:
        """Return how many events were new when all of one emit is on disk; IntakeClosed or StoreBusy."""
        self._admit()
        new = self._writer.write(lambda ledger: take(ledger, intake))
        if intake.complete_until:
            self._watermarks[intake.device_id] = intake.complete_until
            self._writer.ride(
                f"watermark {intake.device_id}",
                lambda ledger: save_watermark(ledger, intake.device_id, str(intake.complete_until)),
            )
        return new

    def add(self, *drafts: Draft) -> None:
        """Store events of our own, each once, in one commit; IntakeClosed or StoreBusy."""
        self._admit()
        self._writer.write(lambda ledger: add_own(ledger, drafts))

    def cursor(self, device_id: str) -> str | None:
        """The cursor of a device's last commit."""
        with closing(self.reader()) as reader:
            return reader.cursor(device_id)

    def complete_until(self, device_id: str) -> str | None:
        """Up to which moment everything a device recorded is in the store."""
        return self._watermarks.get(device_id)

    def forget_watermark(self, device_id: str) -> None:
        """Nothing is said any more of how far a device is complete; on disk when this returns."""
        self._watermarks.pop(device_id, None)
        self._writer.ride(f"watermark {device_id}", lambda ledger: save_watermark(ledger, device_id, None))
        self._writer.save_riders()

    def keep_receipt(self, receipt: ReceiptRow) -> None:
        """Remember a receipt; it rides in the next commit, and a crash only costs sending again."""
        self._writer.ride(
            f"receipt {receipt.app}",
            lambda ledger: ledger.connection.execute(
                "INSERT INTO receipt (app, n, position, received, head) VALUES (?1, ?2, ?3, ?4, ?5)"
                " ON CONFLICT (app) DO UPDATE SET n = ?2, position = ?3, received = ?4, head = ?5",
                (receipt.app, receipt.n, receipt.position, receipt.received, receipt.head),
            ),
        )

    def keep_parked(self, parked: Mapping[int, str], again: Collection[int], at: str) -> None:
        """Remember what is set aside, why, and what is queued again: soon; nobody waits for the disk."""
        self._writer.ride("parked", lambda ledger: save_parked(ledger.connection, parked, again, at))
        self._writer.save_riders_soon()

    def queue_again(self, parked: Mapping[int, str], at: str) -> None:
        """A person had these queued again; on disk when it returns, else IntakeClosed or StoreBusy."""
        self._writer.save_riders()  # one of before must not undo it
        self._writer.write(lambda ledger: queue_again(ledger.connection, parked, at))

    def empty(self, word: str, after: int, upto: int) -> tuple[int, int]:
        """Empty some events `word.*` in (after, upto]; returns how far it came, and how many it emptied."""
        return self._writer.write(lambda ledger: purge.empty(ledger.connection, word, after, upto))

    def erase(
        self, events: Sequence[int], rejects: Sequence[tuple[int, str]], audit: Telling, anyway: bool = False
    ) -> int:
        """Erase events and rejects for good, audited in the same commit; see `edge/store/erase.py`."""
        return self._writer.write(lambda ledger: erase(ledger, events, rejects, audit, anyway))

    def give_back(self) -> None:
        """Give the space of emptied rows back to the file system."""
        while self._writer.write(lambda ledger: purge.give_back(ledger.connection)):
            self.checkpoint()
        self.checkpoint()

    @property
    def failure(self) -> Failure | None:
        """Why the last commit failed, until `prove_writable` succeeds."""
        return self._writer.failure

    @property
    def on_failure(self) -> Callable[[], None]:
        """What is called after a failed commit; it must only wake somebody."""
        return self._writer.on_failure

    @on_failure.setter
    def on_failure(self, listener: Callable[[], None]) -> None:
        self._writer.on_failure = listener

    @property
    def trouble(self) -> str:
        """Why nothing is taken in now, or ""."""
        return self.intake_closed or (self.failure.text if self.failure else "")

    def prove_writable(self) -> None:
        """Write a page; IntakeClosed or StoreBusy while that fails."""
        before = self._writer.failure
        self._writer.write(lambda ledger: upkeep.rewrite_head(ledger.connection, schema.VERSION))
        if self._writer.failure is before:
            self._writer.failure = None

    def flush(self) -> None:
        """Save what rides, though nothing new is taken in."""
        self._writer.save_riders()

    def checkpoint(self) -> bool:
        """Bring the WAL into the database; False when a reader or the disk hinders it."""
        try:
            return self._writer.write(lambda ledger: upkeep.checkpoint(ledger.connection), alone=True)
        except sqlite.Error as error:
            LOG.warning("no checkpoint: %s", error)
            return False

    def wal_bytes(self) -> int:
        """The size of the WAL file."""
        try:
            return self.path.with_name(f"{FILE}-wal").stat().st_size
        except FileNotFoundError:
            return 0

    def _admit(self) -> None:
        if self.intake_closed:
            raise IntakeClosed(self.intake_closed)

    def on_commit(self, listener: Callable[[Tip], None]) -> None:
        """Call `listener(tip)` after each commit that added events; it must only wake somebody."""
        self._listeners.append(listener)

    def _committed(self, tip: Tip) -> None:
        self.tip = tip
        for listener in self._listeners:
            listener(tip)
