"""Replace a damaged database by a new one with all that is whole: `python -m edge.store.salvage PATH`.

In a process of its own. The damaged file, with its WAL, is set aside by rename and never written to. An
event is taken only where its bytes fit their hash and its fact fits its id; a stub where it fits a
neighbour's chain. Cursors, watermarks and `terminal` stay behind, so that every terminal is read again in
full; receipts are those of the mark, where their head is in the chain.
"""

import hashlib
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import get_args

import msgspec

from edge.contract import UNREADABLE, Event
from edge.events import digest_of, event_id
from edge.payloads import HashAlg
from edge.store import epochs, marks, migrate, schema, sqlite
from edge.store.leaves import Found, Leaves, Record
from edge.store.ledger import read_tip
from edge.store.marks import Order
from edge.store.sqlite import Connection
from edge.whole import sync_folder

SUFFIXES = ("-wal", "-shm", "")
KEPT = 3
"""So many damaged files are kept, the newest ones."""
BATCH = 2000
HASH_BYTES = 32
ALGORITHMS: tuple[HashAlg, ...] = get_args(HashAlg)

EVENT = """
INSERT INTO event (position, fact, body, hash, chain, size, emptied) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (position) DO UPDATE SET body = NULL, size = excluded.size, emptied = excluded.emptied
    WHERE excluded.body IS NULL AND event.hash = excluded.hash
ON CONFLICT (fact) DO UPDATE SET position = excluded.position, body = excluded.body, hash = excluded.hash,
    chain = excluded.chain, size = excluded.size, emptied = excluded.emptied
    WHERE excluded.position > event.position
"""
"""An emptied row stays empty, and of two rows of one fact the later stands: older images are read too."""
KNOWN = "INSERT OR IGNORE INTO known (fact) VALUES (?)"
COPIES = "INSERT INTO copies VALUES (?1, ?2) ON CONFLICT (fact) DO UPDATE SET copies = max(copies, ?2)"
DEVICE = (
    "INSERT INTO device (device_id, serial, last_data, stored, quarantined) VALUES (?1, ?2, ?3, ?4, ?5)"
    " ON CONFLICT (device_id) DO UPDATE SET last_data = ?3, stored = ?4, quarantined = ?5 WHERE ?4 > stored"
)
QUARANTINE = (
    "INSERT OR IGNORE INTO quarantine"
    " (device_id, serial, reason, length, sha256, raw, seen, pending_from) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


def salvage(path: Path) -> None:
    """Do it, or go on where a kill ended it; at the end the order beside the file says that it is built."""
    order = marks.read_order(path.parent) or Order("salvaged")
    if not order.set_aside:
        stamp = time.strftime("%Y%m%dT%H%M%S")
        order = msgspec.structs.replace(order, set_aside=f"{path.name}.corrupt-{stamp}")
        marks.write_order(path.parent, order)
    aside = path.with_name(order.set_aside)
    _set_aside(path, aside)
    draft = path.with_name(path.name + ".salvaging")
    for suffix in SUFFIXES:
        Path(f"{draft}{suffix}").unlink(missing_ok=True)
    migrate.migrate(draft)
    with closing(sqlite.connect_writer(draft)) as connection:
        fill(connection, aside)
        _receipts(connection, path.parent)
        tip = read_tip(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    marks.write_order(path.parent, msgspec.structs.replace(order, built=True, after=tip.epoch if tip else ""))
    marks.take_place(draft, path)
    _forget_old(path)


def _set_aside(path: Path, aside: Path) -> None:
    """The WAL first: as long as the file itself stands, a next attempt knows that this is not done."""
    for suffix in SUFFIXES:
        source, target = Path(f"{path}{suffix}"), Path(f"{aside}{suffix}")
        if source.exists() and not target.exists():
            os.rename(source, target)
    sync_folder(path.parent)


def _forget_old(path: Path) -> None:
    kept = sorted(
        found for found in path.parent.glob(f"{path.name}.corrupt-*") if not found.name.endswith(SUFFIXES[:2])
    )
    for old in kept[:-KEPT]:
        for suffix in SUFFIXES:
            Path(f"{old}{suffix}").unlink(missing_ok=True)


def fill(connection: Connection, damaged: Path) -> None:
    """Write what is whole in the file `damaged` into an empty database."""
    leaves = Leaves(damaged)
    sorted_out = _Sorting()
    connection.execute("BEGIN IMMEDIATE")
    try:
        for found in leaves.rows():
            sorted_out.take(found)
            if sorted_out.waiting >= BATCH:
                sorted_out.write(connection)
        sorted_out.write(connection)
        sorted_out.name_epochs(connection)
        _mend_chain(connection)
        connection.execute("COMMIT")
    finally:
        leaves.close()


class _Sorting:
    """Rows recognised by their shape, proved where they can be, and held until the next `write`."""

    def __init__(self) -> None:
        self.waiting = 0
        self._rows: defaultdict[str, list[tuple[object, ...]]] = defaultdict(list)
        self._pairs: Counter[tuple[str, int, HashAlg]] = Counter()
        self._named: dict[str, tuple[int, str, HashAlg, str, str]] = {}
        """What the table `epoch` says, which nothing proves: only of epochs without a whole event."""

    def take(self, found: Found) -> None:
        """Sort in one row, or pass it over."""
        rowid, record = found
        if rowid is None:
            self._without_rowid(record)
        elif len(record) in (5, 7) and record[0] is None and isinstance(record[3], bytes):
            self._event(rowid, record)
        elif len(record) == 5:
            self._epoch(rowid, record)
        elif len(record) == 9 and record[0] is None and _is_reject(record[1:]):
            self._add(QUARANTINE, record[1:])

    def _add(self, sql: str, row: Sequence[object]) -> None:
        self._rows[sql].append(tuple(row))
        self.waiting += 1

    def _without_rowid(self, record: Record) -> None:
        match record:
            case (str(fact),) if fact.count("|") >= 2 and fact.isprintable():
                self._add(KNOWN, record)
            case (str(fact), int(copies)) if fact.count("|") >= 2 and 1 < copies < 1 << 20:
                self._add(COPIES, record)
            case (str(name), str(serial), _, _, last, int(stored), int(rejected)) if (
                last is None or isinstance(last, str)
            ):
                self._add(DEVICE, (name, serial, last, stored, rejected))

    def _epoch(self, number: int, record: Record) -> None:
        match record:
            case (None, str(epoch), "sha256" | "sm3" as algorithm, str(opened), str(reason)):
                self._named[epoch] = (number, epoch, algorithm, opened, reason)

    def _event(self, position: int, record: Record) -> None:
        fact, body, hashed, chain, *rest = record[1:]
        if not (isinstance(fact, str) and isinstance(hashed, bytes) and isinstance(chain, bytes)):
            return
        if len(hashed) != HASH_BYTES or len(chain) != HASH_BYTES:
            return
        if body is None and len(rest) == 2 and isinstance(rest[0], int) and isinstance(rest[1], str):
            self._add(EVENT, (position, fact, None, hashed, chain, *rest))
        elif isinstance(body, str) and (proved := _proved(position, fact, body, hashed)):
            self._pairs[proved] += 1
            self._add(EVENT, (position, fact, body, hashed, chain, None, None))

    def write(self, connection: Connection) -> None:
        """Write what waits."""
        for sql, rows in self._rows.items():
            connection.executemany(sql, rows)
        self._rows.clear()
        self.waiting = 0

    def name_epochs(self, connection: Connection) -> None:
        """Epochs by what their events say; an event whose number of the epoch was damaged goes."""
        epochs_of: dict[int, tuple[int, str, HashAlg, str, str]] = {}
        for (epoch, number, algorithm), _count in self._pairs.most_common():
            if number in epochs_of or epoch in {row[1] for row in epochs_of.values()}:
                connection.execute(
                    "DELETE FROM event WHERE position >> ? = ? AND json_extract(body, '$.epoch') = ?",
                    (schema.SEQUENCE_BITS, number, epoch),
                )
                continue
            *_, opened, reason = self._named.get(epoch, ("", "salvaged"))
            epochs_of[number] = (number, epoch, algorithm, str(opened), str(reason))
        for row in self._named.values():
            if row[1] not in {known[1] for known in epochs_of.values()}:
                epochs_of.setdefault(row[0], row)
        connection.executemany("INSERT INTO epoch VALUES (?, ?, ?, ?, ?)", sorted(epochs_of.values()))


def _proved(position: int, fact: str, body: str, hashed: bytes) -> tuple[str, int, HashAlg] | None:
    """Epoch, its number and its algorithm, where row and body agree in everything; else None."""
    text = body.encode()
    algorithm = next((each for each in ALGORITHMS if digest_of(each)(text) == hashed), None)
    if algorithm is None:
        return None
    try:
        event = msgspec.json.decode(text, type=Event)
        same = event.id == event_id(fact) and int(event.sequence) == schema.sequence_of(position)
    except (ValueError, *UNREADABLE):
        return None
    return (event.epoch, schema.epoch_of(position), algorithm) if same else None


def _is_reject(columns: Sequence[object]) -> bool:
    """Of the table `quarantine`; its bytes fit their hash."""
    *texts, length, sha256, raw, seen, pending = columns
    whole = all(isinstance(each, str) for each in (*texts, sha256, seen)) and isinstance(length, int)
    proved = raw is None or (isinstance(raw, bytes) and hashlib.sha256(raw).hexdigest() == sha256)
    return whole and proved and (pending is None or isinstance(pending, str))


def _mend_chain(connection: Connection) -> None:
    """A chain hash follows from the row before, or leads to the next; what does neither is mended.

    A stub is believed only where it fits: its own hash is of bytes that are gone.
    """
    algorithms: dict[int, HashAlg] = dict(connection.execute("SELECT number, hash_alg FROM epoch").fetchall())
    before: tuple[int, bytes] = (0, b"")
    for rows in _in_steps(connection):
        for at, (position, emptied, hashed, chain) in enumerate(rows):
            algorithm = algorithms.get(schema.epoch_of(position))
            follows = algorithm is not None and before[0] + 1 == position
            right = digest_of(algorithm)(before[1] + hashed) if algorithm and follows else None
            leads = chain != right and _leads(rows, at, chain, algorithm)
            if emptied and chain != right and (follows or not leads):
                connection.execute("DELETE FROM event WHERE position = ?", (position,))
            elif right and chain != right and not leads:
                connection.execute("UPDATE event SET chain = ? WHERE position = ?", (right, position))
                before = (position, right)
            else:
                before = (position, chain) if leads or chain == right else (0, b"")


Link = tuple[int, int, bytes, bytes]
"""Position, whether emptied, hash, chain."""


def _in_steps(connection: Connection) -> Iterator[list[Link]]:
    after = 0
    while rows := connection.execute(
        "SELECT position, body IS NULL, hash, chain FROM event WHERE position > ? ORDER BY position LIMIT ?",
        (after, BATCH),
    ).fetchall():
        yield rows
        after = rows[-1][0]


def _leads(rows: Sequence[Link], at: int, chain: bytes, algorithm: HashAlg | None) -> bool:
    """Whether the row after `at` follows from this chain hash."""
    if algorithm is None or at + 1 >= len(rows) or rows[at + 1][0] != rows[at][0] + 1:
        return False
    return digest_of(algorithm)(chain + rows[at + 1][2]) == rows[at + 1][3]


def _receipts(connection: Connection, folder: Path) -> None:
    """What the mark says that applications had, where it is in the chain: the rest is sent again."""
    mark = marks.read_mark(folder)
    for app, known in (mark.receipts if mark else {}).items():
        if place := epochs.position_of(connection, known):
            connection.execute(
                "INSERT INTO receipt (app, n, position, received) VALUES (?, 0, ?, '')", (app, place)
            )


if __name__ == "__main__":
    salvage(Path(sys.argv[1]))
