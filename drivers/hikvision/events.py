"""What one event of a terminal says, and which events are a punch. Pure.

A punch is an event of major 5 whose minor says that a person passed: 1 card, 38 fingerprint, 75 face. That
an event names a person is not enough: 8 is «denied» and names one. The key is the device's time and the
event's own number; after a reset of the numbers the time still tells two events apart, so no epoch of ours is
in it, and a database that was lost finds the same keys again.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from drivers.base import Fact, Reading, Reject
from drivers.hikvision.documents import Document, text, whole

KIND = "attendance.punch"
EVENT = 5
METHODS = {1: "card", 38: "fingerprint", 75: "face"}
STATES = {
    "checkIn": "check_in",
    "checkOut": "check_out",
    "breakOut": "break_out",
    "breakIn": "break_in",
    "overtimeIn": "ot_in",
    "overtimeOut": "ot_out",
}
NUMBER_MAX = 0xFFFF_FFFF
USER_MAX = 64
KEPT = ("major", "minor", "time", "serialNo", "employeeNoString", "attendanceStatus")
"""What is kept of an event that makes no sense: no name, no card, no address of a picture."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?")


class Item(NamedTuple):
    """One event. number: its serialNo. time: as told. front: the number before it, where told."""

    number: int
    major: int
    minor: int
    time: str
    user: str
    state: str
    front: int | None = None


def item(told: Document) -> Item:
    """An event of the log, or the inner part of one that is pushed; number 0 where it has none."""
    number = whole(told.get("serialNo")) or 0
    return Item(
        number if number <= NUMBER_MAX else 0,
        _first(told, "major", "majorEventType"),
        _first(told, "minor", "subEventType"),
        text(told.get("time") or told.get("dateTime")),
        text(told.get("employeeNoString")) or text(told.get("employeeNo")),
        text(told.get("attendanceStatus")),
        whole(told.get("frontSerialNo")),
    )


def _first(told: Document, *names: str) -> int:
    return next((found for name in names if (found := whole(told.get(name))) is not None), 0)


def wall_clock(told: str) -> str | None:
    """The naive wall clock of `2026-07-06T00:38:32+03:00`; None for a moment that no clock shows.

    The zone is left out: factory settings are often wrong there, while people look at the clock.
    """
    found = _TIME.fullmatch(told)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}").isoformat()
    except ValueError:
        return None


def day_before(told: str) -> str:
    """The same moment a day earlier, in the same zone; the time itself where there is none."""
    found = _TIME.fullmatch(told)
    if found is None or found[1] < "1970-01-02":
        return told
    earlier = datetime.fromisoformat(f"{found[1]}T{found[2]}") - timedelta(days=1)
    return earlier.isoformat() + (found[3] or "+08:00")


def is_punch(event: Item, minors: frozenset[int]) -> bool:
    """Whether a person passed."""
    return event.major == EVENT and event.minor in minors


def reading(serial: str, event: Item) -> Reading | Reject:
    """A punch as the door wants it, or what makes no sense of it."""
    time = wall_clock(event.time)
    if not event.number:
        return rejected("no_number", event)
    if time is None:
        return rejected("impossible_date", event)
    if not event.user or not event.user.isprintable() or len(event.user) > USER_MAX:
        return rejected("no_user", event)
    return Reading(KIND, serial, f"{time}|{event.number}", time, _facts(event))


def _facts(event: Item) -> Mapping[str, Fact]:
    return {
        "device_user_id": event.user,
        "verify_method": METHODS.get(event.minor, "other"),
        "verify_raw": event.minor,
        "punch_state": STATES.get(event.state, "unspecified"),
    }


def rejected(reason: str, event: Item) -> Reject:
    """An event that makes no sense, for quarantine."""
    kept = (event.major, event.minor, event.time, event.number, event.user, event.state)
    return Reject.record(reason, json.dumps(dict(zip(KEPT, kept, strict=True))).encode())
