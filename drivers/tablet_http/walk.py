"""Where we are in a tablet's list of ratings, and what speaks against it. Pure.

The cursor names the last rating that is on disk. A look from the beginning shows whether that one is still
there: where it is not, the list was reset, and ratings may be lost; then all is read anew.
"""

import json
from dataclasses import dataclass, replace
from typing import NamedTuple

from drivers.base import Fact, Reading, Reject
from drivers.evaluation.patterns import Pattern, word
from drivers.evaluation.vendor import Rating, VendorOptions, rating

CURSOR_MAX = 256


@dataclass(frozen=True, slots=True)
class Place:
    """serial: whose list; after: the tablet's own cursor; name, at: of the rating it stands for."""

    serial: str
    after: str
    name: str = ""
    at: str = ""

    def text(self) -> str:
        """As a cursor."""
        return json.dumps([self.serial, self.after, self.name, self.at])

    def moved(self, found: "Page") -> "Place":
        """After a page; where nothing of it has a cursor, as it was."""
        if not found.after:
            return self
        if found.last is None:
            return replace(self, after=found.after)
        return Place(self.serial, found.after, found.last.name, found.last.at)

    @classmethod
    def parse(cls, cursor: str | None, serial: str, first: str) -> "Place":
        """Of a cursor; the beginning, where there is none or it is of another tablet."""
        try:
            found = cls(*(str(part) for part in json.loads(cursor or "[]")))
        except (ValueError, TypeError):
            return cls(serial, first)
        return found if found.serial == serial else cls(serial, first)


class Page(NamedTuple):
    """One answer, understood. after: the cursor of its last record, "" where none has one."""

    ratings: list[Rating]
    rejects: list[Reject]
    size: int
    after: str
    last: Rating | None


def page(records: list[object], shape: Pattern, options: VendorOptions, serial: str, now: str) -> Page:
    """The ratings of an answer, in its order."""
    ratings, rejects, after = list[Rating](), list[Reject](), ""
    for record in records:
        told = shape.read(record)
        if told is None:
            whole = json.dumps(record, sort_keys=True).encode()
            rejects.append(Reject.frame("rating: not as record says", whole))
            continue
        cursor = word(told.get("cursor", told.get("id"))) or ""
        after = cursor if len(cursor) <= CURSOR_MAX else after
        made = rating(told, options, serial, now)
        if isinstance(made, Reject):
            rejects.append(made)
        elif made:
            ratings.append(made)
    return Page(ratings, rejects, len(records), after, ratings[-1] if ratings else None)


class Walk:
    """One look, page after page; fault: the cause and detail of why it cannot be believed to be complete."""

    def __init__(self, after: str, limit: int) -> None:
        self.after, self._limit = after, limit
        self.seen: set[str] = set()
        self.oldest = ""
        self.last: Rating | None = None
        self.pages = 0
        self.over = self.complete = False
        self.fault: tuple[str, str] | None = None

    def step(self, found: Page) -> None:
        """Take one page into account."""
        new = {each.name for each in found.ratings} - self.seen
        stuck = found.after in ("", self.after) or (bool(found.ratings) and not new)
        self.seen |= new
        self.pages += 1
        self.oldest = min([each.at for each in found.ratings] + [self.oldest] * bool(self.oldest), default="")
        self.last, self.after = found.last or self.last, found.after or self.after
        self.complete = found.size < self._limit
        if not self.complete and stuck:
            self.fault = ("cursor_ignored", f"after {self.pages} pages of {self._limit}")
        elif not self.complete and backwards(found.ratings):
            self.fault = ("newest_first", f"{found.ratings[0].at} > {found.ratings[-1].at}")
        self.over = self.complete or self.fault is not None


def backwards(ratings: list[Rating]) -> bool:
    """Whether an answer tells the newest first."""
    times = [each.at for each in ratings if each.told_at]
    return len(times) > 1 and times == sorted(times, reverse=True) and times[0] > times[-1]


def lost(place: Place, oldest: str, now: str, utc_offset_minutes: int) -> Reading:
    """What may be lost between the last rating that was read and the oldest that is there now."""
    end = oldest if oldest > place.at else now
    facts: dict[str, Fact] = {
        "from": _zoned(place.at or now, utc_offset_minutes),
        "to": _zoned(end, utc_offset_minutes),
        "reason": "log_cleared",
    }
    return Reading("device.data_gap", place.serial, f"{place.at}|{place.name}", end, facts)


def _zoned(at: str, minutes: int) -> str:
    sign, size = "-" if minutes < 0 else "+", abs(minutes)
    return f"{at}{sign}{size // 60:02d}:{size % 60:02d}"
