"""Reading the log: outbox for the uplink, rows for status and for people.

Read-only connections; no cursor is left open, since the writer's WAL would grow until it is closed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from edge.events import Digest, digest_of
from edge.payloads import HashAlg, WithheldReason
from edge.store import epochs, schema, sqlite
from edge.store.marks import Mark
from edge.store.parked import SetAside, read_parked
from edge.store.proved import Numbers, Proof, first_wrong, numbers_of, whole


class Row(NamedTuple):
    """One event as stored. `body` is the JSON text as it goes upstream; "" where only a stub is left."""

    position: int
    body: str


class SealedRow(NamedTuple):
    """One row of the log with what seals it, as bytes and unjudged; a stub has no body."""

    position: int
    fact: bytes
    body: bytes | None
    hash: bytes
    chain: bytes
    emptied: str | None


@dataclass(frozen=True, slots=True)
class Stub:
    """What is known of an event without its body. `size`: bytes of that, 0 where it is no longer known.

    emptied: why it has no body, "" while it has one.
    """

    position: int
    epoch: str
    fact: str
    hash: bytes
    chain: bytes
    size: int
    emptied: WithheldReason | Literal[""]


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """What the store keeps of one device."""

    device_id: str
    serial: str
    cursor: str | None
    complete_until: str | None
    last_data: str | None
    stored: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """The last receipt of one application, as saved. `head`: the chain hash it confirmed, hex."""

    app: str
    n: int
    position: int
    received: str
    head: str | None = None


STUB = (
    "SELECT epoch.epoch, fact, hash, chain, coalesce(size, length(CAST(body AS BLOB)), 0),"
    " iif(body IS NULL, coalesce(emptied, 'purged'), '')"
    " FROM event JOIN epoch ON epoch.number = position >> 40 WHERE position = ?"
)

JOINED = (
    "SELECT count(*), min(position), max(position), CAST(group_concat(body, char(10)) AS BLOB),"
    " CAST(group_concat(hash, '') AS BLOB) FROM event WHERE position > ?1 AND position <= ?1 + ?2"
)
"""Some rows in one: SQLite gives up Python's lock for each row that it hands over."""


