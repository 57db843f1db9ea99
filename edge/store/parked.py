"""What the uplink has set aside, on disk: it outlives a restart, and retention spares it. For the writer."""

from collections.abc import Mapping

from edge.store.sqlite import Connection


def save_parked(connection: Connection, parked: Mapping[int, str], at: str) -> None:
    """Let the table hold exactly these; `since` of what is there already stays."""
    kept = {position for (position,) in connection.execute("SELECT position FROM parked").fetchall()}
    gone = [(position,) for position in kept - parked.keys()]
    connection.executemany("DELETE FROM parked WHERE position = ?", gone)
    connection.executemany(
        "INSERT INTO parked (position, reason, since) VALUES (?1, ?2, ?3)"
        " ON CONFLICT (position) DO UPDATE SET reason = ?2",
        [(position, reason, at) for position, reason in parked.items()],
    )
