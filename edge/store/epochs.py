"""A new epoch: when a database is not the one upstream knows, its numbers are never given again.

`witness` decides (from the mark beside the database); `begin` writes it, in the caller's transaction: the
epoch's number 1 says what is missing of the epoch before, then every row that upstream has not confirmed is
sealed again under the new epoch. Same fact, so same id and data; confirmed rows stay as they are. Thus no
receipt of the new epoch retires a row that was not sent under it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import uuid4

import msgspec

from edge.contract import Event
from edge.events import TYPE_PREFIX, VERSION, Draft, digest_of, event_id, genesis, own_event
from edge.payloads import EpochOpened, EpochReason, HashAlg
from edge.store import schema, sqlite
from edge.store.ledger import Ledger, Tip, read_tip
from edge.store.marks import Anchor, Mark
from edge.store.sqlite import Connection

CHUNK = 1000
RANGES_MAX = 500
"""So many missing ranges are told one by one; what lies beyond is told as one."""
BROKER = ""
"""Its PUBACK retires rows where no application confirms."""

Range = tuple[int, int]


class Witness(NamedTuple):
    """Somebody holds numbers of `epoch` up to `reached`. forked: one that we hold too is another there."""

    epoch: str
    reached: int
    forked: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new epoch is to say of itself. Rows above the position `floor` go with it."""

    reason: EpochReason
    hash_alg: HashAlg
    floor: int = 0
    previous: str | None = None
    last_sequence: int | None = None
    head: str | None = None
    missing: tuple[Range, ...] = ()
    set_aside: str | None = None


def witness(connection: Connection, tip: Tip | None, known: Mark | None) -> Witness | None:
    """What the mark proves against this database: it is older than the hall, or None."""
    if known is None:
        return None
    number = _number(connection, known.epoch)
    if tip is None or number is None:
        return Witness(known.epoch, known.sequence)
    if number != tip.epoch_number:
        return None  # killed between a new epoch and its mark
    if known.sequence > tip.sequence:
        return Witness(known.epoch, known.sequence)
    ours = _chain(connection, schema.position(number, known.sequence))
    return Witness(known.epoch, known.sequence, forked=True) if ours != known.head else None


def floor(connection: Connection, confirm: Sequence[str]) -> int:
    """Up to this position every application of `confirm` has everything, by its saved receipt."""
    kept = dict(connection.execute("SELECT app, position FROM receipt").fetchall())
    return min(int(kept.get(app, 0)) for app in confirm or (BROKER,))


def opening(
    connection: Connection,
    reason: EpochReason,
    hash_alg: HashAlg,
    confirm: Sequence[str],
    seen: Witness | None,
    set_aside: str | None = None,
) -> Opening:
    """What is known of the epoch before: the one somebody else speaks of, else the newest here."""
    newest = connection.execute("SELECT number, epoch FROM epoch ORDER BY number DESC LIMIT 1").fetchone()
    held = floor(connection, confirm)
    if seen is None and newest is None:
        return Opening(reason, hash_alg, set_aside=set_aside)
    previous = seen.epoch if seen else newest[1]
    number = _number(connection, previous)
    if number is None:
        unknown = ((1, seen.reached),) if seen and seen.reached else ()
        return Opening(reason, hash_alg, held, previous, 0, None, unknown, set_aside)
    last, head = _last(connection, number)
    missing = _missing(connection, number, last, max(last, seen.reached if seen else 0))
    if seen and seen.forked:
        agreed = schema.sequence_of(held) if schema.epoch_of(held) == number else 0
        missing = ((min(agreed, seen.reached - 1) + 1, seen.reached),)
    return Opening(reason, hash_alg, held, previous, last, head, missing, set_aside)


def begin(ledger: Ledger, wanted: Opening, told: Callable[[], None] = lambda: None) -> int:
    """Begin the epoch and move what is not confirmed; returns how many rows that were.

    told: called now and then while it works. sqlite.DatabaseError where a row is not what was sealed.
    """
    connection, now = ledger.connection, ledger.now()
    epoch, upto = str(uuid4()), ledger.tip.position
    (number,) = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM epoch").fetchone()
    at = now.isoformat(timespec="seconds")
    connection.execute(
        "INSERT INTO epoch (number, epoch, hash_alg, opened, reason) VALUES (?, ?, ?, ?, ?)",
        (number, epoch, wanted.hash_alg, at, wanted.reason),
    )
    (moved,) = connection.execute(
        "SELECT count(*) FROM event WHERE position > ? AND body IS NOT NULL", (wanted.floor,)
    ).fetchone()
    chain = genesis(epoch, digest_of(wanted.hash_alg))
    ledger.tip = Tip(number, epoch, wanted.hash_alg, 0, chain)
    payload = EpochOpened(
        reason=wanted.reason,
        hash_alg=wanted.hash_alg,
        previous=wanted.previous,
        last_sequence=wanted.last_sequence,
        head=wanted.head,
        missing=wanted.missing,
        moved=moved,
        set_aside=wanted.set_aside,
    )
    subject = ledger.place.source
    ledger.add_own([own_event("edge.epoch_opened", epoch, subject, 0, now, payload)], at)
    if moved:
        _move(ledger, wanted.floor, upto, told)
    return int(moved)


