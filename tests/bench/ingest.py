"""P1: what one durable accept costs, beside SQLite itself; what 32 terminals share.

The limit is SQLite (the same library) executing the very statements the store executes, in the same commits:
they are recorded from `edge.store`, so that they cannot drift apart. The limit neither normalizes nor hashes,
and has no second thread.
"""

import itertools
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from edge.store import Intake, Store, sqlite
from edge.store.epochs import Opening, begin
from edge.store.intake import take
from edge.store.ledger import Ledger, Tip
from edge.store.schema import TABLES_1
from tests.bench.measure import Line, Scale, in_turn, line, seconds
from tests.bench.site import CLOCK, PLACE, intake, opened

DEVICES = 32
SLICES = 7
"""Rounds for each one asked for."""
T = TypeVar("T")
Statement = tuple[str, tuple[object, ...]]


class Recording:
    """A connection that remembers what it executes."""

    def __init__(self, connection: sqlite.Connection) -> None:
        self._connection = connection
        self.statements: list[Statement] = []

    def execute(self, sql: str, values: tuple[object, ...] = ()) -> sqlite.Cursor:
        """As a connection does."""
        self.statements.append((sql, values))
        return self._connection.execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        """As a connection does."""
        for values in rows:
            self.execute(sql, values)


class Raw:
    """Plain SQLite with the store's tables: no thread, no hash, only the statements."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite.connect_writer(path)
        self.connection.executescript(TABLES_1)

    def commit_all(self, commits: Sequence[Sequence[Statement]]) -> None:
        """Execute each group of statements in one durable commit."""
        for statements in commits:
            self.commit(statements)

    def commit(self, statements: Sequence[Statement]) -> None:
        """Execute them in one durable commit."""
        execute = self.connection.execute
        execute("BEGIN IMMEDIATE")
        for sql, values in statements:
            execute(sql, values).fetchall()
        execute("COMMIT")


def recorded(intakes: Sequence[Intake]) -> list[list[Statement]]:
    """What the store executes for each of them."""
    found = []
    with closing(sqlite.connect_writer(":memory:")) as connection:
        connection.executescript(TABLES_1)
        opened = Ledger(connection, PLACE, Tip(0, "", "sha256", 0, b""), CLOCK.now)
        begin(opened, Opening("new_database", "sha256"))
        tip = opened.tip
        for each in intakes:
            recording = Recording(connection)
            ledger = Ledger(recording, PLACE, tip, CLOCK.now)  # type: ignore[arg-type]
            take(ledger, each)
            tip = ledger.tip
            found.append(recording.statements)
    return found


def body_of(statements: Sequence[Statement]) -> str:
    """The body among the values of the one INSERT into the log."""
    (values,) = (values for sql, values in statements if sql.startswith("INSERT INTO event"))
    return str(values[2])


def benchmarks(scale: Scale) -> Iterator[Line]:
    """P1."""
    yield _single(scale)
    yield _crowd(scale)


def _single(scale: Scale) -> Line:
    """Short slices in turn: a commit is so short that one busy second would spoil a long round."""
    rounds, size = scale.of(SLICES, 1) * scale.repeat, scale.of(100, 40)
    intakes = [intake(number) for number in range(rounds * size)]
    ours = iter(_slices(intakes, size))
    theirs = iter(_slices(recorded(intakes), size))
    raw = Raw(scale.folder / "p1-raw.db")
    with closing(raw.connection), opened(scale.folder / "p1-single") as store:
        result = in_turn(
            rounds,
            lambda: size / seconds(lambda: _take_all(store, next(ours))),
            lambda: size / seconds(lambda: raw.commit_all(next(theirs))),
        )
    return line("p1.single_accept", "events/s", result, "SQLite, same statements and commits", ">= 0.8")


def _crowd(scale: Scale) -> Line:
    size = scale.of(100, 40)
    numbers = itertools.count(0, size)
    with opened(scale.folder / "p1-crowd") as store:
        result = in_turn(
            scale.of(SLICES, 1) * scale.repeat,
            lambda: DEVICES * size / _crowd_s(store, next(numbers), size, DEVICES),
            lambda: size / _crowd_s(store, next(numbers), size, devices=1),
        )
    return line(f"p1.accept_{DEVICES}_devices", "events/s", result, "one caller", ">= 2")


def _slices(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _take_all(store: Store, intakes: Sequence[Intake]) -> None:
    for each in intakes:
        store.take(each)


def _crowd_s(store: Store, first: int, size: int, devices: int) -> float:
    """How long so many devices together take, each with a thread of its own."""
    days = [_day(first, size, f"SN{device:03}") for device in range(devices)]
    threads = [threading.Thread(target=_take_all, args=(store, day)) for day in days]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def _day(first: int, size: int, serial: str) -> list[Intake]:
    return [intake(number, serial) for number in range(first, first + size)]
