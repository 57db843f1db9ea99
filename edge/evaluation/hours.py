"""Whether the hall was open at a moment, by the opening hours of the evaluation profile. Pure.

Public holidays and make-up workdays are not known here: a rating on one is judged by its weekday. It is only
a flag, and a person reads it.
"""

from collections.abc import Sequence
from datetime import datetime

from edge.documents.shapes import Hours


def open_at(hours: Sequence[Hours], grace_min: int, at: datetime) -> bool | None:
    """At `at`, in the hall's zone; grace_min: so long before and after. None: no hours were given."""
    if not hours:
        return None
    minute = at.hour * 60 + at.minute
    return any(
        at.isoweekday() in each.days
        and _minute(each.start) - grace_min <= minute <= _minute(each.end) + grace_min
        for each in hours
    )


def _minute(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)
