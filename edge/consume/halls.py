"""Where every hall stands, worst first, by what each last said of itself.

lost: its broker says that it went without a word. silent: it says nothing, which it should every few minutes.
stopped: by a person. troubled: it names problems itself. behind: upstream lacks some. well: none of these.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from edge.consume.database import Database, StateRow, open_tables
from edge.contract import UNREADABLE, Problem, State

SILENT_AFTER = timedelta(minutes=15)
"""Three states missed."""

Word = Literal["lost", "silent", "stopped", "troubled", "behind", "well"]
ORDER: tuple[Word, ...] = ("lost", "silent", "stopped", "troubled", "behind", "well")


class Standing(msgspec.Struct, frozen=True):
    """One hall. since: of the word; heard: of its last state, both UTC. behind: numbers not confirmed yet."""

    source: str
    word: Word
    since: str
    heard: str
    behind: int
    version: str
    problems: tuple[Problem, ...] = ()


def standings(database: Database, password_file: Path | None = None) -> list[Standing]:
    """All halls of a consumer's database, worst first; DatabaseFails. Read-only."""
    tables = open_tables(database, password_file, read_only=True)
    try:
        with tables.snapshot():
            return worst_first(tables.states(), datetime.now(UTC))
    finally:
        tables.close()


def worst_first(rows: Iterable[StateRow], now: datetime) -> list[Standing]:
    """All halls that ever said something."""
    found = [standing(row, now) for row in rows]
    return sorted(found, key=lambda hall: (ORDER.index(hall.word), -hall.behind, hall.source))


def standing(row: StateRow, now: datetime) -> Standing:
    """Where one hall stands; one whose state cannot be read counts as silent."""
    try:
        state = msgspec.json.decode(row.body, type=State)
    except UNREADABLE:
        return Standing(row.source, "silent", row.heard, row.heard, 0, "")
    behind = max(0, state.seq_head - (row.upto or 0))
    word = _word(state, row, behind, now)
    since = row.heard if word == "silent" else row.since
    return Standing(row.source, word, since, row.heard, behind, state.version, state.problems)


def _word(state: State, row: StateRow, behind: int, now: datetime) -> Word:
    if state.state == "lost":
        return "lost"
    if state.state == "stopped":
        return "stopped"
    if now - _utc(row.heard) > SILENT_AFTER:
        return "silent"
    return "troubled" if state.problems else "behind" if behind else "well"


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
