"""What we have of the log of one terminal: the driver's cursor. Pure.

The newest event we hold is asked for again each time: where it stands as it stood, only what follows is new.
Where it does not, the log is another one (factory reset, restored backup) and is read from its beginning;
that costs work and no wrong count, since each event's key holds its own time.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Literal

from drivers.hikvision.events import Item, wall_clock
from drivers.hikvision.page import Page

Standing = Literal["same", "empty", "gone", "other", "shifted"]
HOLES_MAX = 16
QUARTER_S = 900
SHIFT_MAX_S = 26 * 3600
TIME_LENGTH = len("2026-07-06T00:38:32")


@dataclass(frozen=True, slots=True)
class Known:
    """epoch: how often the numbers began anew. last: the newest number held, 0 = none.

    who, time: what that event said. holes: numbers that exist and were not handed out, as (first, last).
    """

    serial: str
    epoch: int = 0
    last: int = 0
    who: str = ""
    time: str = ""
    holes: tuple[tuple[int, int], ...] = ()

    @classmethod
    def parse(cls, text: str | None, serial: str) -> "Known":
        """What a cursor says; nothing is known by a broken one or by that of another terminal."""
        try:
            told = json.loads(text or "{}")
            holes = tuple((int(first), int(last)) for first, last in told.pop("holes", ()))
            known = cls(**told, holes=holes)
            good = known.last >= 0 and known.epoch >= 0 and isinstance(known.who + known.time, str)
        except (ValueError, TypeError, AttributeError):
            return cls(serial)
        return known if good and known.serial == serial else cls(serial)

    def text(self) -> str:
        """The cursor."""
        return json.dumps(asdict(self))

    def upto(self, event: Item) -> "Known":
        """The same, and everything up to this event."""
        return replace(self, last=event.number, who=who(event), time=event.time)

    def anew(self) -> "Known":
        """Nothing is known of the log that now begins."""
        return Known(self.serial, self.epoch + 1)

    def missing(self, holes: list[tuple[int, int]]) -> "Known":
        """The same with more holes; beyond `HOLES_MAX` the oldest are forgotten."""
        return replace(self, holes=(*self.holes, *holes)[-HOLES_MAX:])


def who(event: Item) -> str:
    """What of an event does not depend on the terminal's zone."""
    return sha256(f"{event.major}|{event.minor}|{event.user}".encode()).hexdigest()[:16]


def standing(known: Known, page: Page) -> Standing:
    """How a page that was asked for from `known.last` on stands to what we know.

    shifted: the same event in another zone, some quarters of an hour away: somebody changed the terminal's
    zone, and with it every time in the log.
    """
    if not known.last:
        return "same"
    if not page.items:
        return "empty"
    first = page.items[0]
    if first.number != known.last:
        return "gone"
    if who(first) != known.who:
        return "other"
    shown, kept = wall_clock(first.time), wall_clock(known.time)
    if shown == kept:
        return "same"
    return "shifted" if _shifted(shown, kept) and _zone_differs(first.time, known.time) else "other"


def _shifted(shown: str | None, kept: str | None) -> bool:
    if shown is None or kept is None:
        return False
    apart = (datetime.fromisoformat(shown) - datetime.fromisoformat(kept)).total_seconds()
    return apart % QUARTER_S == 0 and abs(apart) <= SHIFT_MAX_S


def _zone_differs(now: str, before: str) -> bool:
    """Where no zone is printed, nothing speaks against another one."""
    return now[TIME_LENGTH:] != before[TIME_LENGTH:] or not now[TIME_LENGTH:]


def holes(known: Known, items: tuple[Item, ...]) -> list[tuple[int, int]]:
    """Numbers that the terminal says exist (`frontSerialNo`) between what we know and these events."""
    found, before = [], known.last
    for event in items:
        if before and event.front is not None and before < event.front < event.number:
            found.append((before + 1, event.front))
        before = max(before, event.number)
    return found
