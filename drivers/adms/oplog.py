"""An OPERLOG upload -> what a person should know of: the terminal was tampered with. Pure.

    OPLOG op TAB operator TAB YYYY-MM-DD HH:MM:SS TAB 4 numbers     what somebody did at the terminal
    USER … FP … FACE … USERPIC … BIODATA …                          people and their templates

Lines of OPLOG are read. All others hold names, passwords, cards and templates: of those is kept whose they
are and of which kind, as booleans (`drivers/enrolment.py`); the rest is counted, and forgotten.
"""

import re

from drivers.adms.attlog import LINE_MAX, moment, names, split, text
from drivers.base import Reading
from drivers.zk.operations import alarm, told

_NUMBER = re.compile(r"[0-9]{1,9}")


def alarms(serial: str, lines: bytes) -> list[Reading]:
    """The alarms among some lines, each once."""
    told = (line for line in split(lines) if line.startswith(b"OPLOG") and len(line) <= LINE_MAX)
    found = {reading.key: reading for line in told if (reading := _alarm(serial, line))}
    return list(found.values())


def _alarm(serial: str, line: bytes) -> Reading | None:
    fields = text(line).strip("\0 ").removeprefix("OPLOG").lstrip(" \t").split("\t")
    if len(fields) < 3 or not _NUMBER.fullmatch(fields[0]):
        return None
    about = fields[3] if _NUMBER.fullmatch("".join(fields[3:4])) else "0"
    code, time = alarm(int(fields[0]), int(about)), moment(fields[2].strip())
    if code is None or not time:
        return None
    return told(serial, code, int(fields[0]), fields[1] if names(fields[1]) else "", time)