class Reader:
    """A read-only view of the database, for one thread. `on_damage` is told when the file is not whole."""

    def __init__(self, path: Path, on_damage: Callable[[str], None] = lambda _what: None) -> None:
        self._on_damage = on_damage
        self._connection = sqlite.connect_reader(path)
        self._digests: dict[int, Digest] = {}

    def close(self) -> None:
        """Let the database go."""
        self._connection.close()

    def after(self, position: int, limit: int) -> list[Row]:
        """The next events of the log that still have their body; DatabaseError where one was altered."""
        rows = self._proved(
            "SELECT position, CAST(body AS BLOB), hash FROM event WHERE position > ? AND body IS NOT NULL"
            " ORDER BY position LIMIT ?",
            (position, limit),
        )
        return [Row(place, body.decode()) for place, body, _hash in rows if body is not None]

    def _proved(self, sql: str, values: tuple[int, int]) -> list[Proof]:
        """Position, body and hash of rows whose body is what was sealed; DatabaseError where one is not."""
        rows = self._ask(sql, values)
        self._know_epoch(rows[-1][0] if rows else None)
        if wrong := first_wrong(rows, self._digests):
            raise self._seen(sqlite.DatabaseError(f"event {wrong} is malformed"))
        return rows

    def _know_epoch(self, position: int | None) -> None:
        """Know the hash function of a row's epoch; None for no row."""
        if position is not None and schema.epoch_of(position) not in self._digests:
            epochs = self._ask("SELECT number, hash_alg FROM epoch")
            self._digests = {number: digest_of(algorithm) for number, algorithm in epochs}

    def sealed(self, after: int, upto: int, limit: int) -> list[SealedRow]:
        """The next rows of the log with what seals them, stubs and whatever else stands there."""
        rows = self._connection.execute(
            "SELECT position, CAST(fact AS BLOB), CAST(body AS BLOB), hash, chain, emptied FROM event"
            " WHERE position > ? AND position <= ? ORDER BY position LIMIT ?",
            (after, upto, limit),
        )
        return list(map(SealedRow._make, rows.fetchall()))

    def between(self, first: int, last: int) -> int:
        """How many rows stand at `first`..`last`: walks them."""
        (count,) = self._connection.execute(
            "SELECT count(*) FROM event WHERE position BETWEEN ? AND ?", (first, last)
        ).fetchone()
        return int(count)

    def numbers(self, position: int, limit: int) -> Numbers:
        """The next numbers of the log, with their body or without; DatabaseError where one was altered."""
        if limit > 1:
            (joined,) = self._ask(JOINED, (position, limit))
            self._know_epoch(joined[1])
            if found := whole(joined, self._digests):
                return found
        return numbers_of(
            self._proved(
                "SELECT position, CAST(body AS BLOB), hash FROM event WHERE position > ?"
                " ORDER BY position LIMIT ?",
                (position, limit),
            )
        )

    def stub(self, position: int) -> Stub:
        """What an event is without its body, whether that is still here or not; KeyError for no event."""
        row = self._connection.execute(STUB, (position,)).fetchone()
        if row is None:
            raise KeyError(position)
        return Stub(position, *row)

    def parked(self) -> dict[int, str]:
        """What is set aside, and why."""
        return dict(self._connection.execute("SELECT position, reason FROM parked").fetchall())

    def set_aside(self) -> list[SetAside]:
        """The same, with all that is known of it."""
        return read_parked(self._connection)

    def chain(self, position: int) -> bytes | None:
        """The chain hash at an event, or None where there is no such event."""
        rows = self._ask("SELECT chain FROM event WHERE position = ?", (position,))
        return rows[0][0] if rows else None

    def epochs(self) -> dict[str, int]:
        """Epoch -> its number in this database."""
        return dict(self._ask("SELECT epoch, number FROM epoch"))

    def mark(self) -> Mark | None:
        """How far the database is, for the file beside it."""
        return epochs.mark(self._connection)

    def ledgers(self) -> list[tuple[int, str, HashAlg]]:
        """Number, name and algorithm of every epoch, in order."""
        return self._ask("SELECT number, epoch, hash_alg FROM epoch ORDER BY number")

    def version(self) -> int:
        """The schema version of the database."""
        return schema.version_of(self._connection)

    def devices(self) -> dict[str, DeviceRow]:
        """Everything kept of each device."""
        rows = self._ask(
            "SELECT device_id, serial, cursor, complete_until, last_data, stored, quarantined FROM device"
        )
        return {row[0]: DeviceRow(*row) for row in rows}

    def cursor(self, device_id: str) -> str | None:
        """The cursor of one device, which is not to cost more where there are many."""
        rows = self._ask("SELECT cursor FROM device WHERE device_id = ?", (device_id,))
        return rows[0][0] if rows else None

    def receipts(self) -> dict[str, ReceiptRow]:
        """The last receipts that were saved."""
        rows = self._ask("SELECT app, n, position, received, head FROM receipt")
        return {row[0]: ReceiptRow(*row) for row in rows}

    def stamped_between(self, serial: str, first: str, last: str) -> bool:
        """Whether a fact of this device bears a time (its own, naive, ISO) from `first` to `last`."""
        span = f"{serial}|{first}", f"{serial}|{last}~"
        return bool(self._ask("SELECT EXISTS (SELECT 1 FROM event WHERE fact BETWEEN ? AND ?)", span)[0][0])

    def _ask(self, sql: str, values: tuple[int | str, ...] = ()) -> list[Any]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite.DatabaseError as error:
            raise self._seen(error) from None

    def _seen(self, error: sqlite.DatabaseError) -> sqlite.DatabaseError:
        if sqlite.is_damage(error):
            self._on_damage(str(error))
        return error

    def newest(self) -> int:
        """Position of the newest event, 0 in an empty log."""
        return self._ask("SELECT max(position) FROM event")[0][0] or 0

    def of_fact(self, start: str, kind: str) -> list[Row]:
        """The rows of a kind whose fact starts so, that still have their body."""
        rows = self._connection.execute(
            "SELECT position, body FROM event WHERE fact >= ?1 AND fact < ?1 || char(0x10FFFF)"
            " AND fact LIKE '%|' || ?2 AND body IS NOT NULL ORDER BY position",
            (start, kind),
        )
        return [*map(Row._make, rows.fetchall())]

    def holding(self, text: str, after: int, limit: int) -> list[Row]:
        """The next numbers of the log; their body where `text` stands in it, else ""."""
        rows = self._connection.execute(
            "SELECT position, iif(instr(body, ?), body, '') FROM event WHERE position > ?"
            " ORDER BY position LIMIT ?",
            (text, after, limit),
        )
        return [*map(Row._make, rows.fetchall())]

    def quarantined(self, device: str | None) -> list[tuple[int, bytes, str]]:
        """What is kept raw in quarantine, of one device or all: `(id, raw, reason)`."""
        return self._connection.execute(
            "SELECT id, coalesce(raw, x''), reason FROM quarantine WHERE ?1 IS NULL OR device_id = ?1",
            (device,),
        ).fetchall()

    def newest_of(self, epoch_number: int) -> int:
        """Position of the newest event of an epoch, 0 where it has none."""
        (newest,) = self._connection.execute(
            "SELECT max(position) FROM event WHERE position BETWEEN ? AND ?",
            (schema.position(epoch_number, 0), schema.position(epoch_number + 1, 0) - 1),
        ).fetchone()
        return newest or 0

    def count(self, kind: str) -> int:
        """How many events of a kind are stored: walks the log, for tests and `make demo`."""
        (count,) = self._connection.execute(
            "SELECT count(*) FROM event WHERE fact LIKE '%|' || ?", (kind,)
        ).fetchone()
        return int(count)
