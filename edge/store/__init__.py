"""The store: the only room that opens SQLite. Open it once; `emit`s go in, the log comes out.

One writer, readers `mode=ro`. Nothing is ever dropped here that is not confirmed upstream.
"""

import logging
import os
import subprocess  # noqa: S404
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from drivers.base import IntakeClosed
from edge.events import Draft, Place
from edge.payloads import Audit, HashAlg
from edge.store import lock, purge, sqlite, upkeep
from edge.store.erase import erase
from edge.store.intake import Intake, add_own, save_watermark, take
from edge.store.ledger import Tip
from edge.store.lock import SecondInstance
from edge.store.reads import DeviceRow, Reader, ReceiptRow, Row, SealedRow
from edge.store.schema import VERSION, epoch_of, position, sequence_of, version_of
from edge.store.writer import Failure, Writer

__all__ = [
    "DatabaseNewer",
    "DeviceRow",
    "Intake",
    "Reader",
    "ReceiptRow",
    "Row",
    "SealedRow",
    "SecondInstance",
    "Store",
    "Tip",
    "epoch_of",
    "position",
    "sequence_of",
]

LOG = logging.getLogger(__name__)

FILE = "edge.db"
LOCK = "edge.lock"


class DatabaseNewer(Exception):
    """The database was written by a newer release; it was not touched."""


class Store:
    """The open database of one hall."""

    def __init__(
        self,
        folder: Path,
        place: Place,
        hash_alg: HashAlg,
        now: Callable[[], datetime],
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.path = folder / FILE
        self.lock_path = folder / LOCK
        self._lock = -1
        self._writer = Writer(self.path, place, hash_alg, now, beat)
        self._listeners: list[Callable[[Tip], None]] = []
        self._watermarks: dict[str, str] = {}
        self.intake_closed = ""
        self.tip: Tip

    def open(self) -> None:
        """Lock, upgrade if needed, start the writer; SecondInstance, DatabaseNewer, OSError, sqlite.Error."""
        self._lock = lock.acquire(self.lock_path)
        try:
            _bring_up_to_date(self.path, self._lock)
            self._writer.on_commit = self._committed
            self.tip = self._writer.start()
        except BaseException:  # whatever it was, the lock is let go and it goes on
            os.close(self._lock)
            raise
        with closing(self.reader()) as reader:
            rows = reader.devices().values()
        self._watermarks = {row.device_id: row.complete_until for row in rows if row.complete_until}

    def close(self) -> None:
        """Commit what waits and let the database go."""
        self._writer.stop()
        os.close(self._lock)

    def reader(self) -> Reader:
        """A read-only connection for the calling thread."""
        return Reader(self.path)

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
            row = reader.devices().get(device_id)
        return row.cursor if row else None

    def complete_until(self, device_id: str) -> str | None:
        """Up to which moment everything a device recorded is in the store."""
        return self._watermarks.get(device_id)

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

    def empty(self, word: str, after: int, upto: int) -> tuple[int, int]:
        """Empty some events `word.*` in (after, upto]; returns how far it came, and how many it emptied."""
        return self._writer.write(lambda ledger: purge.empty(ledger.connection, word, after, upto))

    def erase(
        self,
        positions: Sequence[int],
        rejects: Sequence[tuple[int, str]],
        audit: Callable[[int, str], Audit],
    ) -> int:
        """Erase events and rejects for good, audited in the same commit; see `edge/store/erase.py`."""
        return self._writer.write(lambda ledger: erase(ledger, positions, rejects, audit))

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
        self._writer.write(lambda ledger: upkeep.rewrite_head(ledger.connection, VERSION))
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


def _bring_up_to_date(path: Path, owned: int) -> None:
    """Let a child migrate; it inherits the lock `owned`, which thus lasts until the child has ended too."""
    version = 0
    if path.exists() and path.stat().st_size:
        with closing(sqlite.connect_reader(path)) as connection:
            version = version_of(connection)
    if version > VERSION:
        raise DatabaseNewer(f"{path} has schema version {version}; this release knows {VERSION}")
    if version < VERSION:
        command = [sys.executable, "-m", "edge.store.migrate", str(path)]
        subprocess.run(command, check=True, pass_fds=(owned,))  # noqa: S603
