"""The consumer's database, as SQL and nothing else: what SQLite must be told for each step of `ledger.py`.

events   what counts, once per id, for ever the first copy.
withheld numbers that are settled without their event; it may still come, and then leaves this table.
ledgers  per source and epoch: committed without a gap up to where, chain hash there.
numbers  the hash of each number up to there; waiting: bodies of numbers above it, and where it is only
         word of a withheld event, the event's own hash and chain.
refused  what could not be used, with its bytes (without a number: the first `GARBAGE_KEPT` of them).
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from edge.contract import RANGES_MAX, Event, Range, Refusal
from edge.events import event_type
from edge.payloads import EventWithheld, HashAlg
from edge.store import sqlite

GARBAGE_KEPT = 4096
CACHE_KB = 64 << 10
"""Ids are spread over their whole index: with SQLite's own 2 MB each new one is read from the disk."""
_SCHEMA_1 = """
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
_SCHEMA_2 = """
ALTER TABLE waiting ADD COLUMN hash BLOB;
ALTER TABLE waiting ADD COLUMN chain BLOB;
CREATE TABLE withheld (
    ledger INTEGER NOT NULL, sequence INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
    size INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (ledger, sequence)) STRICT;
CREATE INDEX withheld_id ON withheld (id);
"""
SCHEMAS = (_SCHEMA_1, _SCHEMA_2)
"""What each version adds to the one before; `PRAGMA user_version` is how many of them are there."""
_ISLANDS = """
SELECT min(sequence), max(sequence) FROM (
    SELECT sequence, sequence - row_number() OVER (ORDER BY sequence) AS island
    FROM waiting WHERE ledger = ?)
