"""How long what upstream holds keeps its payload here: by class, in nights the hall lived through. Pure.

The calendar has to agree as well, so a clock that jumps by 400 days adds one night and empties nothing early.
What is emptied leaves a stub: the chain still verifies, and a record read again from a terminal stays known.
"""

from typing import NamedTuple

import msgspec

NIGHTS_MAX = 2000
"""More than the longest period that may be configured."""


class Night(NamedTuple):
    """`day`: ISO date of the hall's zone; `head`: position of the newest event then."""

    day: str
    head: int


class Diary(msgspec.Struct, frozen=True):
    """The nights one epoch lived through, in order, and how far each class is emptied (word -> position)."""

    epoch: str
    nights: tuple[Night, ...] = ()
    emptied: dict[str, int] = {}


def lived(diary: Diary, tonight: Night) -> Diary:
    """The diary with tonight in it; the same date twice in a row is one night."""
    if diary.nights and diary.nights[-1].day == tonight.day:
        return diary
    return msgspec.structs.replace(diary, nights=(*diary.nights, tonight)[-NIGHTS_MAX:])


def aged(diary: Diary, latest_day: str, nights: int) -> int:
    """Up to this position everything has lived through so many nights, and is from `latest_day` or before."""
    long_ago = diary.nights[: max(0, len(diary.nights) - nights)]
    return max((night.head for night in long_ago if night.day <= latest_day), default=0)
