"""Walks the log of a database in small steps, read-only, and holds it against every anchor there is.

Anchors: what applications confirmed (table `receipt`), the file `epoch` beside the database, the end that an
epoch tells of the one before, and what an auditor brings from upstream: that alone nobody here can rewrite.
"""

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from edge.contract import UNREADABLE, Event, Receipt, State
from edge.payloads import EpochOpened
from edge.proof.proof import Anchor, Bad, Chain, Close, Log, Standing, compare
from edge.store import FILE, Reader, epoch_of, position, sequence_of, sqlite
from edge.store.schema import VERSION

STEP = 500
"""Rows for each look at the database: none of them lasts long enough to hold up the writer's WAL."""
COUNT_STEP = 50_000
MARK = "epoch"
OPENED = "edge.epoch_opened"
_HEAD = re.compile(r"(?:(?P<epoch>[^:]+):)?(?P<sequence>[0-9]{1,12}):(?P<head>[0-9a-fA-F]{64})")


class AnchorFound(msgspec.Struct, frozen=True):
    """An anchor, and whether the log fits it."""

    who: str
    epoch: str
    sequence: int
    standing: Standing


class EpochFound(msgspec.Struct, frozen=True):
    """What was walked of one epoch. `declared`: numbers that are absent, as a later epoch says."""

    epoch: str
    hash_alg: str
    newest: int
    rows: int
    purged: int
    erased: int
    declared: tuple[tuple[int, int], ...]


class Report(msgspec.Struct, frozen=True):
    """What was found; all is well when there is no `bad`."""

    epochs: tuple[EpochFound, ...]
    anchors: tuple[AnchorFound, ...]
    bad: Bad | None
    seconds: float

    def fits_up_to(self) -> int:
        """The highest number of the bad row's epoch whose head fits an anchor; 0 where none does."""
        epoch = self.bad.epoch if self.bad else ""
        fitting = (each.sequence for each in self.anchors if (each.epoch, each.standing) == (epoch, "fits"))
        return max(fitting, default=0)


class NoAnchor(ValueError):
    """The text is no anchor."""


class OlderSchema(Exception):
    """The database was not yet upgraded by this release."""


class NewerSchema(Exception):
    """The database was written by a newer release."""


