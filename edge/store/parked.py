"""What the uplink has set aside, on disk: it outlives a restart, and retention spares it. For the writer."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from edge.store.sqlite import Connection


class SetAside(NamedTuple):
    """One row. again: a person had it queued again, and it has not arrived."""

    position: int
    reason: str
    since: str
    again: bool


SAVE = (
    "INSERT INTO parked (position, reason, since, again) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (position) DO UPDATE SET reason = ?2, again = ?4"
)


def save_parked(connection: Connection, parked: Mapping[int, str], again: Collection[int], at: str) -> None:
    """Let the table hold exactly these, and which are queued again; `since` of what is there stays."""
    kept = {position for (position,) in connection.execute("SELECT position FROM parked").fetchall()}
    gone = [(position,) for position in kept - parked.keys()]
    connection.executemany("DELETE FROM parked WHERE position = ?", gone)
    connection.executemany(
        SAVE, [(position, reason, at, position in again) for position, reason in parked.items()]
    )


def queue_again(connection: Connection, parked: Mapping[int, str], at: str) -> None:
    """These are queued again, whether the table holds them already or not."""
    connection.executemany(SAVE, [(position, reason, at, True) for position, reason in parked.items()])


def read_parked(connection: Connection) -> list[SetAside]:
    """All, in their order."""
    rows = connection.execute("SELECT position, reason, since, again FROM parked ORDER BY position")
    return [SetAside(place, why, since, bool(again)) for place, why, since, again in rows.fetchall()]
