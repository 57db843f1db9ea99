"""An ATTLOG upload -> records of the terminal. Pure.

    [ATTLOG ] [uid TAB] pin TAB YYYY-MM-DD HH:MM:SS TAB state TAB verify TAB workcode …   one line a record

Seen in the wild: 5 to 11 columns, LF, CRLF and CR, blanks in place of tabs, a body sent as a form
(`data=`), a byte order mark, empty columns, tabs at the end (protocols §4). Only what names the punch is
looked at: pin, time, state. A line in which one of them makes no sense is set aside by itself.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from drivers.base import Reject
from drivers.room import SMALL
from drivers.zk.records import Record

PIN_MAX = 24
"""As wide as the column of the terminal's own table."""
LINE_MAX = 512
PIECE = 32 << 10
"""Bytes decoded at once: what comes of hostile lines is sixty times as much."""
YEARS = range(2000, 2134)
"""What the clock of a terminal can show."""
FIRST, END = (f"{year}-01-01T" for year in (YEARS.start, YEARS.stop))
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CLOCK = re.compile(r"\d\d:\d\d:\d\d")
_USUAL = re.compile(
    rb"([!-~]{1,24})\t(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\t(\d{1,3})\t(\d{1,3})(?:\t[ -~\t]*)?"
)
_CODE = re.compile(r"[0-9]{1,3}")
_STAMPED = re.compile(rb"\d{4}-\d\d-\d\d")
_END = re.compile(rb"[\r\n]")
_LINE = re.compile(rb"[^\r\n]+")
_NO_TEXT = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
NO_VERIFY = 255
"""In place of a way to verify that is not told, or is no number."""


class Upload(NamedTuple):
    """What some lines hold. lines: those received, good or bad; the terminal wants their number back."""

    records: list[Record]
    rejects: list[Reject]
    lines: int


class Log:
    """An upload, piece by piece; each look decodes it anew, for what waits for the store is held as it came.

    Of one that broke off (not `whole`) the last line is not looked at.
    """

    def __init__(self, body: bytes, whole: bool = True) -> None:
        self._pieces = tuple(pieces(plain(body), whole))
        self._first: Upload | None
        if any(map(_NO_TEXT.search, self._pieces)):
            lines = sum(1 for piece in self._pieces for _ in split(piece))
            self._pieces, self._first = (b"",), Upload([], [Reject.frame("no_text", body)], lines)
        else:
            self._first = decode(self._pieces[0])
        self.lines = self.records = 0
        self.newest = ""
        for upload in self:
            self.lines, self.records = self.lines + upload.lines, self.records + len(upload.records)
            self.newest = max([self.newest, *(found.time for found in upload.records)])
        if len(self._first.records) > SMALL:
            self._first = None

    def __len__(self) -> int:
        return len(self._pieces)

    def __iter__(self) -> Iterator[Upload]:
        yield self._first or decode(self._pieces[0])
        yield from map(decode, self._pieces[1:])


def pieces(body: bytes, whole: bool = True) -> Iterator[bytes]:
    """A body in pieces of whole lines, one at least; of one that broke off without its last line."""
    at, end = 0, len(body) if whole else max(body.rfind(b"\n"), body.rfind(b"\r")) + 1
    while end - at > PIECE:
        found = _END.search(body, at + PIECE, end)
        cut = found.end() if found else end
        yield body[at:cut]
        at = cut
    yield body[at:end]


def decode(lines: bytes) -> Upload:
    """Every record of some lines."""
    records: list[Record] = []
    rejects: list[Reject] = []
    count = 0
    for count, line in enumerate(split(lines), 1):  # noqa: B007 - the last number is the count
        found = record(line)
        if isinstance(found, Record):
            records.append(found)
        elif _STAMPED.search(line) and len(line) <= LINE_MAX:
            rejects.append(Reject.record(found, line))
        else:
            rejects.append(Reject.frame(found, line))
    return Upload(records, rejects, count)


