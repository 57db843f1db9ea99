"""Lines of a terminal's own USB export (`*_attlog.dat`) -> readings, under the keys of its log. Pure.

    user id (blanks before it), YYYY-MM-DD HH:MM:SS, device number, state, verify, work code; TAB between

Lines of other kinds are rejected one by one. Where the log names people by an internal number alone (layouts
of 8 bytes), the same punch would get another key: such a terminal's export is not taken.
"""

import re
from collections.abc import Sequence

from drivers.base import Reading, Reject
from drivers.zk.log import Known
from drivers.zk.punches import readings
from drivers.zk.records import LAYOUTS, Record, as_logged

_LINE = re.compile(
    r"\s*(?P<user>[!-~]{1,24})\t(?P<day>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d)"
    r"\t\s*\d+\s*\t\s*(?P<state>\d{1,3})\s*\t\s*(?P<verify>\d{1,3})\s*(\t[^\t]*)*"
)
NO_NAMES = (
    "the log of this terminal names nobody (layout {}): its export cannot be told to be the same punches"
)


def exported(lines: Sequence[bytes], serial: str, cursor: str | None) -> tuple[list[Reading], list[Reject]]:
    """What the lines say; ValueError where this terminal's export cannot be taken. cursor: of its log."""
    layout = LAYOUTS.get(Known.parse(cursor, serial).layout)
    if layout and not layout.has_user:
        raise ValueError(NO_NAMES.format(layout.name))
    records, rejects = [], []
    for line in lines:
        record = _record(line)
        user = as_logged(layout, record.user) if record and layout else record and record.user
        if record and user:
            records.append(record._replace(user=user))
        elif line.strip(b"\0\r\n\t \xef\xbb\xbf\x1a"):
            rejects.append(Reject.record("export_line", line))
    return readings(serial, records, {}), rejects


def _record(line: bytes) -> Record | None:
    try:
        found = _LINE.fullmatch(line.removeprefix(b"\xef\xbb\xbf").strip(b"\0\r\n").decode("ascii"))
    except UnicodeDecodeError:
        return None
    if found is None or int(found["state"]) > 255 or int(found["verify"]) > 255:
        return None
    return Record(f"{found['day']}T{found['time']}", found["user"], int(found["verify"]), int(found["state"]))
