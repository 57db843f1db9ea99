"""An OPERLOG upload -> what a person should know of: the terminal was tampered with. Pure.

    OPLOG op TAB operator TAB YYYY-MM-DD HH:MM:SS TAB 4 numbers     what somebody did at the terminal
    USER … FP … FACE … USERPIC … BIODATA …                          people and their templates

Only lines of OPLOG are looked at. All others hold names, passwords, cards and templates: counted, and
forgotten.
"""

from collections.abc import Iterable

from drivers.adms.attlog import LINE_MAX, moment, names, split, text
from drivers.base import Fact, Reading

KIND = "device.alarm"
CODES = {
    "21": "clock_set",
    "22": "factory_reset",
    "23": "log_deleted",
    "105": "log_deleted",
}
"""Operation -> code of the alarm (protocols §4: table of operations 0-126)."""
ALARM = "3"
CASE_OPENED = "55"
"""What an entry of operation 3 names in its fourth column when the case was opened."""


def alarms(serial: str, body: bytes, whole: bool = True) -> tuple[list[Reading], int]:
    """The alarms of an upload, each once, and how many lines it held."""
    lines = list(split(body, whole))
    found = (_alarm(serial, line) for line in lines if line.startswith(b"OPLOG") and len(line) <= LINE_MAX)
    return _once(reading for reading in found if reading), len(lines)


def _alarm(serial: str, line: bytes) -> Reading | None:
    fields = text(line).strip("\0 ").removeprefix("OPLOG").lstrip(" \t").split("\t")
    if len(fields) < 3:
        return None
    opened = fields[0] == ALARM and fields[3:4] == [CASE_OPENED]
    alarm = "tamper" if opened else CODES.get(fields[0])
    if alarm is None:
        return None
    time = moment(fields[2].strip())
    if not time:
        return None
    operator = fields[1] if names(fields[1]) else ""
    facts: dict[str, Fact] = {"code": alarm, "active": True, "operation": int(fields[0])}
    facts |= {"operator": operator} if operator else {}
    return Reading(KIND, serial, f"{time}|{fields[0]}|{operator}", time, facts)


def _once(readings: Iterable[Reading]) -> list[Reading]:
    return list({reading.key: reading for reading in readings}.values())