def plain(body: bytes) -> bytes:
    """The lines themselves, out of a form; without a byte order mark and zero bytes at the end."""
    body = body.removeprefix(b"\xef\xbb\xbf").rstrip(b"\0")
    if b"\t" in body or b"\n" in body.rstrip(b"\r\n"):
        return body.removeprefix(b"data=")
    for field in body.split(b"&"):
        if field.startswith(b"data="):
            return unquote_to_bytes(field.removeprefix(b"data=").replace(b"+", b" "))
    return body


def split(lines: bytes) -> Iterator[bytes]:
    """The lines that are not empty."""
    return (line for found in _LINE.finditer(lines) if (line := found[0]).strip(b" \t\0"))


def record(line: bytes) -> Record | str:
    """The punch of one line, or why it is none."""
    usual = _USUAL.fullmatch(line)
    return usual and _usual(usual) or unusual(line)


def _usual(found: re.Match[bytes]) -> Record | None:
    """A line as nearly every firmware writes it; None where `unusual` has to look at it."""
    pin, day, clock, state, verify = found.groups()
    time, code = f"{day.decode()}T{clock.decode()}", int(state)
    if code > 255 or pin == b"ATTLOG" or not FIRST <= time < END or len(found[0]) > LINE_MAX:
        return None
    try:
        datetime.fromisoformat(time)
    except ValueError:
        return None
    way = int(verify)
    return Record(time, pin.decode(), way if way <= 255 else NO_VERIFY, code)


def unusual(line: bytes) -> Record | str:
    """The same, of any line."""
    if len(line) > LINE_MAX:
        return "too_long"
    fields = _fields(text(line))
    at = next((place for place, field in enumerate(fields[:3]) if _TIME.fullmatch(field)), None)
    if at is None:
        return "no_time"
    pin, rest = fields[at - 1] if at else "", fields[at + 1 :]
    state, verify = (rest[0] if rest else ""), (rest[1] if len(rest) > 1 else "")
    if not names(pin):
        return "no_user"
    if not _CODE.fullmatch(state) or int(state) > 255:
        return "no_state"
    time = moment(fields[at])
    return Record(time, pin, code(verify), int(state)) if time else "impossible_date"


def moment(told: str) -> str:
    """A time of the terminal as `YYYY-MM-DDTHH:MM:SS`; "" for one that no calendar or no terminal has."""
    try:
        time = datetime.fromisoformat(told).replace(tzinfo=None)
    except ValueError:
        return ""
    return time.isoformat(timespec="seconds") if time.year in YEARS else ""


def names(pin: str) -> bool:
    """Whether this can be a user id; leading zeros and letters matter."""
    return 0 < len(pin) <= PIN_MAX and pin.isascii() and pin.isprintable() and " " not in pin


def code(told: str) -> int:
    """A number of one byte, or NO_VERIFY."""
    return int(told) if _CODE.fullmatch(told) and int(told) <= 255 else NO_VERIFY


def text(line: bytes) -> str:
    """A line in UTF-8, or else in the encoding of Chinese terminals."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("gb18030", "replace")


def _fields(line: str) -> list[str]:
    """Columns, the time in one; between tabs, or where there is none between blanks."""
    line = line.strip("\0 ")
    head, _, rest = line.partition("\t" if "\t" in line else " ")
    if head.strip() == "ATTLOG":
        line = rest
    elif head.startswith("ATTLOG "):
        line = line.removeprefix("ATTLOG ")
    fields = [field.strip() for field in (line.split("\t") if "\t" in line else line.split())]
    for place in range(min(3, len(fields) - 1)):
        if _DAY.fullmatch(fields[place]) and _CLOCK.fullmatch(fields[place + 1]):
            return [*fields[:place], " ".join(fields[place : place + 2]), *fields[place + 2 :]]
    return fields
