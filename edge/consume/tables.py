"""The consumer's books in a SQLite file: what its statements are for each step of `ledger.py`. One process.

events   what counts, once per id, for ever the first copy.
ledgers  per source and epoch: committed without a gap up to where, chain hash there.
numbers  the hash of each number up to there; waiting: bodies of numbers above it.
refused  what could not be used, with its bytes (without a number: the first `GARBAGE_KEPT` of them).
states   what each hall last said of itself.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from edge.consume.database import (
    DatabaseFails,
    DatabaseNewer,
    EventRow,
    HallRow,
    LedgerRow,
    StateRow,
    Tables,
)
from edge.contract import RANGES_MAX, Event, Range, Refusal
from edge.events import event_type
from edge.store import sqlite

GARBAGE_KEPT = 4096
CACHE_KB = 64 << 10
"""Ids are spread over their whole index: with SQLite's own 2 MB each new one is read from the disk."""
_SCHEMA = """
CREATE TABLE events (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, epoch TEXT NOT NULL,
    sequence INTEGER NOT NULL, type TEXT NOT NULL, time TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE halls (
    source TEXT PRIMARY KEY, epoch TEXT NOT NULL, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE ledgers (
    key INTEGER PRIMARY KEY, source TEXT NOT NULL, epoch TEXT NOT NULL, upto INTEGER NOT NULL,
    head BLOB NOT NULL, hash_alg TEXT, UNIQUE (source, epoch)) STRICT;
CREATE TABLE numbers (
    ledger INTEGER NOT NULL, sequence INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (ledger, sequence)) STRICT, WITHOUT ROWID;
CREATE TABLE waiting (
    ledger INTEGER NOT NULL, sequence INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (ledger, sequence)) STRICT;
CREATE TABLE refused (
    number INTEGER PRIMARY KEY, ledger INTEGER, sequence INTEGER, topic TEXT NOT NULL,
    reason TEXT NOT NULL, length INTEGER NOT NULL, sha256 BLOB NOT NULL, body BLOB NOT NULL,
    UNIQUE (ledger, sequence)) STRICT;
CREATE UNIQUE INDEX refused_garbage ON refused (topic, sha256) WHERE ledger IS NULL;
"""
_STATES = """
ALTER TABLE halls ADD COLUMN sent_to INTEGER NOT NULL DEFAULT 0;
CREATE TABLE states (
    source TEXT PRIMARY KEY, word TEXT NOT NULL, since TEXT NOT NULL, heard TEXT NOT NULL,
    body BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""
_STEPS = (_SCHEMA, _STATES)
"""Step n leads to schema version n."""
SCHEMA_VERSION = len(_STEPS)
_SAVE_STATE = """
INSERT INTO states VALUES (?1, ?2, datetime(), datetime(), ?3) ON CONFLICT (source) DO UPDATE SET
    since = iif(word = ?2, since, datetime()), heard = datetime(), word = ?2, body = ?3
"""
_STATE_ROWS = """
SELECT source, since, heard, body, upto FROM states
LEFT JOIN halls USING (source) LEFT JOIN ledgers USING (source, epoch)
"""
_LACKING = """
SELECT source, upto FROM halls JOIN ledgers USING (source, epoch)
WHERE upto < sent_to OR EXISTS (SELECT 1 FROM waiting WHERE ledger = key)
"""
_ISLANDS = """
SELECT min(sequence), max(sequence) FROM (
    SELECT sequence, sequence - row_number() OVER (ORDER BY sequence) AS island
    FROM waiting WHERE ledger = ?)
