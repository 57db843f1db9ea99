"""What is done before the writer starts: is this our database, is it whole, is it the newest there was?

Damaged, foreign or half gone: it is set aside untouched and what is whole moves into a new one. Older
schema: it is upgraded. Older than its mark, restored or salvaged: it goes on under a new epoch. Whatever
ends this in the middle, the next start goes on where it was.
"""

import logging
import subprocess  # noqa: S404
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edge.events import Draft, Place
from edge.payloads import EpochReason, HashAlg
from edge.store import epochs, marks, sqlite
from edge.store.ledger import Ledger, Tip, read_tip
from edge.store.marks import Order
from edge.store.schema import VERSION, version_of
from edge.store.sqlite import Connection

LOG = logging.getLogger(__name__)

VERSION_END = 1000
"""No release will come so far: such a version was not written by one."""
CHECKED_FIRST_BYTES = 128 << 20
"""A larger file is read whole beside the work, so that the start does not wait for it (3 s a GiB)."""
CHECKED_AFTER_S = 60.0
"""By then the backlog of a start has gone, each row of it proved by itself."""
TOLD_EVERY_S = 5.0


class DatabaseNewer(Exception):
    """The database was written by a newer release; it was not touched."""


@dataclass(frozen=True, slots=True)
class Hall:
    """What the store is told of its hall. told: called now and then while a start takes long.

    own: see `Ledger`.
    """

    place: Place
    hash_alg: HashAlg
    now: Callable[[], datetime]
    confirm: Sequence[str] = ()
    told: Callable[[], None] = lambda: None
    own: Callable[[Draft], Draft] = lambda draft: draft


def prepare(path: Path, owned: int, hall: Hall) -> tuple[bool, EpochReason | None]:
    """Leave a whole database of the newest schema with an epoch.

    Returns whether that is of an earlier life, and else why it was begun (None for a new hall).
    DatabaseNewer, OSError, sqlite.Error, CalledProcessError: it is not usable now. `owned`: the lock.
    """
    order = marks.read_order(path.parent)
    unfinished = order is not None and order.reason == "salvaged" and not (order.built and path.exists())
    why = (order.why if order and unfinished else "") or damage(path)
    if unfinished or why:
        order = _salvage(path, owned, hall, order if unfinished else None, why)
    if _version(path) < VERSION:
        _child("edge.store.migrate", path, owned, hall.told)
    try:
        begun = settle(path, hall, order)
    except sqlite.DatabaseError as error:
        if not sqlite.is_damage(error):
            raise
        begun = settle(path, hall, _salvage(path, owned, hall, None, str(error)))
    marks.obeyed(path.parent)
    return begun


def _salvage(path: Path, owned: int, hall: Hall, begun: Order | None, why: str) -> Order | None:
    """Replace the file by a new one with what is whole in it, or go on where that was ended."""
    LOG.error("%s is damaged (%s): salvaging", path, why)
    if begun is None:
        marks.write_order(path.parent, Order("salvaged", why=why))
    _child("edge.store.salvage", path, owned, hall.told)
    return marks.read_order(path.parent)


def damage(path: Path) -> str:
    """What is wrong with the file, or "" for one that is whole, or not there; DatabaseNewer."""
    wal = path.with_name(path.name + "-wal")
    if not path.exists() or not path.stat().st_size:
        orphaned = wal.exists() and wal.stat().st_size > 0
        lost = path.exists() and marks.read_mark(path.parent) is not None
        return "the file is empty or gone" if orphaned or lost else ""
    try:
        with closing(sqlite.connect_reader(path)) as connection:
            version = version_of(connection)
            found = _not_ours(connection, version) or _checked(connection, path)
    except sqlite.Error as error:
        if sqlite.is_damage(error):
            return str(error)
        raise
    if not found and VERSION < version < VERSION_END:
        raise DatabaseNewer(f"{path} has schema version {version}; this release knows {VERSION}")
    return found


def _not_ours(connection: Connection, version: int) -> str:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if version >= VERSION_END:
        return f"there is no schema version {version}"
    if version > VERSION or {"event", "epoch"} <= tables or (version == 0 and not tables):
        return ""
    return "it is the database of another program"


def _checked(connection: Connection, path: Path) -> str:
    return sqlite.check(connection) if path.stat().st_size <= CHECKED_FIRST_BYTES else ""


def _version(path: Path) -> int:
    if not path.exists() or not path.stat().st_size:
        return 0
    with closing(sqlite.connect_reader(path)) as connection:
        return version_of(connection)


def settle(path: Path, hall: Hall, order: Order | None) -> tuple[bool, EpochReason | None]:
    """Begin the epoch that the database needs, if any, and renew the mark; see `prepare`."""
    sqlite.make_durable(path)
    with closing(sqlite.connect_writer(path)) as connection:
        tip, mark = read_tip(connection), marks.read_mark(path.parent)
        seen = epochs.witness(connection, tip, mark)
        reason = _reason(order, tip, seen)
        if reason is None:
            return True, None
        if seen is None and mark is not None:
            seen = epochs.Witness(mark.epoch, mark.sequence)
        connection.execute("BEGIN IMMEDIATE")
        set_aside = order.set_aside or None if order else None
        wanted = epochs.opening(connection, reason, hall.hash_alg, hall.confirm, seen, set_aside)
        ledger = Ledger(connection, hall.place, tip or Tip(0, "", hall.hash_alg, 0, b""), hall.now, hall.own)
        moved = epochs.begin(ledger, wanted, hall.told)
        connection.execute("COMMIT")
        level = logging.WARNING if mark or order else logging.INFO
        LOG.log(level, "epoch %s begins (%s): %d events move", ledger.tip.epoch, reason, moved)
        now_at = epochs.mark(connection)
        if now_at:
            marks.write_mark(path.parent, now_at)
        return False, reason if mark or order else None


def _reason(order: Order | None, tip: Tip | None, seen: epochs.Witness | None) -> EpochReason | None:
    if order and order.after == (tip.epoch if tip else ""):
        return order.reason
    if tip is None:
        return "new_database"
    return "older_copy" if seen else None


def _child(module: str, path: Path, owned: int, told: Callable[[], None]) -> None:
    """Run a module on the database; the child inherits the lock, which thus lasts until it has ended too."""
    command = [sys.executable, "-m", module, str(path)]
    with subprocess.Popen(command, pass_fds=(owned,)) as child:  # noqa: S603
        while True:
            try:
                code = child.wait(TOLD_EVERY_S)
                break
            except subprocess.TimeoutExpired:
                told()
    if code:
        raise subprocess.CalledProcessError(code, command)


def check_later(path: Path, closed: threading.Event, damaged: Callable[[str], None]) -> None:
    """Read a large database whole beside the work, once, in a thread of its own; tells what is damaged."""
    if path.stat().st_size > CHECKED_FIRST_BYTES:
        threading.Thread(target=_check, args=(path, closed, damaged), name="check", daemon=True).start()


def _check(path: Path, closed: threading.Event, damaged: Callable[[str], None]) -> None:
    if closed.wait(CHECKED_AFTER_S):
        return
    try:
        with closing(sqlite.connect_reader(path)) as connection:
            found = sqlite.check(connection)
    except sqlite.Error as error:
        found = str(error) if sqlite.is_damage(error) else ""
    if found:
        damaged(found)
