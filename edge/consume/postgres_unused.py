"""What settles its number in the books in PostgreSQL and is no event: refused, garbage, withheld.

The same event may be told withheld by one hall and come from another, whose locks are different ones. So who
withholds waits for all transactions that add events, and those that come after it see what it withheld.
"""

import hashlib
from collections.abc import Collection

import psycopg

from edge.consume import postgres_schema as sql
from edge.consume.database import GARBAGE_KEPT, PARKED_MAX, WithheldRow
from edge.contract import RANGES_MAX, Refusal

Connection = psycopg.Connection[tuple[object, ...]]


class PostgresUnused:
    """A part of `PostgresTables`."""

    _db: Connection

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
        return self._db.execute(sql.REFUSE, row).rowcount == 1

    def refusals(self, ledger: int, after: int) -> list[Refusal]:
        """The next refused numbers above `after`, as many as a receipt holds."""
        select = "SELECT sequence, reason FROM refused WHERE ledger = %s AND sequence > %s"
        rows = self._db.execute(f"{select} ORDER BY sequence LIMIT {RANGES_MAX}", (ledger, after))
        return [Refusal(*row) for row in rows]  # type: ignore[arg-type]

    def use(self, numbers: Collection[tuple[int, int]]) -> None:
        """Of these `(ledger, sequence)`, those that were refused can be used after all."""
        if numbers:
            self._db.execute(sql.USE, columns(numbers))

    def withhold(self, rows: Collection[WithheldRow]) -> None:
        """Keep word of withheld events, but of those that are here under another number."""
        if rows:
            self._db.execute("SELECT pg_advisory_xact_lock(%s)", (_WITHHELD,))
            self._db.execute(
                sql.WITHHOLD,
                columns(
                    [
                        (
                            ledger,
                            sequence,
                            told.event_id,
                            told.event_type,
                            told.size,
                            told.reason,
                            told.detail,
                        )
                        for ledger, sequence, told in rows
                    ]
                ),
            )

    def parked(self, ledger: int) -> list[int]:
        """The numbers, in order, that are withheld because they are parked; PARKED_MAX at most."""
        return [int(str(sequence)) for (sequence,) in self._db.execute(sql.PARKED, (ledger, PARKED_MAX))]

    def awaits(self) -> bool:
        """Whether any event is withheld; who withholds after this waits for the end of the transaction."""
        self._db.execute("SELECT pg_advisory_xact_lock_shared(%s)", (_WITHHELD,))
        return self._db.execute("SELECT EXISTS (SELECT 1 FROM withheld)").fetchone() == (True,)

    def arrive(self, ids: Collection[str]) -> bool:
        """Of these events, those that were withheld are here; whether there are any."""
        return self._db.execute("DELETE FROM withheld WHERE id = ANY(%s)", (list(ids),)).rowcount > 0

    def give_up(self, ledger: int, sequence: int) -> None:
        """What was said of a withheld number is not true."""
        self._db.execute("DELETE FROM withheld WHERE ledger = %s AND sequence = %s", (ledger, sequence))


def columns(rows: Collection[tuple[object, ...]]) -> list[list[object]]:
    """Rows as arrays, one per column, for `unnest`."""
    return [list(column) for column in zip(*rows, strict=True)]


def lock_key(name: str) -> int:
    """The number of an advisory lock; two halls of one number only wait for each other."""
    return int.from_bytes(hashlib.sha256(f"hall-edge {name}".encode()).digest()[:8], signed=True)


_WITHHELD = lock_key("withheld")
