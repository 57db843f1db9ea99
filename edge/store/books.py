"""Reading by terminal and by the terminal's own time: for trace, reconciliation, import. Read-only.

A fact begins with serial and device time, so a stretch of a terminal's time is a stretch of the index.
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from edge.contract import Event
from edge.events import event_id
from edge.store import sqlite

PUNCH = "attendance.punch"
PROVED = "attendance.confirmed"
UNPROVED = '"unconfirmed":true'
"""Stands in the body of a punch that was pushed; see `edge/store/confirming.py`."""
LOOKED_AT = 8
"""So many rows are looked at for each that is wanted."""


class Held(NamedTuple):
    """A fact in the log. `body` is "" where only a stub is left, and then `emptied` says why."""

    position: int
    fact: str
    body: str
    emptied: str


class Rejected(NamedTuple):
    """One record in quarantine. pending_from: the terminal was complete until then; seen: when it came."""

    reason: str
    raw: bytes
    pending_from: str | None
    seen: str


class Books:
    """A read-only view, for one thread."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite.connect_reader(path)

    def close(self) -> None:
        """Let the database go."""
        self._connection.close()

    def serials(self) -> dict[str, str]:
        """Serial number of every terminal ever heard -> the device it is now, "" if it is none any more."""
        found = dict.fromkeys((row[0] for row in self._ask("SELECT serial FROM terminal")), "")
        return found | dict(self._ask("SELECT serial, device_id FROM device WHERE serial <> ''"))

    def punches(self, serial: str, first: str, last: str) -> list[Held]:
        """Punches of a terminal whose own time (naive, ISO; a prefix will do) is in `first`..`last`."""
        rows = self._ask(
            "SELECT position, fact, coalesce(body, ''), iif(body IS NULL, coalesce(emptied, 'purged'), '')"
            " FROM event WHERE fact BETWEEN ? AND ? ORDER BY fact",
            _stretch(serial, first, last),
        )
        return [Held(*row) for row in rows if row[1].endswith(f"|{PUNCH}")]

    def newest(self, serial: str, count: int, upto: str = "") -> tuple[str, ...]:
        """The newest punches of a terminal by its own time, as facts; newest first. None that is unproved.

        upto: none later than this, by its own time.
        """
        rows = self._ask(
            "SELECT fact, body IS NOT NULL AND instr(body, ?) FROM event"
            " WHERE fact BETWEEN ? AND ? AND fact LIKE '%|' || ? ORDER BY fact DESC LIMIT ?",
            (UNPROVED, *_stretch(serial, "", upto), PUNCH, count * LOOKED_AT),
        )
        unproved = self.unproved([fact for fact, pushed in rows if pushed])
        return tuple(fact for fact, _pushed in rows if fact not in unproved)[:count]

    def unproved(self, facts: Collection[str]) -> set[str]:
        """Which of these pushed punches their terminal's own log has not shown yet."""
        epochs = [row[0] for row in self._ask("SELECT epoch FROM epoch")]
        words = {
            f"edge|{epoch}|{0:012d}|{event_id(fact)}|{PROVED}": fact for fact in facts for epoch in epochs
        }
        return {*facts} - {words[word] for word in self.held(words)}

    def before_service(self, serial: str, first: str, last: str) -> list[str]:
        """Facts kept as keys alone, since they precede the terminal's service."""
        rows = self._ask("SELECT fact FROM known WHERE fact BETWEEN ? AND ?", _stretch(serial, first, last))
        return [row[0] for row in rows if row[0].endswith(f"|{PUNCH}")]

    def rejects(self, serial: str) -> list[Rejected]:
        """What of a terminal is in quarantine and was an attendance record."""
        rows = self._ask(
            "SELECT reason, raw, pending_from, seen FROM quarantine WHERE serial = ? AND raw IS NOT NULL",
            (serial,),
        )
        return [Rejected(*row) for row in rows]

    def of_kind(self, serial: str, kind: str) -> list[bytes]:
        """The payloads of a terminal's facts of a kind that still have theirs, oldest stored first."""
        rows = self._ask(
            "SELECT body FROM event WHERE fact BETWEEN ? AND ? AND fact LIKE '%|' || ?"
            " AND body IS NOT NULL ORDER BY position",
            (*_stretch(serial, "", ""), kind),
        )
        return [bytes(msgspec.json.decode(row[0], type=Event).data) for row in rows]

    def own(self, kind: str) -> list[bytes]:
        """The payloads of the hall's own events of a kind that still have theirs, oldest first."""
        rows = self._ask(
            "SELECT body FROM event WHERE fact BETWEEN 'edge|' AND 'edge|~' AND fact LIKE '%|' || ?"
            " AND body IS NOT NULL ORDER BY position",
            (kind,),
        )
        return [bytes(msgspec.json.decode(row[0], type=Event).data) for row in rows]

    def held(self, facts: Collection[str]) -> set[str]:
        """Which of these facts are known."""
        rows = self._ask(
            "SELECT asked.value FROM json_each(?) AS asked"
            " WHERE EXISTS (SELECT 1 FROM event WHERE fact = asked.value)"
            " OR EXISTS (SELECT 1 FROM known WHERE fact = asked.value)",
            (json.dumps([*facts]),),
        )
        return {row[0] for row in rows}

    def _ask(self, sql: str, values: tuple[object, ...] = ()) -> list[Any]:
        return self._connection.execute(sql, values).fetchall()


def _stretch(serial: str, first: str, last: str) -> tuple[str, str]:
    return f"{serial}|{first}", f"{serial}|{last}~"
