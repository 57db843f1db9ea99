"""What looks odd about a rating. It is flagged and counts all the same: review is upstream's. Pure.

What is not known is not odd: off hours only where a timetable says when the hall is open, an empty window
only where assignments were given.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from edge.catalogue.carried import TimeQuality
from edge.catalogue.evaluation import QualityFlag
from edge.documents.posts import Why
from edge.documents.shapes import Oddities


class Before(NamedTuple):
    """An earlier rating at the same window: its session, and when, in seconds of any one clock."""

    session_id: str
    at_s: float


class Seen(NamedTuple):
    """What is known of one rating. dwell_ms None: nobody asked for it. open: None = no timetable is known.

    before: the ratings of other sessions at its window. repeated: its service was rated twice already.
    """

    at_s: float
    dwell_ms: int | None
    post: Why
    quality: TimeQuality
    before: Sequence[Before] = ()
    open: bool | None = None
    repeated: bool = False


def flags(seen: Seen, odd: Oddities, told: Collection[object] = ()) -> tuple[QualityFlag, ...]:
    """The flags of a rating, in the order of the catalogue; told: those its device found itself."""
    near = sum(abs(seen.at_s - each.at_s) < odd.burst_s for each in seen.before)
    just_before = any(0 <= seen.at_s - each.at_s < odd.repeat_s for each in seen.before)
    uninvited = seen.dwell_ms is None
    found: tuple[tuple[QualityFlag, bool], ...] = (
        ("too_fast", seen.dwell_ms is not None and seen.dwell_ms < odd.too_fast_ms),
        ("burst", near >= odd.burst_count),
        ("off_hours", seen.open is False),
        ("no_staff_on_post", seen.post == "nobody"),
        ("repeat_session", seen.repeated or (uninvited and just_before)),
        ("clock_suspect", seen.quality in ("suspect", "unsynced")),
        ("uninvited", uninvited),
    )
    return tuple(flag for flag, holds in found if holds or flag in told)
