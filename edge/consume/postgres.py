"""The consumer's books in PostgreSQL, for several workers at once. Same steps as `tables.py`.

A transaction first takes an advisory lock for each of its halls, in one order for all workers. What it writes
row by row is gathered and goes over in bulk at its end: a round trip for each event would cost more than all
the rest. After a lost connection the next transaction opens a new one.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg

from edge.consume import postgres_schema as sql
from edge.consume.database import (
    LEASE_S,
    DatabaseFails,
    DatabaseNewer,
    EventRow,
    HallRow,
    LedgerRow,
    Link,
    StateRow,
    Tables,
)
from edge.consume.postgres_unused import Connection, PostgresUnused, columns, lock_key
from edge.contract import Range
from edge.events import event_type

CONNECT_TIMEOUT_S = 5
_SESSION = """
SET statement_timeout = '60s'; SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s';
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""


class PostgresTables(PostgresUnused, Tables):
    """One connection. `url` is a libpq URL; its password comes from a file, PGPASSFILE or ~/.pgpass."""

    def __init__(self, url: str, password_file: Path | None = None, read_only: bool = False) -> None:
        self._url, self._password_file, self._read_only = url, password_file, read_only
        self._forget()
        with _failing():
            self._db = self._connect()

    def _forget(self) -> None:
        self._settled: list[tuple[int, int, bytes]] = []
        self._kept: dict[int, dict[int, Link]] = {}
        self._ledgers: list[LedgerRow] = []

    def _connect(self) -> Connection:
        password = self._password_file.read_text(encoding="utf-8").strip() if self._password_file else None
        db = psycopg.connect(self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, password=password)
        try:
            db.execute(_SESSION)
            if self._read_only:
                db.execute("SET default_transaction_read_only = on")
            else:
                self._make(db)
        except BaseException:  # whatever it was, nothing stays open and it goes on
            db.close()
            raise
        return db

    def _make(self, db: Connection) -> None:
        with db.transaction():
            db.execute(sql.LOCK, ([lock_key("schema")],))
            known = db.execute("SELECT to_regclass('schema_version')").fetchone() != (None,)
            row = db.execute("SELECT version FROM schema_version").fetchone() if known else None
            version = int(str(row[0])) if row else 0
            if version > len(sql.STEPS):
                raise DatabaseNewer(f"schema {version}, this release knows {len(sql.STEPS)}")
            if version < len(sql.STEPS):
                for step in sql.STEPS[version:]:
                    db.execute(step)
                db.execute("DELETE FROM schema_version")
                db.execute("INSERT INTO schema_version VALUES (%s)", (len(sql.STEPS),))

    def close(self) -> None:
        """Let the database go."""
        self._db.close()

    def transaction(self, sources: Collection[str]) -> AbstractContextManager[None]:
        """All or nothing, on disk when it ends without an error; nobody else changes these halls."""
        return self._within(sql.LOCK, (sorted(lock_key(source) for source in sources),))

    def snapshot(self) -> AbstractContextManager[None]:
        """Read what was committed at one moment."""
        return self._within("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", None)

    @contextmanager
    def _within(self, first: str, values: tuple[list[int]] | None) -> Iterator[None]:
        with _failing():
            if self._db.closed:
                self._db = self._connect()
            self._forget()
            with self._db.transaction():
                self._db.execute(first, values)
                yield
                self._flush()

    def _flush(self) -> None:
        self._copy(sql.SETTLE, ("int8", "int8", "bytea"), self._settled)
        kept = [
            (ledger, number, *link) for ledger, links in self._kept.items() for number, link in links.items()
        ]
        self._copy(sql.WAIT, ("int8", "int8", "bytea", "bytea", "bytea"), kept)
        if self._ledgers:
            self._db.execute(sql.SAVE_LEDGERS, columns(self._ledgers))

    def _copy(
        self, statement: str, types: Sequence[str], rows: Sequence[tuple[int | bytes | None, ...]]
    ) -> None:
        if not rows:
            return
        with self._db.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)

    def halls(self, sources: Collection[str] | None = None) -> list[HallRow]:
        """These halls, or all."""
        select = "SELECT source, epoch, n, sent_to FROM halls"
        where, values = ("", None) if sources is None else (" WHERE source = ANY(%s)", (list(sources),))
        return [HallRow(*row) for row in self._db.execute(select + where, values)]  # type: ignore[arg-type]

    def save_halls(self, rows: Collection[HallRow]) -> None:
        """Write down halls."""
        if rows:
            self._db.execute(sql.SAVE_HALLS, columns(rows))

    def lacking(self) -> list[tuple[str, int]]:
        """The halls that may lack numbers of their present epoch, and up to where none is missing."""
        return self._db.execute(sql.LACKING).fetchall()  # type: ignore[return-value]

    def ledger(self, source: str, epoch: str) -> LedgerRow | None:
        """A ledger, if it was begun."""
        select = "SELECT key, upto, head, hash_alg FROM ledgers WHERE source = %s AND epoch = %s"
        row = self._db.execute(select, (source, epoch)).fetchone()
        return LedgerRow(*row) if row else None  # type: ignore[arg-type]

    def add_ledger(self, source: str, epoch: str) -> int:
        """Begin a ledger; its key."""
        insert = "INSERT INTO ledgers (source, epoch, upto, head) VALUES (%s, %s, 0, '') RETURNING key"
        return _number(self._db.execute(insert, (source, epoch)).fetchone())

    def save_ledger(self, row: LedgerRow) -> None:
        """Write down how far a ledger is without a gap."""
        self._ledgers.append(row)

    def settle(self, ledger: int, first: int, hashes: bytes) -> None:
        """Write down the hashes of the numbers from `first` on."""
        self._settled.append((ledger, first, hashes))

    def hashes(self, ledger: int, sequence: int) -> tuple[int, bytes]:
        """The run of settled numbers that `sequence` stands in: its first, its hashes."""
        return self._db.execute(sql.HASHES, (ledger, sequence)).fetchone()  # type: ignore[return-value]

    def wait(self, ledger: int, sequence: int, link: Link) -> None:
        """Keep what came above a gap, for the chain."""
        self._kept.setdefault(ledger, {})[sequence] = link

    def waiting(self, ledger: int, first: int, last: int) -> Iterable[tuple[int, Link]]:
        """What is kept from `first` to `last`, in order."""
        kept = self._kept.get(ledger, {})
        found = {number: kept[number] for number in range(first, last + 1) if number in kept}
        if len(found) < last - first + 1:
            rows = self._db.execute(sql.WAITING, (ledger, first, last))
            found |= {number: Link(*link) for number, *link in rows}  # type: ignore[misc,arg-type]
        return sorted(found.items())

    def waited(self, ledger: int, last: int) -> None:
        """What waits up to `last` is in the chain now, or given up."""
        kept = self._kept.get(ledger, {})
        self._kept[ledger] = {number: link for number, link in kept.items() if number > last}
        self._db.execute("DELETE FROM waiting WHERE ledger = %s AND sequence <= %s", (ledger, last))

    def islands(self, ledger: int) -> list[Range]:
        """Which numbers wait, as ranges."""
        return self._db.execute(sql.ISLANDS, (ledger,)).fetchall()  # type: ignore[return-value]

    def add_events(self, rows: Sequence[EventRow]) -> set[str]:
        """Keep events of different ids; returns those ids that were there already."""
        if not rows:
            return set()
        new = {str(name) for (name,) in self._db.execute(sql.ADD_EVENTS, columns(rows))}
        return {row.id for row in rows} - new

    def save_state(self, source: str, word: str, body: bytes) -> None:
        """Keep what a hall says of itself."""
        self._db.execute(sql.SAVE_STATE, (source, word, body))

    def states(self) -> list[StateRow]:
        """What every hall last said of itself."""
        return [StateRow(*row) for row in self._db.execute(sql.STATES)]  # type: ignore[arg-type]

    def lease(self, name: str, holder: str) -> bool:
        """Take or keep a lease for LEASE_S, by the database's clock; whether it is `holder`'s now."""
        return self._db.execute(sql.LEASE, (name, holder, LEASE_S)).fetchone() is not None

    def count(self, kind: str | None) -> int:
        """How many events there are, of one kind or of all."""
        select = "SELECT count(*) FROM events"
        if kind is None:
            return _number(self._db.execute(select).fetchone())
        return _number(self._db.execute(f"{select} WHERE type = %s", (event_type(kind),)).fetchone())


def _number(row: tuple[object, ...] | None) -> int:
    return int(str(row[0])) if row else 0


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, OSError) as error:
        raise DatabaseFails(str(error).strip()) from error
