"""The consumer's books in a SQLite file: its statements for each step of `ledger.py`. One process."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from edge.consume import sqlite_schema as sql
from edge.consume.database import (
    DatabaseFails,
    DatabaseNewer,
    EventRow,
    HallRow,
    LedgerRow,
    Link,
    StateRow,
    Tables,
)
from edge.consume.sqlite_unused import SqliteUnused
from edge.contract import Range
from edge.events import event_type
from edge.store import sqlite

CACHE_KB = 64 << 10
"""Ids are spread over their whole index: with SQLite's own 2 MB each new one is read from the disk."""
CHECKPOINT_PAGES = 4000
"""As many as a WAL file is cut back to. The same pages of ids go to the database file less often."""
SCHEMA_VERSION = len(sql.STEPS)


class SqliteTables(SqliteUnused, Tables):
    """One open file, made if it is not there and not `read_only`."""

    def __init__(self, path: Path, read_only: bool = False) -> None:
        with _failing():
            self._db = sqlite.connect_reader(path) if read_only else sqlite.connect_writer(path)
            try:
                self._db.execute(f"PRAGMA cache_size = -{CACHE_KB}")
                self._db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
                self._make(path, read_only)
            except BaseException:  # whatever it was, nothing stays open and it goes on
                self._db.close()
                raise

    def _make(self, path: Path, read_only: bool) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise DatabaseNewer(f"{path}: schema {version}, this release knows {SCHEMA_VERSION}")
        if read_only and version < SCHEMA_VERSION:
            raise DatabaseFails(f"{path}: schema {version}; a consumer of this release must open it first")
        for number, step in enumerate(sql.STEPS[version:], version + 1):
            self._db.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")

    def close(self) -> None:
        """Let the database go."""
        self._db.close()

    def transaction(self, sources: Collection[str]) -> AbstractContextManager[None]:
        """All or nothing; on disk when it ends without an error. It shuts out everybody, for all halls."""
        return self._within("BEGIN IMMEDIATE")

    def snapshot(self) -> AbstractContextManager[None]:
        """Read what was committed at one moment."""
        return self._within("BEGIN")

    @contextmanager
    def _within(self, begin: str) -> Iterator[None]:
        with _failing():
            self._db.execute(begin)
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:  # whatever it was, nothing stays open and it goes on
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def add_events(self, rows: Sequence[EventRow]) -> set[str]:
        """Keep events of different ids; returns those ids that were there already."""
        (newest,) = self._db.execute("SELECT coalesce(max(number), 0) FROM events").fetchone()
        if self._db.executemany(sql.ADD_EVENT, rows).rowcount == len(rows):
            return set()
        new = {name for (name,) in self._db.execute("SELECT id FROM events WHERE number > ?", (newest,))}
        return {row.id for row in rows} - new

    def wait(self, ledger: int, sequence: int, link: Link) -> None:
        """Keep what came above a gap, for the chain."""
        self._db.execute("INSERT INTO waiting VALUES (?, ?, ?, ?, ?)", (ledger, sequence, *link))

    def waiting(self, ledger: int, first: int, last: int) -> Iterable[tuple[int, Link]]:
        """What is kept from `first` to `last`, in order."""
        for sequence, *link in self._db.execute(
            "SELECT sequence, body, hash, chain FROM waiting "
            "WHERE ledger = ? AND sequence BETWEEN ? AND ? ORDER BY sequence",
            (ledger, first, last),
        ):
            yield sequence, Link(*link)

    def waited(self, ledger: int, last: int) -> None:
        """What waits up to `last` is in the chain now, or given up."""
        self._db.execute("DELETE FROM waiting WHERE ledger = ? AND sequence <= ?", (ledger, last))

    def islands(self, ledger: int) -> list[Range]:
        """Which numbers wait, as ranges."""
        return [(first, last) for first, last in self._db.execute(sql.ISLANDS, (ledger,))]

    def settle(self, ledger: int, first: int, hashes: bytes) -> None:
        """Write down the hashes of the numbers from `first` on."""
        self._db.execute("INSERT INTO numbers VALUES (?, ?, ?)", (ledger, first, hashes))

    def hashes(self, ledger: int, sequence: int) -> tuple[int, bytes]:
        """The run of settled numbers that `sequence` stands in: its first, its hashes."""
        first, hashes = self._db.execute(sql.HASHES, (ledger, sequence)).fetchone()
        return first, hashes

    def halls(self, sources: Collection[str] | None = None) -> list[HallRow]:
        """These halls, or all."""
        select = "SELECT source, epoch, n, sent_to FROM halls"
        if sources is None:
            return [HallRow(*row) for row in self._db.execute(select)]
        found = (self._db.execute(f"{select} WHERE source = ?", (source,)).fetchone() for source in sources)
        return [HallRow(*row) for row in found if row]

    def save_halls(self, rows: Collection[HallRow]) -> None:
        """Write down halls."""
        insert = "INSERT OR REPLACE INTO halls (source, epoch, n, sent_to) VALUES (?, ?, ?, ?)"
        self._db.executemany(insert, rows)

    def lacking(self) -> list[tuple[str, int]]:
        """The halls that may lack numbers of their present epoch, and up to where none is missing."""
        return self._db.execute(sql.LACKING).fetchall()

    def ledger(self, source: str, epoch: str) -> LedgerRow | None:
        """A ledger, if it was begun."""
        row = self._db.execute(
            "SELECT key, upto, head, hash_alg FROM ledgers WHERE source = ? AND epoch = ?", (source, epoch)
        ).fetchone()
        return LedgerRow(*row) if row else None

    def add_ledger(self, source: str, epoch: str) -> int:
        """Begin a ledger; its key."""
        insert = "INSERT INTO ledgers (source, epoch, upto, head) VALUES (?, ?, 0, x'')"
        key = self._db.execute(insert, (source, epoch)).lastrowid
        assert key is not None  # noqa: S101 - after an INSERT there is one
        return key

    def save_ledger(self, row: LedgerRow) -> None:
        """Write down how far a ledger is without a gap."""
        update = "UPDATE ledgers SET upto = ?, head = ?, hash_alg = ? WHERE key = ?"
        self._db.execute(update, (row.upto, row.head, row.hash_alg, row.key))

    def save_state(self, source: str, word: str, body: bytes) -> None:
        """Keep what a hall says of itself."""
        self._db.execute(sql.SAVE_STATE, (source, word, body))

    def states(self) -> list[StateRow]:
        """What every hall last said of itself."""
        return [StateRow(*row) for row in self._db.execute(sql.STATES)]

    def lease(self, name: str, holder: str) -> bool:  # noqa: ARG002
        """Always: a file has one consumer."""
        return True

    def count(self, kind: str | None) -> int:
        """How many events there are, of one kind or of all."""
        where, values = ("WHERE type = ?", (event_type(kind),)) if kind else ("", ())
        (number,) = self._db.execute(f"SELECT count(*) FROM events {where}", values).fetchone()  # noqa: S608
        return int(number)


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except sqlite.Error as error:
        raise DatabaseFails(str(error)) from error
