"""Bring a database to the newest schema: `python -m edge.store.migrate PATH`.

On a copy, in a process of its own: sqlite-utils costs 15 MB that the daemon need not keep, and a kill in the
middle must leave the old database as it was. The copy takes its place by rename.
"""

import os
import sys
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database, Migrations

from edge.store import marks, sqlite
from edge.store.schema import TABLES_1, TABLES_2, TABLES_3, VERSION

migrations = Migrations("hall-edge")


@migrations()
def tables_1(database: Database) -> None:
    """Schema version 1."""
    _execute(database, TABLES_1)


@migrations()
def tables_2(database: Database) -> None:
    """Schema version 2: what a stub still tells of its body; rows that are set aside."""
    _execute(database, TABLES_2)


@migrations()
def tables_3(database: Database) -> None:
    """Schema version 3: which of the rows that are set aside are queued again."""
    _execute(database, TABLES_3)


def _execute(database: Database, statements: str) -> None:
    for statement in filter(str.strip, statements.split(";")):
        database.execute(statement)


def migrate(path: Path) -> None:
    """Make or upgrade the database at `path`; whatever happens, `path` is whole before and after."""
    copy = path.with_name(path.name + ".migrating")
    for leftover in (copy, Path(f"{copy}-wal"), Path(f"{copy}-shm"), Path(f"{copy}-journal")):
        leftover.unlink(missing_ok=True)
    if path.exists():
        with closing(sqlite.connect_writer(path)) as old:
            old.execute("VACUUM INTO ?", (str(copy),))
            (busy, *_) = old.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise RuntimeError(f"{path} is in use; nothing was changed")
    with closing(sqlite.connect_writer(copy)) as connection:
        database = Database(connection, execute_plugins=False)
        migrations.apply(database)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.chmod(copy, 0o600)
    marks.take_place(copy, path)


if __name__ == "__main__":
    migrate(Path(sys.argv[1]))
