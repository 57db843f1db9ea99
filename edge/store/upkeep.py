"""What keeps the files of the database in shape; on the writer's connection, outside of its transaction."""

from edge.store import sqlite
from edge.store.sqlite import Connection


def checkpoint(connection: Connection) -> bool:
    """Bring the whole WAL into the database and cut it to nothing; False while a reader needs it.

    It does not wait for that reader: every `emit` would wait with it.
    """
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(sqlite.BUSY_TIMEOUT_S * 1000)}")
    return not busy


def rewrite_head(connection: Connection, version: int) -> None:
    """Write the first page as it is, in the transaction that stands: one without a change writes nothing."""
    connection.execute(f"PRAGMA user_version = {version}")
