"""Contact details of citizens who wrote to the supervision office: a table of its own, in a file of its own.

Not in the log's database: its backups, and the files that salvage and restore set aside, outlive the short
life that these may have. Each call opens the file and closes it again, so that no WAL stays beside it; what
is deleted is gone from its pages when the call returns.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

from drivers.base import IntakeClosed
from edge.store import sqlite
from edge.store.sqlite import Connection

LOG = logging.getLogger(__name__)
T = TypeVar("T")

FILE = "contacts.db"
DAMAGED = f"{FILE}.damaged"
STEPS = (
    "CREATE TABLE contact (ref TEXT PRIMARY KEY, entry_no TEXT NOT NULL, kind TEXT NOT NULL,"
    " name TEXT NOT NULL, phone TEXT NOT NULL, since TEXT NOT NULL,"
    " handed_by TEXT NOT NULL DEFAULT '', handed_on TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID",
)
"""What leads from each schema version (`PRAGMA user_version`) to the next."""
KEEP = (
    "INSERT INTO contact (ref, entry_no, kind, name, phone, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    " ON CONFLICT (ref) DO UPDATE SET entry_no = ?2, name = ?4, phone = ?5 WHERE handed_by = ''"
)
DATED = (
    "UPDATE contact SET since = ?1 WHERE since = '' OR since > ?1",
    "UPDATE contact SET handed_on = ?1 WHERE handed_by <> '' AND (handed_on = '' OR handed_on > ?1)",
)
AGED = "DELETE FROM contact WHERE since <= ?1 OR (handed_by <> '' AND handed_on <= ?2)"
OF_PERSON = (
    "FROM contact WHERE (name <> '' AND name = ?1) OR (phone <> ''"
    " AND replace(replace(phone, ' ', ''), '-', '') = replace(replace(?1, ' ', ''), '-', ''))"
)
_ONE = threading.Lock()
"""One connection at a time: the last one to close brings the WAL home."""


class Contact(NamedTuple):
    """How to reach who wrote an entry. since, handed_on: ISO days, "" while the time was not known.

    ref: `contact_ref` of the event. handed_by: who handed them over, "" = nobody yet.
    """

    ref: str
    entry_no: str
    kind: str
    name: str
    phone: str
    since: str
    handed_by: str = ""
    handed_on: str = ""


class Contacts:
    """Those of one hall; any thread may call. IntakeClosed where the file cannot be used."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def keep(self, contact: Contact) -> None:
        """On disk when this returns; said again it is the same one."""
        self._do(lambda connection: connection.execute(KEEP, contact[:6]))

    def all(self) -> list[Contact]:
        """The oldest first."""
        if not self._path.exists():
            return []
        rows = self._do(lambda it: it.execute("SELECT * FROM contact ORDER BY since, entry_no").fetchall())
        return [*map(Contact._make, rows)]

    def hand_over(self, ref: str, by: str, on: str) -> Contact | None:
        """Somebody has handed them over; None where there is none that waits for it."""

        def job(connection: Connection) -> list[tuple[str, ...]]:
            return connection.execute(
                "UPDATE contact SET handed_by = ?2, handed_on = ?3 WHERE ref = ?1 AND handed_by = ''"
                " RETURNING *",
                (ref, by, on),
            ).fetchall()

        rows = self._do(job) if self._path.exists() else []
        return Contact._make(rows[0]) if rows else None

    def forget(self, today: str, taken: str, handed: str) -> int:
        """Delete what was taken in, or handed over, on these ISO days or before; returns how many.

        today: becomes the day of what has none, or one that is still to come.
        """
        if not self._path.exists():
            return 0

        def job(connection: Connection) -> int:
            for statement in DATED:
                connection.execute(statement, (today,))
            return connection.execute(AGED, (taken, handed)).rowcount

        return self._do(job, emptied=True)

    def forget_damaged(self, before_s: float) -> None:
        """Delete the file that was set aside, if it was last written before that (seconds since 1970)."""
        aside = self._path.with_name(DAMAGED)
        with suppress(OSError):
            if aside.stat().st_mtime < before_s:
                aside.unlink()

    def count(self, person: str) -> int:
        """How many bear this name or telephone number."""
        if not self._path.exists():
            return 0
        return int(self._do(lambda it: it.execute(f"SELECT count(*) {OF_PERSON}", (person,)).fetchone()[0]))

    def erase(self, person: str) -> int:
        """Delete what bears this name or telephone number; returns how many."""
        if not self.count(person):
            return 0
        return self._do(lambda it: it.execute(f"DELETE {OF_PERSON}", (person,)).rowcount, emptied=True)

    def _do(self, job: Callable[[Connection], T], emptied: bool = False) -> T:
        """Run `job` in a transaction of its own; emptied: then write the file anew, without what is gone."""
        try:
            with _ONE, self._opened() as connection:
                with _transaction(connection):
                    result = job(connection)
                if emptied and result:
                    connection.execute("VACUUM")
                return result
        except (sqlite.Error, OSError) as error:
            LOG.error("%s cannot be used: %s", self._path, error)
            raise IntakeClosed(f"{FILE}: {error}") from error

    @contextmanager
    def _opened(self) -> Iterator[Connection]:
        try:
            connection = self._connected()
        except sqlite.Error as error:
            if not sqlite.is_damage(error):
                raise
            LOG.error("%s is damaged and set aside: %s", self._path, error)
            self._set_aside()
            connection = self._connected()
        try:
            yield connection
        finally:
            connection.close()

    def _connected(self) -> Connection:
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        connection = sqlite.connect_writer(self._path)
        try:
            connection.execute("PRAGMA secure_delete = ON")
            _upgrade(connection)
        except sqlite.Error:
            connection.close()
            raise
        return connection

    def _set_aside(self) -> None:
        os.replace(self._path, self._path.with_name(DAMAGED))
        for suffix in ("-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _upgrade(connection: Connection) -> None:
    """Bring the file to the newest schema, whole or not at all."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(STEPS):
        raise sqlite.OperationalError(f"schema version {version} is of a newer release")
    if version < len(STEPS):
        with _transaction(connection):
            for step in STEPS[version:]:
                connection.execute(step)
            connection.execute(f"PRAGMA user_version = {len(STEPS)}")
