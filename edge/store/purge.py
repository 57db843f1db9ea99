"""Emptying rows: the payload goes, the stub stays (position, fact, hash, chain, size). For the writer."""

from collections.abc import Sequence
from typing import Any

from edge.payloads import WithheldReason
from edge.store.sqlite import Connection

BATCH = 200
PAGES_KEPT = 1000
"""Free pages (4 KiB) that new events will take; only what is more goes back to the disk."""
PAGES_BATCH = 500
STUB = "INSERT INTO event (position, fact, hash, chain, size, emptied) VALUES (?, ?, ?, ?, ?, ?)"
"""After a DELETE: only that, not an UPDATE, lets SQLite join pages that have become empty."""


def empty(connection: Connection, word: str, after: int, upto: int) -> tuple[int, int]:
    """Empty the events `word.*` among the next BATCH rows; returns how far that went, and how many.

    What is set aside is confirmed by its number only, and keeps its payload.
    """
    rows = connection.execute(
        "SELECT position, fact, hash, chain, length(CAST(body AS BLOB)) FROM event"
        " WHERE position > ? AND position <= ? ORDER BY position LIMIT ?",
        (after, upto, BATCH),
    ).fetchall()
    parked = {position for (position,) in connection.execute("SELECT position FROM parked").fetchall()}
    due = [
        row
        for row in rows
        if row[4] is not None and row[0] not in parked and row[1].rpartition("|")[2].startswith(f"{word}.")
    ]
    make_stubs(connection, due, "purged")
    return rows[-1][0] if len(rows) == BATCH else upto, len(due)


def make_stubs(connection: Connection, rows: Sequence[tuple[Any, ...]], why: WithheldReason) -> None:
    """Empty rows, each given as `(position, fact, hash, chain, size)`."""
    connection.executemany("DELETE FROM event WHERE position = ?", [row[:1] for row in rows])
    connection.executemany(STUB, [(*row, why) for row in rows])


def give_back(connection: Connection) -> bool:
    """Give some free pages back to the file system; whether there are more."""
    before = _free_pages(connection)
    if before <= PAGES_KEPT:
        return False
    connection.execute(f"PRAGMA incremental_vacuum({min(PAGES_BATCH, before - PAGES_KEPT)})").fetchall()
    return _free_pages(connection) < before


def _free_pages(connection: Connection) -> int:
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    return int(free)
