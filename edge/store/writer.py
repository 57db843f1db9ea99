"""The one writer: it owns the only write connection, and alone checkpoints.

Everyone who waits shares one commit (group commit); where a job of a group fails, all run once more, each in
its savepoint. Who comes while nobody works or waits commits in its own thread, which spares two changes of
thread. Small updates that may be lost without harm (`ride`) wait for a commit that happens anyway. After a
failed COMMIT the connection is opened anew, the numbers are read again, and every waiter gets the error.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar, cast

from drivers.base import IntakeClosed, StoreBusy
from edge.events import Draft, Place
from edge.space import Trouble
from edge.store import sqlite
from edge.store.ledger import Ledger, Tip, read_tip

LOG = logging.getLogger(__name__)
T = TypeVar("T")
Job = Callable[[Ledger], T]
Outcome = tuple[Any, Exception | None]
"""What a job returned, or why its rows are not there."""


class Failure(NamedTuple):
    """Why a commit failed."""

    trouble: Trouble
    text: str


class NotAll(Exception):  # noqa: N818 - no error: a group that has to be run once more
    """A job of a group has failed, and the rows of the others stand in the same transaction."""


class Wish:
    """What somebody waits for. alone: not in the common transaction, such as a checkpoint."""

    __slots__ = ("_done", "alone", "given_up", "job", "outcome")

    def __init__(self, job: Job[Any], alone: bool) -> None:
        self.job, self.alone, self.given_up = job, alone, False
        self.outcome: Outcome = (None, None)
        self._done = threading.Lock()
        self._done.acquire()

    def fulfil(self, outcome: Outcome) -> None:
        """Let who waits go on."""
        self.outcome = outcome
        self._done.release()

    def wait(self, seconds: float) -> Outcome:
        """What became of the job; StoreBusy when that is not known in time."""
        self.given_up = not self._done.acquire(timeout=seconds)
        if self.given_up:
            raise StoreBusy(f"no commit within {seconds:.0f} s")
        return self.outcome


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
        own: Callable[[Draft], Draft],
    ) -> None:
        self._path, self._place = path, place
        self._now, self._beat, self._own = now, beat, own
        self._jobs: SimpleQueue[Wish | None] = SimpleQueue()
        self._left: list[Wish] = []
        self._turn = threading.Lock()
        """Whoever holds it may use the ledger; nobody does before the opening and after the end."""
        self._crowded = False
        """Several waited for the last commit of the thread: they share the next one too."""
        self._turn.acquire()
        self._ledger: Ledger
        self._riders: dict[str, Job[Any]] = {}
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self.on_commit: Callable[[Tip], None] = lambda _tip: None
        self.on_damage: Callable[[str], None] = lambda _what: None
        self.on_failure: Callable[[], None] = lambda: None
        self.failure: Failure | None = None

    def start(self) -> Tip:
        """Open the database and begin; raises what opening raises."""
        self._ledger = self._open()
        self._held = sqlite.hold_open(self._path)
        tip = self._ledger.tip
        self._thread.start()
        self._turn.release()
        return tip

    def write(self, job: Job[T], wait_s: float = WAIT_S, alone: bool = False) -> T:
        """Run `job` in the next commit and return its result when that commit is on disk.

        alone: run it outside of any transaction. StoreBusy after `wait_s`; only who commits in its own thread
        is held as long as the disk holds it.
        """
        if not (alone or self._crowded or self._left) and self._turn.acquire(blocking=False):
            try:
                result, failure = self._commit((job,))[0]
            finally:
                self._turn.release()
        else:
            self._jobs.put(wish := Wish(job, alone))
            result, failure = wish.wait(wait_s)
        if failure:
            raise failure
        return cast("T", result)

    def ride(self, key: str, job: Job[Any]) -> None:
        """Let `job` ride in a commit that writes anyway; a later one of the same key takes its place."""
        self._riders[key] = job

    def save_riders(self) -> None:
        """Let them not wait for such a commit; on disk when this returns."""
        self.write(_nothing)

    def save_riders_soon(self) -> None:
        """The same, and nobody waits for it: where the disk takes nothing now, they ride on."""
        self._jobs.put(Wish(_nothing, False))

    def stop(self) -> None:
        """Finish what waits, save the riders, close."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        stopping = False
        while not stopping or self._left:
            self._beat()
            stopping = self._listen() or stopping
            with self._turn:  # also where nothing is left: if another holds it for ever, the beat must cease
                stopping = self._serve() or stopping
        self._turn.acquire()
        if self._riders:
            self._commit((_nothing,))
        self._held.close()
        self._ledger.connection.close()

    def _open(self) -> Ledger:
        sqlite.make_durable(self._path)
        connection = sqlite.connect_writer(self._path)
        tip = read_tip(connection)
        if tip is None:
            raise sqlite.DatabaseError(f"{self._path} has no epoch")
        return Ledger(connection, self._place, tip, self._now, self._own)

    def _listen(self) -> bool:
        """Wait up to 1 s for a wish where none is left; whether we are told to stop."""
        with suppress(Empty):
            while not self._left:
                item = self._jobs.get(timeout=1.0)
                if item is None:
                    return True
                self._left.append(item)
        return False

    def _serve(self) -> bool:
        """Fulfil the wishes that wait now; whether we are told to stop."""
        stopping = False
        with suppress(Empty):
            while len(self._left) < GROUP_MAX and not stopping:
                item = self._jobs.get_nowait()
                stopping = item is None
                if item:
                    self._left.append(item)
        group = []
        for wish in self._left:
            if wish.alone:
                wish.fulfil(self._run_alone(wish.job))
            elif not wish.given_up:
                group.append(wish)
        self._left, self._crowded = [], len(group) > 1
        if group:
            outcomes = self._commit([wish.job for wish in group])
            self._left = group[len(outcomes) :]
            for wish, outcome in zip(group, outcomes, strict=False):
                wish.fulfil(outcome)
        return stopping

    def _commit(self, jobs: Sequence[Job[Any]]) -> list[Outcome]:
        """One transaction for as many of the jobs as it takes, and what became of those."""
        ledger = self._ledger
        if ledger.tip.urgent:
            ledger.tip = replace(ledger.tip, urgent=())
        before = ledger.tip
        riders: dict[str, Job[Any]] = {}
        try:
            changes = ledger.connection.total_changes
            ledger.connection.execute("BEGIN IMMEDIATE")
            try:
                outcomes = _run_all(ledger, jobs, _plainly)
            except NotAll:
                ledger.connection.execute("ROLLBACK")
                ledger.tip = before
                ledger.connection.execute("BEGIN IMMEDIATE")
                outcomes = _run_all(ledger, jobs, _apart)
            if ledger.connection.total_changes != changes or _nothing in jobs:
                riders = dict(self._riders)
            for key, rider in riders.items():
                if failure := _apart(ledger, rider)[1]:
                    LOG.error("%s was not saved: %s", key, failure)
            ledger.connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - everyone who waits is told, and the thread lives on
            self._after_failure(error)
            return [(None, IntakeClosed(f"{type(error).__name__}: {error}")) for _job in jobs]
        for key, rider in riders.items():
            if self._riders.get(key) is rider:
                del self._riders[key]
        if ledger.tip != before:
            self.on_commit(ledger.tip)
        return outcomes

    def _run_alone(self, job: Job[Any]) -> Outcome:
        try:
            return job(self._ledger), None
        except Exception as error:  # noqa: BLE001 - it belongs to the thread that waits, and is raised there
            return None, error

    def _after_failure(self, error: Exception) -> None:
        LOG.error("commit failed: %s", error)
        if sqlite.is_damage(error):
            self.on_damage(str(error))
        first, self.failure = self.failure is None, Failure(sqlite.trouble_of(error), str(error))
        if first:
            self.on_failure()
        try:
            self._ledger.connection.close()
            self._ledger = self._open()
        except Exception as reopening:  # noqa: BLE001 - the next commit tries again
            LOG.error("the database cannot be opened again: %s", reopening)


