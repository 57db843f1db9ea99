"""What settles its number in the books of a SQLite file and is no event: refused, garbage, withheld."""

import hashlib
from collections.abc import Collection

from edge.consume import sqlite_schema as sql
from edge.consume.database import GARBAGE_KEPT, PARKED_MAX, WithheldRow
from edge.contract import RANGES_MAX, Refusal
from edge.store import sqlite


class SqliteUnused:
    """A part of `SqliteTables`."""

    _db: sqlite.Connection

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

    def use(self, numbers: Collection[tuple[int, int]]) -> None:
        """Of these `(ledger, sequence)`, those that were refused can be used after all."""
        self._db.executemany("DELETE FROM refused WHERE ledger = ? AND sequence = ?", numbers)

    def withhold(self, rows: Collection[WithheldRow]) -> None:
        """Keep word of withheld events, but of those that are here under another number."""
        self._db.executemany(
            sql.WITHHOLD,
            [
                (ledger, sequence, told.event_id, told.event_type, told.size, told.reason, told.detail)
                for ledger, sequence, told in rows
            ],
        )

    def parked(self, ledger: int) -> list[int]:
        """The numbers, in order, that are withheld because they are parked; PARKED_MAX at most."""
        return [sequence for (sequence,) in self._db.execute(sql.PARKED, (ledger, PARKED_MAX))]

    def awaits(self) -> bool:
        """Whether any event is withheld; nobody else writes until the transaction ends."""
        (any_withheld,) = self._db.execute("SELECT EXISTS (SELECT 1 FROM withheld)").fetchone()
        return bool(any_withheld)

    def arrive(self, ids: Collection[str]) -> bool:
        """Of these events, those that were withheld are here; whether there are any."""
        done = self._db.executemany("DELETE FROM withheld WHERE id = ?", [(name,) for name in ids])
        return done.rowcount > 0

    def give_up(self, ledger: int, sequence: int) -> None:
        """What was said of a withheld number is not true."""
        self._db.execute("DELETE FROM withheld WHERE ledger = ? AND sequence = ?", (ledger, sequence))
