"""The one file that imports SQLite: which library, how a database is opened, what may fail.

pysqlite3 where there is a wheel, since Debian 12's own SQLite has the WAL-reset bug; else the system's,
where one writing connection per file and read-only readers avoid the trigger. Its errors are not those
of the standard `sqlite3`: whoever catches one takes it from here.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from edge.space import Trouble

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        from pysqlite3 import dbapi2 as sqlite3
    except ImportError:
        import sqlite3

Connection = sqlite3.Connection
Cursor = sqlite3.Cursor
Row = sqlite3.Row
Error = sqlite3.Error
DatabaseError = sqlite3.DatabaseError
IntegrityError = sqlite3.IntegrityError
InterfaceError = sqlite3.InterfaceError
InternalError = sqlite3.InternalError
OperationalError = sqlite3.OperationalError
ProgrammingError = sqlite3.ProgrammingError

VERSION = sqlite3.sqlite_version
"""Of the SQLite library in use, such as `3.53.4`."""

BUSY_TIMEOUT_S = 5.0
"""The driver's door allows no blocking call longer than this."""
WAL_KEPT_BYTES = 16 << 20
"""A WAL file is cut back to this size when it is reset."""
CACHED_STATEMENTS = 256
WRITER_CACHE_KB, READER_CACHE_KB = 1024, 256

_BUG_FIRST = (3, 7, 0)
_BUG_FIXED = (3, 51, 3)
_BACK_PORTS = {(3, 44): 6, (3, 50): 7}


def has_wal_reset_bug(version: str) -> bool:
    """Whether this SQLite can lose commits when two connections write or checkpoint one WAL file."""
    major, minor, patch = (int(part) for part in version.split(".")[:3])
    fixed_patch = _BACK_PORTS.get((major, minor))
    if fixed_patch is not None and patch >= fixed_patch:
        return False
    return _BUG_FIRST <= (major, minor, patch) < _BUG_FIXED


def is_damage(error: BaseException) -> bool:
    """Whether SQLite, or a look at a row, says that the file is not what was written (CORRUPT, NOTADB)."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return (code & 0xFF) in (11, 26)
    return isinstance(error, DatabaseError) and "malformed" in str(error)


_TROUBLES: dict[int, Trouble] = {13: "full", 8: "read_only"}
"""SQLITE_FULL, SQLITE_READONLY."""


def check(connection: Connection) -> str:
    """The first thing that is wrong with the pages of a database, or "": reads it whole."""
    (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    return "" if said == "ok" else str(said)


def trouble_of(error: Exception) -> Trouble:
    """What is wrong with the disk, when a commit failed with `error`."""
    code = getattr(error, "sqlite_errorcode", 0)
    return _TROUBLES.get(code & 0xFF, "failing")


def connect_writer(path: str | Path) -> Connection:
    """The writing connection of a database, made if it is not there. One per file, for one thread at a time.

    No implicit transactions: say `BEGIN IMMEDIATE`. A commit is on disk when it returns.
    """
    connection = sqlite3.connect(
        str(path),
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        cached_statements=CACHED_STATEMENTS,
        check_same_thread=False,
    )
    try:
        _configure(connection)
    except Error:
        connection.close()
        raise
    return connection


def _configure(connection: Connection) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode not in ("wal", "memory"):
        raise OperationalError(f"journal mode is {mode}, not wal: this file system cannot carry it")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = FAST")  # a page that is written keeps nothing of before
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KB}")  # what is written is the end of each index
    connection.execute(f"PRAGMA journal_size_limit = {WAL_KEPT_BYTES}")


def make_durable(path: Path) -> None:
    """Bring to the disk what a database shows; OSError when the disk does not take it.

    After a death or a failed COMMIT the WAL may show, from the page cache, what was never synced: to tell it
    upstream would be a promise that the next power cut breaks. The database file itself is not touched:
    SQLite syncs it before a WAL is used anew, and closing it would drop the locks of this process's readers.
    """
    wal = path.with_name(path.name + "-wal")
    if wal.exists():
        descriptor = os.open(wal, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def connect_copy(path: str | Path) -> Connection:
    """A connection to an empty file that a backup is written into: one file, no WAL beside it."""
    return sqlite3.connect(str(path), timeout=BUSY_TIMEOUT_S, isolation_level=None)


def connect_reader(path: str | Path, thread_alone: bool = True) -> Connection:
    """A connection that cannot change anything; OperationalError when the database is not there.

    Leave no transaction open on it: the writer's WAL grows until it ends.
    """
    uri = f"{Path(path).resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(
        uri,
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        cached_statements=CACHED_STATEMENTS,
        check_same_thread=thread_alone,
    )
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute(f"PRAGMA cache_size = -{READER_CACHE_KB}")  # what it reads, it reads once
    except Error:
        connection.close()
        raise
    return connection


def hold_open(path: Path) -> Connection:
    """A reader that only keeps the WAL's index in being, for any thread to close.

    Whoever opens a database that nobody has open writes that index first, and cannot while the disk fails.
    """
    connection = connect_reader(path, thread_alone=False)
    connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    return connection
