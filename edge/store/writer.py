"""The one writer: a thread that owns the only write connection and alone checkpoints.

Everyone who waits shares one commit (group commit), each in its savepoint. Small updates that may be lost
without harm (`ride`) wait for a commit that happens anyway. After a failed COMMIT the connection is opened
anew, the numbers are read again, and every waiter gets the error.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

from drivers.base import IntakeClosed, StoreBusy
from edge.events import Place
from edge.space import Trouble
from edge.store import sqlite
from edge.store.ledger import Ledger, Tip, read_tip

LOG = logging.getLogger(__name__)
T = TypeVar("T")
Job = Callable[[Ledger], T]


class Failure(NamedTuple):
    """Why a commit failed."""

    trouble: Trouble
    text: str


class Wish(NamedTuple):
    """What somebody waits for. alone: not in the common transaction, such as a checkpoint."""

    job: Job[Any]
    future: Future[Any]
    alone: bool = False


GROUP_MAX = 64
ROWS_MAX = 4000
"""New rows after which a commit takes no further wish: a WAL holds some 16,000, and it stays below."""
WAIT_S = 10.0
"""The door's promise: `emit` returns or raises within this."""


class Writer:
    """Owner of the database's write connection; `write` is called from any thread."""

    def __init__(
        self,
        path: Path,
        place: Place,
        now: Callable[[], datetime],
        beat: Callable[[], None],
    ) -> None:
        self._path, self._place = path, place
        self._now, self._beat = now, beat
        self._jobs: SimpleQueue[Wish | None] = SimpleQueue()
        self._left: list[Wish] = []
        self._riders: dict[str, Job[Any]] = {}
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._opened: Future[Tip] = Future()
        self.on_commit: Callable[[Tip], None] = lambda _tip: None
        self.on_damage: Callable[[str], None] = lambda _what: None
        self.on_failure: Callable[[], None] = lambda: None
        self.failure: Failure | None = None

    def start(self) -> Tip:
        """Open the database and begin; raises what opening raises."""
        self._thread.start()
        return self._opened.result()

    def write(self, job: Job[T], wait_s: float = WAIT_S, alone: bool = False) -> T:
        """Run `job` in the next commit and return its result when that commit is on disk.

        alone: run it outside of any transaction.
        """
        future: Future[T] = Future()
        self._jobs.put(Wish(job, future, alone))
        try:
            return future.result(wait_s)
        except TimeoutError:
            future.cancel()
            raise StoreBusy(f"no commit within {wait_s:.0f} s") from None

    def ride(self, key: str, job: Job[Any]) -> None:
        """Let `job` ride in a commit that writes anyway; a later one of the same key takes its place."""
        self._riders[key] = job

    def save_riders(self) -> None:
        """Do not wait for such a commit."""
        self.write(_nothing)

    def stop(self) -> None:
        """Finish what waits, save the riders, close."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            ledger = self._open()
        except Exception as error:  # noqa: BLE001 - it belongs to the thread that waits in `start`
            self._opened.set_exception(error)
            return
        self._opened.set_result(ledger.tip)
        stopping = False
        while not stopping or self._left:
            self._beat()
            group, last = self._collect()
            stopping = stopping or last
            for wish in group:
                if wish.alone:
                    _run_alone(ledger, wish)
            group = [wish for wish in group if not wish.alone]
            if stopping and self._riders:
                group.append(Wish(_nothing, Future()))
            if group:
                ledger = self._commit(ledger, group)
        ledger.connection.close()

    def _open(self) -> Ledger:
        sqlite.make_durable(self._path)
        connection = sqlite.connect_writer(self._path)
        tip = read_tip(connection)
        if tip is None:
            raise sqlite.DatabaseError(f"{self._path} has no epoch")
        return Ledger(connection, self._place, tip, self._now)

    def _collect(self) -> tuple[list[Wish], bool]:
        """The wishes that wait now (after up to 1 s), and whether to stop after them."""
        group, self._left = self._left, []
        try:
            item = self._jobs.get_nowait() if group else self._jobs.get(timeout=1.0)
            while True:
                if item is None:
                    return group, True
                if item.future.set_running_or_notify_cancel():
                    group.append(item)
                if len(group) >= GROUP_MAX:
                    return group, False
                item = self._jobs.get_nowait()
        except Empty:
            return group, False

    def _commit(self, ledger: Ledger, group: list[Wish]) -> Ledger:
        before = ledger.tip = replace(ledger.tip, urgent=())
        riders: dict[str, Job[Any]] = {}
        try:
            changes = ledger.connection.total_changes
            ledger.connection.execute("BEGIN IMMEDIATE")
            done = []
            for wish in group:
                done.append((wish.future, *self._attempt(ledger, wish.job)))
                if ledger.tip.sequence - before.sequence >= ROWS_MAX:
                    break
            if ledger.connection.total_changes != changes or any(wish.job is _nothing for wish in group):
                riders = dict(self._riders)
            for key, rider in riders.items():
                if failure := self._attempt(ledger, rider)[1]:
                    LOG.error("%s was not saved: %s", key, failure)
            ledger.connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - everyone who waits is told, and the thread lives on
            LOG.error("commit failed: %s", error)
            if sqlite.is_damage(error):
                self.on_damage(str(error))
            return self._after_failure(ledger, group, error)
        self._left = group[len(done) :]
        for key, rider in riders.items():
            if self._riders.get(key) is rider:
                del self._riders[key]
        for future, result, failure in done:
            future.set_exception(failure) if failure else future.set_result(result)
        if ledger.tip != before:
            self.on_commit(ledger.tip)
        return ledger

    @staticmethod
    def _attempt(ledger: Ledger, job: Job[Any]) -> tuple[Any, Exception | None]:
        """Run one job in its savepoint: its failure takes back its own rows and nobody else's."""
        tip = ledger.tip
        ledger.connection.execute("SAVEPOINT job")
        try:
            result, failure = job(ledger), None
        except Exception as error:  # noqa: BLE001 - it belongs to the thread that waits, and is raised there
            if isinstance(error, sqlite.Error) and not isinstance(error, sqlite.IntegrityError):
                raise  # the database, not the job, has failed
            ledger.connection.execute("ROLLBACK TO job")
            ledger.tip, result, failure = tip, None, error
        ledger.connection.execute("RELEASE job")
        return result, failure

    def _after_failure(self, ledger: Ledger, group: list[Wish], error: Exception) -> Ledger:
        first, self.failure = self.failure is None, Failure(sqlite.trouble_of(error), str(error))
        for wish in group:
            wish.future.set_exception(IntakeClosed(f"{type(error).__name__}: {error}"))
        if first:
            self.on_failure()
        try:
            ledger.connection.close()
            return self._open()
        except Exception as reopening:  # noqa: BLE001 - the next commit tries again
            LOG.error("the database cannot be opened again: %s", reopening)
            return ledger


def _nothing(_ledger: Ledger) -> None:
    """The job of who only wants the riders saved."""


def _run_alone(ledger: Ledger, wish: Wish) -> None:
    try:
        wish.future.set_result(wish.job(ledger))
    except Exception as error:  # noqa: BLE001 - it belongs to the thread that waits, and is raised there
        wish.future.set_exception(error)
