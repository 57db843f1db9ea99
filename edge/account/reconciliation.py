"""对账 of one terminal and day: on the terminal = stored = confirmed upstream? Pure.

Compared are facts, not numbers alone: two sides of equal size may differ. Missing data is never a verdict:
without a complete count that began after the day had ended the result is `unknown`, with the reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from edge.guard.tally import Counted, Mark
from edge.payloads import DeviceReconciled, ReconciledAs

SETTLED: tuple[ReconciledAs, ...] = ("equal", "more_here")
"""Nothing is left to do about such a day."""
LOOK_BACK_DAYS = 7
"""Days that are not settled are looked at again for so long."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the hall has of a terminal and day. stored, before: marks of facts; confirmed: rows upstream has.

    quarantined: records that made no sense and may be of that day. unproved: of those stored, pushed and not
    shown by the terminal's own log so far.
    """

    stored: frozenset[Mark]
    before: frozenset[Mark]
    confirmed: int
    quarantined: int
    unproved: frozenset[Mark] = frozenset()


def reconcile(
    device_id: str,
    serial: str,
    day: str,
    counted: Counted | None,
    kept: Kept,
    *,
    trouble: str = "",
    late: int = 0,
    asked: bool = True,
) -> DeviceReconciled:
    """The account. trouble: why the terminal could not be counted; asked: an application confirms."""
    there = counted.on(day) if counted and counted.serial == serial else None
    ours = kept.stored | kept.before
    missing, more = (None, None) if there is None else (len(there - ours), len(ours - there))
    unproved = len(kept.unproved - (there or frozenset()))
    reason = trouble or _unknown(day, counted, serial)
    result: ReconciledAs = "unknown" if reason or there is None else _result(missing, more, unproved, kept)
    if not asked and result == "unconfirmed":
        reason = "nobody_confirms"
    return DeviceReconciled(
        device_id=device_id,
        device_serial=serial,
        day=day,
        result=result,
        reason=reason,
        on_terminal=counted.records.get(day, 0) if counted and there is not None else None,
        distinct=None if there is None else len(there),
        stored=len(kept.stored),
        confirmed=kept.confirmed,
        before_service=len(kept.before),
        missing=missing,
        more_here=more,
        unproved=unproved,
        late=late,
        quarantined=kept.quarantined,
        counted_at=counted.began if counted else "",
    )


def _unknown(day: str, counted: Counted | None, serial: str) -> str:
    """Why the count says nothing of the day, or ""."""
    if counted is None:
        return "not_counted"
    if counted.serial != serial:
        return "other_terminal_counted"
    if not covers(counted, day):
        return "day_not_over"
    return "day_not_kept" if counted.on(day) is None else ""


def _result(missing: int | None, more: int | None, unproved: int, kept: Kept) -> ReconciledAs:
    if missing:
        return "missing"
    if kept.quarantined:
        return "pending"
    if kept.confirmed < len(kept.stored):
        return "unconfirmed"
    if unproved:
        return "unproved"
    return "more_here" if more else "equal"


def covers(counted: Counted | None, day: str) -> bool:
    """Whether a count began after the day had ended, both by the terminal's clock."""
    if counted is None:
        return False
    return datetime.fromisoformat(counted.began).date() > date.fromisoformat(day)


def due(told: Iterable[DeviceReconciled], today: date) -> list[str]:
    """The days of one device to account for: yesterday, and those before it that are not settled."""
    newest = {(each.day, each.device_serial): each.result for each in told}
    known = {day for day, _serial in newest}
    open_days = {day for (day, _serial), result in newest.items() if result not in SETTLED}
    days = [(today - timedelta(days=back)).isoformat() for back in range(LOOK_BACK_DAYS, 0, -1)]
    return [day for day in days if day in open_days or (day == days[-1] and day not in known)]