GROUP BY island ORDER BY 1
"""


class SqliteTables(Tables):
    """One open file, made if it is not there and not `read_only`."""

    def __init__(self, path: Path, read_only: bool = False) -> None:
        self._settled: list[tuple[int, int, bytes]] = []
        """Hashes of numbers settled in this transaction and not yet written."""
        with _failing():
            self._db = sqlite.connect_reader(path) if read_only else sqlite.connect_writer(path)
            try:
                self._db.execute(f"PRAGMA cache_size = -{CACHE_KB}")
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
        for number, step in enumerate(_STEPS[version:], version + 1):
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
                self._write_settled()
                self._db.execute("COMMIT")
            except BaseException:  # whatever it was, nothing stays open and it goes on
                self._settled.clear()
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def add_events(self, rows: Collection[EventRow]) -> set[str]:
        """Keep events of different ids; the ids that were not there."""
        return {event.id for event, sequence, body in rows if self._add(event, sequence, body)}

    def _add(self, event: Event, sequence: int, body: bytes) -> bool:
        row = (event.id, event.source, event.epoch, sequence, event.type, event.time, body.decode())
        insert = "INSERT INTO events (id, source, epoch, sequence, type, time, body)"
        done = self._db.execute(f"{insert} VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING", row)
        return done.rowcount == 1

    def refuse(self, ledger: int, sequence: int, topic: str, body: bytes, reason: str) -> None:
        """Keep a numbered event that cannot be used."""
        self._refuse(ledger, sequence, topic, body, body, reason)

    def discard(self, topic: str, body: bytes, reason: str) -> bool:
        """Keep the beginning of what has no number; whether it was not there."""
        return self._refuse(None, None, topic, body, body[:GARBAGE_KEPT], reason)

    def _refuse(
        self, ledger: int | None, sequence: int | None, topic: str, body: bytes, kept: bytes, reason: str
    ) -> bool:
        row = (ledger, sequence, topic, reason, len(body), hashlib.sha256(body).digest(), kept)
        insert = "INSERT INTO refused (ledger, sequence, topic, reason, length, sha256, body)"
        done = self._db.execute(f"{insert} VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
        return done.rowcount == 1

    def refusals(self, ledger: int, after: int) -> list[Refusal]:
        """The next refused numbers above `after`, as many as a receipt holds."""
        rows = self._db.execute(
            "SELECT sequence, reason FROM refused "
            "WHERE ledger = ? AND sequence > ? ORDER BY sequence LIMIT ?",
            (ledger, after, RANGES_MAX),
        )
        return [Refusal(sequence, reason) for sequence, reason in rows]

    def wait(self, ledger: int, sequence: int, body: bytes) -> None:
        """Keep a body above a gap, for the chain."""
        self._db.execute("INSERT INTO waiting VALUES (?, ?, ?)", (ledger, sequence, body))

    def waiting(self, ledger: int, first: int, last: int) -> Iterable[tuple[int, bytes]]:
        """The bodies kept from `first` to `last`, in order."""
        yield from self._db.execute(
            "SELECT sequence, body FROM waiting "
            "WHERE ledger = ? AND sequence BETWEEN ? AND ? ORDER BY sequence",
            (ledger, first, last),
        )

    def waited(self, ledger: int, last: int) -> None:
        """Bodies up to `last` are in the chain now."""
        self._db.execute("DELETE FROM waiting WHERE ledger = ? AND sequence <= ?", (ledger, last))

    def islands(self, ledger: int) -> list[Range]:
        """Which numbers wait, as ranges."""
        return [(first, last) for first, last in self._db.execute(_ISLANDS, (ledger,))]

    def settle(self, ledger: int, sequence: int, body_hash: bytes) -> None:
        """Write down the hash of the next number; many at once take half the time."""
        self._settled.append((ledger, sequence, body_hash))

    def _write_settled(self) -> None:
        if self._settled:
            self._db.executemany("INSERT INTO numbers VALUES (?, ?, ?)", self._settled)
            self._settled.clear()

    def body_hash(self, ledger: int, sequence: int) -> bytes | None:
        """The hash of a settled number."""
        self._write_settled()
        row = self._db.execute(
            "SELECT hash FROM numbers WHERE ledger = ? AND sequence = ?", (ledger, sequence)
        ).fetchone()
        return row[0] if row else None

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
        return self._db.execute(_LACKING).fetchall()

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
        self._db.execute(_SAVE_STATE, (source, word, body))

    def states(self) -> list[StateRow]:
        """What every hall last said of itself."""
        return [StateRow(*row) for row in self._db.execute(_STATE_ROWS)]

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