GROUP BY island ORDER BY 1
"""


class Link(NamedTuple):
    """What extends the chain by one number: a body; or word that it is withheld, with its hash and chain."""

    body: bytes
    hash: bytes | None = None
    chain: bytes | None = None


class DatabaseNewer(Exception):
    """The database was written by a newer release; it was not touched."""


class Tables:
    """One open database, made if it is not there; every method runs inside `transaction`."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite.connect_writer(path)
        self._settled: list[tuple[int, int, bytes]] = []
        """Hashes of numbers settled in this transaction and not yet written."""
        try:
            self._db.execute(f"PRAGMA cache_size = -{CACHE_KB}")
            self._make(path)
        except BaseException:  # whatever it was, nothing stays open and it goes on
            self._db.close()
            raise

    def _make(self, path: Path) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        newest = len(SCHEMAS)
        if version > newest:
            raise DatabaseNewer(f"{path}: schema {version}, this release knows {newest}")
        if version < newest:
            steps = "".join(SCHEMAS[version:])
            self._db.executescript(f"BEGIN IMMEDIATE; {steps} PRAGMA user_version = {newest}; COMMIT;")

    def close(self) -> None:
        """Let the database go."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; on disk when it ends without an error."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._write_settled()
            self._db.execute("COMMIT")
        except BaseException:  # whatever it was, nothing stays open and it goes on
            self._settled.clear()
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def add_event(self, event: Event, sequence: int, body: bytes) -> bool:
        """Whether no event of this id was there."""
        row = (event.id, event.source, event.epoch, sequence, event.type, event.time, body.decode())
        insert = "INSERT INTO events (id, source, epoch, sequence, type, time, body)"
        done = self._db.execute(f"{insert} VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING", row)
        return done.rowcount == 1

    def refuse(self, ledger: int, sequence: int, topic: str, body: bytes, reason: str) -> None:
        """Keep a numbered event that cannot be used."""
        self._refuse(ledger, sequence, topic, body, body, reason)

    def use(self, ledger: int, sequence: int) -> None:
        """A number that was refused can be used after all."""
        self._db.execute("DELETE FROM refused WHERE ledger = ? AND sequence = ?", (ledger, sequence))

    def withhold(self, ledger: int, sequence: int, told: EventWithheld) -> None:
        """Keep what is known of an event that does not come, unless it is here under another number."""
        row = (ledger, sequence, told.event_id, told.event_type, told.size, told.reason, told.detail)
        self._db.execute(
            "INSERT INTO withheld SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7"
            " WHERE NOT EXISTS (SELECT 1 FROM events WHERE id = ?3)",
            row,
        )

    def arrive(self, event_id: str) -> None:
        """An event that was withheld is here."""
        self._db.execute("DELETE FROM withheld WHERE id = ?", (event_id,))

    def give_up(self, ledger: int, sequence: int) -> None:
        """What was said of a withheld number is not true."""
        self._db.execute("DELETE FROM withheld WHERE ledger = ? AND sequence = ?", (ledger, sequence))

    def awaits(self) -> bool:
        """Whether any event is withheld."""
        (any_withheld,) = self._db.execute("SELECT EXISTS (SELECT 1 FROM withheld)").fetchone()
        return bool(any_withheld)

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
        """Bodies up to `last` are in the chain now."""
        self._db.execute("DELETE FROM waiting WHERE ledger = ? AND sequence <= ?", (ledger, last))

    def islands(self, ledger: int) -> list[Range]:
        """Which numbers wait, as ranges."""
        return [(first, last) for first, last in self._db.execute(_ISLANDS, (ledger,))]

    def settle(self, ledger: int, sequence: int, body_hash: bytes) -> None:
        """Write down the hash of the next number; many at once take half the time."""
        self._settled.append((ledger, sequence, body_hash))

    def _write_settled(self) -> None:
        self._db.executemany("INSERT INTO numbers VALUES (?, ?, ?)", self._settled)
        self._settled.clear()

    def body_hash(self, ledger: int, sequence: int) -> bytes | None:
        """The hash of a settled number."""
        self._write_settled()
        row = self._db.execute(
            "SELECT hash FROM numbers WHERE ledger = ? AND sequence = ?", (ledger, sequence)
        ).fetchone()
        return row[0] if row else None

    def halls(self) -> list[tuple[str, str, int]]:
        """Each source with its present epoch and the newest receipt number."""
        return self._db.execute("SELECT source, epoch, n FROM halls").fetchall()

    def save_hall(self, source: str, epoch: str, n: int) -> None:
        """Write down a source's present epoch and newest receipt number."""
        self._db.execute("INSERT OR REPLACE INTO halls VALUES (?, ?, ?)", (source, epoch, n))

    def ledger(self, source: str, epoch: str) -> tuple[int, int, bytes, HashAlg | None] | None:
        """`(key, upto, head, hash_alg)` of a ledger."""
        row: tuple[int, int, bytes, HashAlg | None] | None = self._db.execute(
            "SELECT key, upto, head, hash_alg FROM ledgers WHERE source = ? AND epoch = ?", (source, epoch)
        ).fetchone()
        return row

    def add_ledger(self, source: str, epoch: str) -> int:
        """Begin a ledger; its key."""
        insert = "INSERT INTO ledgers (source, epoch, upto, head) VALUES (?, ?, 0, x'')"
        key = self._db.execute(insert, (source, epoch)).lastrowid
        assert key is not None  # noqa: S101 - after an INSERT there is one
        return key

    def save_ledger(self, key: int, upto: int, head: bytes, hash_alg: HashAlg | None) -> None:
        """Write down how far a ledger is without a gap."""
        self._db.execute(
            "UPDATE ledgers SET upto = ?, head = ?, hash_alg = ? WHERE key = ?", (upto, head, hash_alg, key)
        )


def count(path: Path, kind: str | None = None) -> int:
    """How many events a consumer's database holds, of one kind (`attendance.punch`) or of all. Read-only."""
    with closing(sqlite.connect_reader(path)) as db:
        if kind is None:
            row = db.execute("SELECT count(*) FROM events").fetchone()
        else:
            row = db.execute("SELECT count(*) FROM events WHERE type = ?", (event_type(kind),)).fetchone()
    return int(row[0])
