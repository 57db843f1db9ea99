"""What the hall holds of one terminal and day, and the accounts that were told of it; read-only."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from edge.account.reconciliation import Kept
from edge.guard.tally import mark
from edge.payloads import DeviceReconciled
from edge.store.books import UNPROVED, Books, Held, Rejected

KIND = "device.reconciled"
Of = tuple[str, str, str]
"""Which account: device, serial number, day."""


class Upstream(NamedTuple):
    """What upstream holds: up to a position, and all before the first of this epoch. aside: not sent.

    asked: an application confirms at all.
    """

    retired: int
    epoch_first: int
    aside: frozenset[int]
    asked: bool

    def holds(self, row: Held) -> bool:
        """Whether an application has confirmed this row."""
        there = row.position <= self.retired or row.position < self.epoch_first
        return self.asked and there and row.position not in self.aside


def kept(books: Books, serial: str, day: str, upstream: Upstream) -> Kept:
    """What is stored of a terminal and day, under its own serial number."""
    rows = books.punches(serial, day, day)
    unproved = books.unproved([row.fact for row in rows if UNPROVED in row.body])
    return Kept(
        frozenset(mark(row.fact) for row in rows),
        frozenset(map(mark, books.before_service(serial, day, day))),
        sum(map(upstream.holds, rows)),
        sum(_may_be(each, day) for each in books.rejects(serial)),
        frozenset(map(mark, unproved)),
    )


def accounts(books: Books) -> list[DeviceReconciled]:
    """All accounts that are stored, oldest first."""
    return [msgspec.json.decode(data, type=DeviceReconciled) for data in books.own(KIND)]


def of(account: DeviceReconciled) -> Of:
    """Which one it is."""
    return account.device_id, account.device_serial, account.day


def newest(told: Iterable[DeviceReconciled]) -> dict[Of, DeviceReconciled]:
    """The newest account of each terminal and day."""
    return {of(account): account for account in told}


def _may_be(reject: Rejected, day: str) -> bool:
    """Whether a record that made no sense may be of that day."""
    next_day = (datetime.fromisoformat(day) + timedelta(days=1)).isoformat()
    return (reject.pending_from or "") < next_day and reject.seen[:10] >= day
