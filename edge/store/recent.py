"""The newest events of some kinds, for pages that people look at. Read-only; looks back only so far."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from edge.contract import Event
from edge.store import sqlite

BACK = 50_000
"""So many numbers are looked back over."""


class Recent(NamedTuple):
    """One event. kind: such as `evaluation.submitted`; data: its payload."""

    position: int
    kind: str
    time: str
    data: dict[str, object]


class Recents:
    """A read-only view, for one thread."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite.connect_reader(path)

    def close(self) -> None:
        """Let the database go."""
        self._connection.close()

    def of(self, kinds: Sequence[str], after: int, limit: int, newest: bool = True) -> list[Recent]:
        """Events of these kinds above `after`, oldest first; beyond `limit` the newest, or the next ones."""
        order = "DESC" if newest else "ASC"
        wanted = " OR ".join("fact LIKE '%|' || ?" for _ in kinds)
        rows = self._connection.execute(
            f"SELECT position, body FROM event WHERE position > max(?, (SELECT max(position) FROM event) - ?)"  # noqa: S608
            f" AND body IS NOT NULL AND ({wanted}) ORDER BY position {order} LIMIT ?",
            (after, BACK, *kinds, limit),
        ).fetchall()
        return [_recent(position, body) for position, body in sorted(rows)]


def _recent(position: int, body: str) -> Recent:
    event = msgspec.json.decode(body, type=Event)
    kind = event.type.split(".", 2)[2].rsplit(".", 1)[0]
    return Recent(position, kind, event.time, msgspec.json.decode(event.data, type=dict[str, object]))