def verify(
    folder: Path, brought: Sequence[Anchor], progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Report:
    """Walk the database in `folder` up to its present end; OlderSchema, NewerSchema, or sqlite.Error.

    brought: anchors from upstream; one without epoch speaks of the newest. progress: rows done, and in all.
    """
    began, reader = time.monotonic(), Reader(folder / FILE)
    try:
        if (version := reader.version()) != VERSION:
            raise OlderSchema if version < VERSION else NewerSchema
        anchors = [*_anchors(folder, reader)]  # before the end is looked up: they never lie beyond it
        newest = reader.newest()
        log = Log(_chains(reader))
        bad = _walk(reader, log, newest, progress)
        chains = {chain.epoch: chain for chain in log.chains}
        latest = log.chains[-1].epoch if log.chains else ""
        anchors += [msgspec.structs.replace(each, epoch=each.epoch or latest) for each in brought]
        held = [(each, *compare(each, chains, reader.chain)) for each in anchors if each.sequence]
    finally:
        reader.close()
    found = [AnchorFound(each.who, each.epoch, each.sequence, standing) for each, standing, _ in held]
    faults = sorted(filter(None, (fault for *_, fault in held)), key=lambda fault: fault.position)
    bad = bad or next(iter(faults), None)
    took = round(time.monotonic() - began, 3)
    return Report(tuple(map(_found, log.chains)), tuple(found), bad, took)


def brought_anchor(text: str) -> Anchor:
    """`SEQUENCE:HEX`, `EPOCH:SEQUENCE:HEX`, or the JSON of a receipt or state; NoAnchor."""
    if match := _HEAD.fullmatch(text.strip()):
        return Anchor("--head", match["epoch"] or "", int(match["sequence"]), match["head"].lower())
    try:
        told = msgspec.json.decode(text)
        if "upto" in told:
            receipt = msgspec.convert(told, Receipt)
            return Anchor("--head", receipt.epoch, receipt.upto, receipt.head)
        state = msgspec.convert(told, State)
        return Anchor("--head", state.epoch, state.seq_head, state.head)
    except (*UNREADABLE, TypeError) as error:
        raise NoAnchor(text[:80]) from error


class _Mark(msgspec.Struct):
    """The file `epoch` beside the database, or one receipt in it."""

    epoch: str
    sequence: int
    head: str
    receipts: dict[str, "_Mark"] = {}


def _anchors(folder: Path, reader: Reader) -> Iterator[Anchor]:
    """What stands beside and in the database itself."""
    epochs = {number: epoch for epoch, number in reader.epochs().items()}
    with contextlib.suppress(FileNotFoundError, *UNREADABLE):
        mark = msgspec.json.decode((folder / MARK).read_bytes(), type=_Mark)
        for app, each in {"": mark, **mark.receipts}.items():
            yield Anchor(f"{MARK} {app}".strip(), each.epoch, each.sequence, each.head)
    for row in reader.receipts().values():
        epoch = epochs.get(epoch_of(row.position), "")
        yield Anchor(row.app or "PUBACK", epoch, sequence_of(row.position), row.head or "")
    for opened in _openings(reader):
        if opened.previous in epochs.values() and opened.last_sequence:
            yield Anchor(OPENED, opened.previous or "", opened.last_sequence, opened.head or "")


def _openings(reader: Reader) -> list[EpochOpened]:
    """What each epoch said when it was opened; its event may have moved to a later one meanwhile."""
    found = []
    for _number, epoch, _hash_alg in reader.ledgers():
        for row in reader.of_fact(f"edge|{epoch}|{0:012d}|", OPENED):
            with contextlib.suppress(*UNREADABLE):
                event = msgspec.json.decode(row.body, type=Event)
                found.append(msgspec.json.decode(event.data, type=EpochOpened))
    return found


def _chains(reader: Reader) -> list[Chain]:
    """The epochs, each with what later ones say of it."""
    ledgers, openings = reader.ledgers(), _openings(reader)
    closes = {epoch: _close(epoch, openings) for _number, epoch, _alg in ledgers[:-1]}
    moved = sum(opened.moved for opened in openings)
    if (
        moved
        and sum(_undeclared(reader, number, closes[epoch]) for number, epoch, _ in ledgers[:-1]) <= moved
    ):
        closes = {epoch: msgspec.structs.replace(close, moved=True) for epoch, close in closes.items()}
    return [Chain(number, epoch, hash_alg, closes.get(epoch)) for number, epoch, hash_alg in ledgers]


def _close(epoch: str, openings: Sequence[EpochOpened]) -> Close:
    told = [opened for opened in openings if opened.previous == epoch]
    last = next((opened.last_sequence for opened in told), None)
    return Close(last, tuple(each for opened in told for each in opened.missing))


def _undeclared(reader: Reader, number: int, close: Close) -> int:
    """How many numbers of an epoch that has ended are neither here nor declared missing."""
    last = sequence_of(reader.newest_of(number)) if close.last is None else close.last
    here = sum(
        reader.between(position(number, first), position(number, min(first + COUNT_STEP - 1, last)))
        for first in range(1, last + 1, COUNT_STEP)
    )
    missing = sum(min(high, last) - low + 1 for low, high in close.missing if low <= last)
    return max(0, last - here - missing)


def _walk(reader: Reader, log: Log, newest: int, progress: Callable[[int, int], None]) -> Bad | None:
    total = sum(sequence_of(reader.newest_of(chain.number)) for chain in log.chains)
    after, limit, done = -(1 << 62), STEP, 0
    while after < newest:
        try:
            rows = reader.sealed(after, newest, limit)
        except sqlite.DatabaseError as error:
            if limit == 1:
                return _unreadable(log, after, str(error))
            limit = 1
            continue
        for row in rows:
            if bad := log.check(row):
                return bad
        after = rows[-1].position if rows else newest
        progress(done := done + len(rows), total)
    return log.end()


def _unreadable(log: Log, after: int, why: str) -> Bad:
    epochs = {chain.number: chain.epoch for chain in log.chains}
    place = max(after, 0) + 1
    return Bad(epochs.get(epoch_of(place), ""), sequence_of(place), place, "unreadable", why)


def _found(chain: Chain) -> EpochFound:
    purged, erased = chain.emptied["purged"], chain.emptied["erased"]
    declared = tuple(chain.declared)
    return EpochFound(chain.epoch, chain.hash_alg, chain.newest, chain.rows, purged, erased, declared)
