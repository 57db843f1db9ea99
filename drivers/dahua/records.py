"""What one access record says, and which records are a punch. Pure.

A punch is a record whose Status is 1 (where that is missing: whose ErrorCode is 0). CreateTime is seconds
since 1970 UTC, on some firmwares the local time as text; both become the terminal's wall clock, so that the
key, which holds it and RecNo, is the same after a firmware update. Methods mean different things by family.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from drivers.base import Fact, Reading, Reject
from drivers.dahua.lines import TWICE, number

KIND = "attendance.punch"
METHODS: dict[str, dict[int, str]] = {
    "asi": {0: "pin", 1: "card", 6: "fingerprint", 15: "face"},
    "vto": {1: "card", 2: "fingerprint", 3: "face"},
}
NOBODY = {4, 5}
"""ASI: opened from afar, or by the button inside: nobody is named, nobody came."""
STATES = {1: "check_in", 2: "break_out", 3: "break_in", 4: "check_out", 5: "ot_in", 6: "ot_out"}
"""AttendanceState as the vendor's SDK counts it; protocols know 0 alone [X]."""
KEPT = ("RecNo", "CreateTime", "UserID", "Method", "Status", "ErrorCode", "AttendanceState", "Type", TWICE)
"""What is kept of a record that makes no sense: no name, no card, no address of a picture."""
USER_MAX = 64
YEARS = (2000, 2100)
_TIME = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[T ](\d{1,2}:\d{1,2}:\d{1,2})")


class Access(NamedTuple):
    """One record. number: RecNo, 0 = none. at: its wall clock in seconds since 1970, None = no moment."""

    number: int
    at: int | None
    told: Mapping[str, str]


def access(told: Mapping[str, str], shift_s: int) -> Access:
    """A record; shift_s: what to add to UTC for the terminal's wall clock."""
    return Access(number(told.get("RecNo")) or 0, moment(told.get("CreateTime", ""), shift_s), told)


def moment(told: str, shift_s: int) -> int | None:
    """Wall clock in seconds since 1970, of an epoch or of local text; None for what no clock shows."""
    seconds = number(told)
    try:
        if seconds is not None:
            found = datetime.fromtimestamp(seconds, UTC) + timedelta(seconds=shift_s)
        elif text := _TIME.fullmatch(told.strip()):
            date, time = (list(map(int, re.split("[-:]", each))) for each in text.groups())
            found = datetime(date[0], date[1], date[2], time[0], time[1], time[2], tzinfo=UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return int(found.timestamp()) if YEARS[0] <= found.year < YEARS[1] else None


def wall_clock(at: int) -> str:
    """Seconds since 1970 on the terminal's wall clock, as `YYYY-MM-DDTHH:MM:SS`."""
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None).isoformat()


def reading(serial: str, record: Access, methods: Mapping[int, str]) -> Reading | Reject | None:
    """A punch as the door wants it, what makes no sense of it, or None: nobody passed."""
    if TWICE in record.told:  # the lines of two records under one index: nobody passed then and there
        return rejected("field_twice", record)
    status, error = record.told.get("Status"), record.told.get("ErrorCode")
    if status in (None, "") and error in (None, ""):
        return rejected("no_status", record)
    if (status or ("1" if error == "0" else "0")) != "1":
        return None
    user, method = record.told.get("UserID", ""), number(record.told.get("Method"))
    if not user and method in NOBODY and method not in methods:
        return None
    if record.at is None:
        return rejected("impossible_date", record)
    if not record.number:
        return rejected("no_number", record)
    if not user or not user.isprintable() or len(user) > USER_MAX:
        return rejected("no_user", record)
    time = wall_clock(record.at)
    return Reading(KIND, serial, f"{time}|{record.number}", time, _facts(record, methods))


def _facts(record: Access, methods: Mapping[int, str]) -> dict[str, Fact]:
    method, state = number(record.told.get("Method")), number(record.told.get("AttendanceState"))
    facts: dict[str, Fact] = {
        "device_user_id": record.told["UserID"],
        "verify_method": methods.get(-1 if method is None else method, "other"),
        "punch_state": STATES.get(state or 0, "unspecified"),
    }
    return facts if method is None else {**facts, "verify_raw": method}


def rejected(reason: str, record: Access) -> Reject:
    """A record that makes no sense, for quarantine."""
    kept = {name: record.told[name] for name in KEPT if name in record.told}
    return Reject.record(reason, json.dumps(kept, ensure_ascii=False).encode("utf-8", "replace"))
