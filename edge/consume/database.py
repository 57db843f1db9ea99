"""The door between the consumer's rules and the database that keeps its books: SQLite or PostgreSQL.

`Tables` is what a database must be able to do, `open_tables` finds the one that a setting names. SQLite
serves one process; PostgreSQL several workers, which a lock per hall keeps apart.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

from edge.contract import Range, Refusal
from edge.payloads import EventWithheld, HashAlg

POSTGRES = ("postgresql://", "postgres://")
GARBAGE_KEPT = 4096
"""Bytes kept of what settles no number."""
HASH_BYTES = 32
"""Of every HashAlg."""
PARKED_MAX = 1000
LEASE_S = 15.0
"""How long a lease stands that is not renewed; a worker renews it between two batches."""

Database = Path | str
"""A SQLite file, or the URL of a PostgreSQL database, without its password."""


class DatabaseNewer(Exception):
    """The database was written by a newer release; it was not touched."""


class DatabaseFails(Exception):
    """The database could not do it; nothing was changed. Later it may."""


class HallRow(NamedTuple):
    """A source with its present epoch, its newest receipt number, and what it says it sent in that epoch."""

    source: str
    epoch: str
    n: int
    sent_to: int


class LedgerRow(NamedTuple):
    """A ledger: committed without a gap up to `upto`, chain hash there."""

    key: int
    upto: int
    head: bytes
    hash_alg: HashAlg | None


class Link(NamedTuple):
    """What extends the chain by one number: a body; or word that it is withheld, with its hash and chain."""

    body: bytes
    hash: bytes | None = None
    chain: bytes | None = None


class EventRow(NamedTuple):
    """An event on its way into `events`, column by column."""

    id: str
    source: str
    epoch: str
    sequence: int
    type: str
    time: str
    body: str


class WithheldRow(NamedTuple):
    """What is known of an event that does not come."""

    ledger: int
    sequence: int
    told: EventWithheld


class StateRow(NamedTuple):
    """What a hall last said of itself. since: of the word in it; heard: of the whole. UTC, by the database.

    upto: confirmed in the present epoch.
    """

    source: str
    since: str
    heard: str
    body: bytes
    upto: int | None


class Tables(Protocol):
    """One open database. All but `close` runs in `transaction` or `snapshot`; errors are DatabaseFails."""

    def close(self) -> None:
        """Let the database go."""

    def transaction(self, sources: Collection[str]) -> AbstractContextManager[None]:
        """All or nothing, on disk when it ends without an error; nobody else changes these halls."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Read what was committed at one moment."""

    def halls(self, sources: Collection[str] | None = None) -> list[HallRow]:
        """These halls, or all."""

    def save_halls(self, rows: Collection[HallRow]) -> None:
        """Write down halls."""

    def lacking(self) -> list[tuple[str, int]]:
        """The halls that may lack numbers of their present epoch, and up to where none is missing."""

    def ledger(self, source: str, epoch: str) -> LedgerRow | None:
        """A ledger, if it was begun."""

    def add_ledger(self, source: str, epoch: str) -> int:
        """Begin a ledger; its key."""

    def save_ledger(self, row: LedgerRow) -> None:
        """Write down how far a ledger is without a gap."""

    def settle(self, ledger: int, first: int, hashes: bytes) -> None:
        """Write down the hashes of the numbers from `first` on, HASH_BYTES each."""

    def hashes(self, ledger: int, sequence: int) -> tuple[int, bytes]:
        """The run of settled numbers that `sequence` stands in, as it was written: its first, its hashes."""

    def wait(self, ledger: int, sequence: int, link: Link) -> None:
        """Keep what came above a gap, for the chain."""

    def waiting(self, ledger: int, first: int, last: int) -> Iterable[tuple[int, Link]]:
        """What is kept from `first` to `last`, in order."""

    def waited(self, ledger: int, last: int) -> None:
        """What waits up to `last` is in the chain now, or given up."""

    def islands(self, ledger: int) -> list[Range]:
        """Which numbers wait, as ranges."""

    def add_events(self, rows: Sequence[EventRow]) -> set[str]:
        """Keep events of different ids; returns those ids that were there already."""

    def refuse(self, ledger: int, sequence: int, topic: str, body: bytes, reason: str) -> None:
        """Keep a numbered event that cannot be used."""

    def use(self, numbers: Collection[tuple[int, int]]) -> None:
        """Of these `(ledger, sequence)`, those that were refused can be used after all."""

    def discard(self, topic: str, body: bytes, reason: str) -> bool:
        """Keep the beginning of what has no number; whether it was not there."""

    def refusals(self, ledger: int, after: int) -> list[Refusal]:
        """The next refused numbers above `after`, as many as a receipt holds."""

    def withhold(self, rows: Collection[WithheldRow]) -> None:
        """Keep word of withheld events, but of those that are here under another number."""

    def parked(self, ledger: int) -> list[int]:
        """The numbers, in order, that are withheld because they are parked; PARKED_MAX at most."""

    def awaits(self) -> bool:
        """Whether any event is withheld; what others withhold until the transaction ends sees its events."""

    def arrive(self, ids: Collection[str]) -> bool:
        """Of these events, those that were withheld are here; whether there are any."""

    def give_up(self, ledger: int, sequence: int) -> None:
        """What was said of a withheld number is not true."""

    def save_state(self, source: str, word: str, body: bytes) -> None:
        """Keep what a hall says of itself; `word` is its state in one word."""

    def states(self) -> list[StateRow]:
        """What every hall last said of itself."""

    def lease(self, name: str, holder: str) -> bool:
        """Take or keep a lease for LEASE_S; whether it is `holder`'s now."""

    def count(self, kind: str | None) -> int:
        """How many events there are, of one kind (`attendance.punch`) or of all."""


def is_postgres(database: Database) -> bool:
    """Whether this names a PostgreSQL database."""
    return str(database).startswith(POSTGRES)


def open_tables(database: Database, password_file: Path | None = None, read_only: bool = False) -> Tables:
    """Open a database, made if not there and not `read_only`; DatabaseFails or DatabaseNewer."""
    if is_postgres(database):
        from edge.consume.postgres import PostgresTables

        return PostgresTables(str(database), password_file, read_only)
    from edge.consume.tables import SqliteTables

    return SqliteTables(Path(database), read_only)


def count(database: Database, kind: str | None = None, password_file: Path | None = None) -> int:
    """How many events a consumer's database holds, of one kind (`attendance.punch`) or of all. Read-only."""
    tables = open_tables(database, password_file, read_only=True)
    try:
        with tables.snapshot():
            return tables.count(kind)
    finally:
        tables.close()
