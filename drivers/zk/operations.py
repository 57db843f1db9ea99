"""The operation log of a terminal -> what a person should know of. Pure.

    entry  16  <H B x I 4H   who (uid), operation, time, what it concerned

Layout, time and numbers as in published firmware source (TOPLog); not seen on a real line yet, so whatever
does not look like it is passed over in silence: no entry is worth a stopped log. A terminal that pushes tells
the same as text (`drivers/adms/oplog.py`), under the same key.
"""

from collections.abc import Iterable, Mapping
from struct import Struct
from typing import NamedTuple

from drivers.base import Fact, Reading
from drivers.zk.records import time_text

KIND = "device.alarm"
CODES = {21: "clock_set", 22: "factory_reset", 23: "log_deleted", 105: "log_deleted"}
"""Operation -> code of the alarm (protocols §4: table of operations 0-126)."""
ALARM, CASE_OPENED = 3, 55
"""Of operation 3, what it concerned says which alarm it was."""
OPERATION_MAX = 126
ENTRY = Struct("<HBxI4H")
PLAUSIBLE = 0.9
EARLIEST = "2010"
"""Fewer entries than that make sense, or most are older: it is another layout, and nothing is believed."""


class Operation(NamedTuple):
    """One entry. who: the user id of who did it, "0" = nobody was logged in."""

    time: str
    operation: int
    who: str
    about: int


def decode(data: bytes, names: Mapping[int, str]) -> list[Operation]:
    """The entries of a log; nothing where it is of another layout. names: uid -> user id."""
    whole = len(data) - len(data) % ENTRY.size
    if not whole or whole != len(data):
        return []
    rows = list(ENTRY.iter_unpack(data))
    found = [
        Operation(time, operation, names.get(who, str(who)), about)
        for who, operation, value, about, *_ in rows
        if (time := time_text(value)) and operation <= OPERATION_MAX
    ]
    dated = sum(each.time >= EARLIEST for each in found)
    return found if len(found) >= PLAUSIBLE * len(rows) and 2 * dated >= len(found) else []


def alarm(operation: int, about: int) -> str | None:
    """The alarm that an operation is, if it is one."""
    if operation == ALARM and about == CASE_OPENED:
        return "tamper"
    return CODES.get(operation)


def readings(serial: str, operations: Iterable[Operation]) -> list[Reading]:
    """The alarms among them, each once."""
    found = {}
    for each in operations:
        if code := alarm(each.operation, each.about):
            reading = told(serial, code, each.operation, each.who, each.time)
            found[reading.key] = reading
    return list(found.values())


def told(serial: str, code: str, operation: int, who: str, time: str) -> Reading:
    """One alarm, whichever way it came by. who: "" where that is no user id."""
    facts: dict[str, Fact] = {"code": code, "active": True, "operation": operation}
    facts |= {"operator": who} if who else {}
    return Reading(KIND, serial, f"{time}|{operation}|{who}", time, facts)