def _run_all(
    ledger: Ledger, jobs: Sequence[Job[Any]], run: Callable[[Ledger, Job[Any]], Outcome]
) -> list[Outcome]:
    """Run the jobs in turn, until they have brought ROWS_MAX rows."""
    enough = ledger.tip.sequence + ROWS_MAX
    outcomes = []
    for job in jobs:
        outcomes.append(run(ledger, job))
        if ledger.tip.sequence >= enough:
            break
    return outcomes


def _plainly(ledger: Ledger, job: Job[Any]) -> Outcome:
    """Run one job without a savepoint, which costs a tenth of it; NotAll when it fails."""
    try:
        return job(ledger), None
    except Exception as error:  # noqa: BLE001 - all begin anew, and then it is told
        if _is_ours(error):
            raise
        raise NotAll from error


def _apart(ledger: Ledger, job: Job[Any]) -> Outcome:
    """Run one job in its savepoint: its failure takes back its own rows and nobody else's."""
    tip = ledger.tip
    ledger.connection.execute("SAVEPOINT job")
    outcome: Outcome
    try:
        outcome = job(ledger), None
    except Exception as error:  # noqa: BLE001 - it belongs to the thread that waits, and is raised there
        if _is_ours(error):
            raise
        ledger.connection.execute("ROLLBACK TO job")
        ledger.tip, outcome = tip, (None, error)
    ledger.connection.execute("RELEASE job")
    return outcome


def _nothing(_ledger: Ledger) -> None:
    """The job of who only wants the riders saved."""


def _is_ours(error: Exception) -> bool:
    """Whether the database, not the job, has failed."""
    return isinstance(error, sqlite.Error) and not isinstance(error, sqlite.IntegrityError)
