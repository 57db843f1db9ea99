"""A copy of the database while the daemon works, and the way back from one while it does not.

A backup is a database of its own, proved row by row before it gets its name. A restored one goes on under
a new epoch, which the next start begins: its numbers after the copy were given to other events.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from edge.events import digest_of
from edge.store import FILE, LOCK, lock, marks, opening, schema, sqlite
from edge.store.ledger import read_tip
from edge.store.marks import Order
from edge.store.schema import VERSION, version_of
from edge.store.sqlite import Connection
from edge.whole import sync_folder

STEP = 2000


class BackupError(Exception):
    """It was not done; the text says why. Nothing was changed."""


def backup(folder: Path, target: Path) -> int:
    """Copy the open database into a new file (0600); returns how many events. BackupError, OSError."""
    database = folder / FILE
    if target.exists():
        raise BackupError(f"{target}: 已存在，未覆盖 / exists and is not overwritten")
    if not database.exists():
        raise BackupError(f"{database}: 没有数据库 / no database")
    draft = target.with_name(target.name + ".new")
    try:
        held = _begin(draft)
    except OSError as error:
        raise BackupError(f"{target}: 写不了 / cannot be written: {error.strerror}") from error
    try:
        with closing(sqlite.connect_reader(database)) as source, closing(sqlite.connect_copy(draft)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        count = _proved(draft)
        _sync(draft)
        os.link(draft, target)
    except sqlite.Error as error:
        raise BackupError(f"{database}: 备份失败 / the copy failed: {error}") from error
    except FileExistsError:
        raise BackupError(f"{target}: 已存在，未覆盖 / exists and is not overwritten") from None
    finally:
        draft.unlink(missing_ok=True)
        os.close(held)
    sync_folder(target.parent)
    return count


def _begin(draft: Path) -> int:
    """Make an empty file and lock it; one that a killed backup left goes, one that is being written stays."""
    with suppress(FileNotFoundError):
        left = os.open(draft, os.O_RDONLY)
        try:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.unlink()
        finally:
            os.close(left)
    held = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return held


def restore(source: Path, folder: Path) -> str:
    """Put a backup in the place of the database; returns the name under which the present one is kept.

    SecondInstance while a daemon owns it; DatabaseNewer; BackupError, OSError.
    """
    if not source.is_file():
        raise BackupError(f"{source}: 没有这个文件 / no such file")
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / FILE
    with _owned(folder / LOCK):
        draft = database.with_name(database.name + ".restoring")
        for suffix in ("", "-wal", "-shm"):
            Path(f"{draft}{suffix}").unlink(missing_ok=True)
        try:
            shutil.copyfile(source, draft)
            draft.chmod(0o600)
            _proved(draft)
            return _put_in_place(draft, database)
        except sqlite.Error as error:
            raise BackupError(f"{source}: 不是完好的备份 / not a whole backup: {error}") from error
        finally:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{draft}{suffix}").unlink(missing_ok=True)


@contextmanager
def _owned(path: Path) -> Iterator[None]:
    descriptor = lock.acquire(path)
    try:
        marks.give_to_owner(path)
        yield
    finally:
        os.close(descriptor)


def _put_in_place(draft: Path, database: Path) -> str:
    with closing(sqlite.connect_reader(draft)) as connection:
        tip = read_tip(connection)
    aside = database.with_name(f"{database.name}.replaced-{time.strftime('%Y%m%dT%H%M%S')}")
    held = database.exists()
    order = Order("restored", set_aside=aside.name if held else "", after=tip.epoch if tip else "")
    marks.write_order(database.parent, order)
    for suffix in ("-wal", "-shm"):
        if Path(f"{database}{suffix}").exists():
            os.rename(f"{database}{suffix}", f"{aside}{suffix}")
    if held:
        os.link(database, aside)
    marks.give_to_owner(draft)
    marks.take_place(draft, database)
    return aside.name if held else ""


def _proved(path: Path) -> int:
    """How many events a database holds, each proved against its hash; sqlite.Error, DatabaseNewer."""
    said = opening.damage(path)
    if said or not path.stat().st_size:
        raise sqlite.DatabaseError(said or "it is empty")
    with closing(sqlite.connect_reader(path)) as connection:
        if not 0 < version_of(connection) <= VERSION:
            raise sqlite.DatabaseError("it has no schema of ours")
        return _count_whole(connection)


def _count_whole(connection: Connection) -> int:
    algorithms = dict(connection.execute("SELECT number, hash_alg FROM epoch").fetchall())
    after = count = 0
    while rows := connection.execute(
        "SELECT position, body, hash FROM event WHERE position > ? ORDER BY position LIMIT ?", (after, STEP)
    ).fetchall():
        for position, body, hashed in rows:
            algorithm = algorithms.get(schema.epoch_of(position))
            if algorithm is None or (body is not None and digest_of(algorithm)(body.encode()) != hashed):
                raise sqlite.DatabaseError(f"event {position} is malformed")
        after, count = rows[-1][0], count + len(rows)
    return count


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