def _move(ledger: Ledger, after: int, upto: int, told: Callable[[], None]) -> None:
    connection, recorded = ledger.connection, ledger.now().isoformat(timespec="milliseconds")
    algorithms = dict(connection.execute("SELECT number, hash_alg FROM epoch").fetchall())
    parked = {place for (place,) in connection.execute("SELECT position FROM parked").fetchall()}
    while rows := connection.execute(
        "SELECT position, fact, body, hash FROM event WHERE position > ? AND position <= ?"
        " AND body IS NOT NULL ORDER BY position LIMIT ?",
        (after, upto, CHUNK),
    ).fetchall():
        drafts = [_draft(row, algorithms[schema.epoch_of(row[0])]) for row in rows]
        connection.executemany("DELETE FROM event WHERE position = ?", [row[:1] for row in rows])
        first = ledger.tip.position + 1
        ledger.add(drafts, recorded)
        for place, row in enumerate(rows, first):
            if row[0] in parked:
                connection.execute("UPDATE parked SET position = ? WHERE position = ?", (place, row[0]))
        after = rows[-1][0]
        told()


def _draft(row: tuple[int, str, str, bytes], hash_alg: HashAlg) -> Draft:
    """The fact of a row as it was before it had a number; DatabaseError where its bytes are not those."""
    position, fact, body, hashed = row
    if digest_of(hash_alg)(body.encode()) != hashed:
        raise sqlite.DatabaseError(f"event {position} is malformed: its bytes do not fit their hash")
    event = msgspec.json.decode(body, type=Event)
    if event.id != event_id(fact):
        raise sqlite.DatabaseError(f"event {position} is malformed: its fact does not fit its id")
    kind = event.type.removeprefix(TYPE_PREFIX).removesuffix(f".{VERSION}")
    return Draft(kind, fact, event.time, bytes(event.data))


def mark(connection: Connection) -> Mark | None:
    """How far this database is, for the file beside it."""
    tip = read_tip(connection)
    if tip is None:
        return None
    kept = connection.execute("SELECT app, position FROM receipt").fetchall()
    receipts = {app: found for app, place in kept if (found := _anchor(connection, place))}
    return Mark(tip.epoch, tip.sequence, tip.chain.hex(), receipts)


def _anchor(connection: Connection, place: int) -> Anchor | None:
    """A position as epoch, number and head; None where no row stands there."""
    row = connection.execute(
        "SELECT epoch.epoch, hex(chain) FROM event JOIN epoch ON number = position >> ? WHERE position = ?",
        (schema.SEQUENCE_BITS, place),
    ).fetchone()
    return Anchor(row[0], schema.sequence_of(place), row[1].lower()) if row else None


def position_of(connection: Connection, known: Anchor) -> int:
    """Where an anchor stands in this database; 0 where it is not in its chain."""
    number = _number(connection, known.epoch)
    if number is None or _chain(connection, schema.position(number, known.sequence)) != known.head:
        return 0
    return schema.position(number, known.sequence)


def _number(connection: Connection, epoch: str) -> int | None:
    row = connection.execute("SELECT number FROM epoch WHERE epoch = ?", (epoch,)).fetchone()
    return row[0] if row else None


def _chain(connection: Connection, place: int) -> str | None:
    row = connection.execute("SELECT hex(chain) FROM event WHERE position = ?", (place,)).fetchone()
    return row[0].lower() if row else None


def _last(connection: Connection, number: int) -> tuple[int, str | None]:
    """The newest number of an epoch here, and its chain hash."""
    bounds = (schema.position(number, 0), schema.position(number + 1, 0))
    row = connection.execute(
        "SELECT position, hex(chain) FROM event WHERE position > ? AND position < ?"
        " ORDER BY position DESC LIMIT 1",
        bounds,
    ).fetchone()
    return (schema.sequence_of(row[0]), row[1].lower()) if row else (0, None)


def _missing(connection: Connection, number: int, last: int, reached: int) -> tuple[Range, ...]:
    """The numbers of an epoch that are not here, up to `reached`."""
    rows = connection.execute(
        "SELECT before + 1, position - 1 FROM (SELECT position, lag(position, 1, ?1) OVER (ORDER BY position)"
        " AS before FROM event WHERE position > ?1 AND position <= ?2) WHERE position > before + 1",
        (schema.position(number, 0), schema.position(number, last)),
    ).fetchall()
    ranges = [(schema.sequence_of(first), schema.sequence_of(end)) for first, end in rows]
    if reached > last:
        ranges.append((last + 1, reached))
    if len(ranges) > RANGES_MAX:
        ranges[RANGES_MAX - 1 :] = [(ranges[RANGES_MAX - 1][0], ranges[-1][1])]
    return tuple(ranges)
