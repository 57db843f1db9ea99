"""Has a terminal lost records that were never read? From what is stored of it and what it holds. Pure.

Only what lies after the last complete read can be lost. A log that has let go of its oldest records still
holds the newest that we have: then nothing is lost. Where it holds none of those, somebody cleared it, or it
wrapped while it was not read.
"""

from datetime import datetime
from typing import NamedTuple

from edge.guard.tally import Counted, mark
from edge.payloads import GapReason

WITNESSES = 8
"""So many of the newest stored facts are looked for: one alone might have been taken off by hand."""
FULL = 0.9
"""From here on records went because the log wrapped, not because somebody cleared it."""


class Before(NamedTuple):
    """What was known when a look at everything began: complete until then; its newest facts, newest first."""

    complete_until: str | None
    newest: tuple[str, ...]


class Gap(NamedTuple):
    """Between these true times the terminal may have recorded what nobody has. last: newest fact we have."""

    start: str
    end: str
    reason: GapReason
    last: str


def gap(before: Before, counted: Counted, log_max: int, oldest: str | None, now: str) -> Gap | None:
    """The gap, or None. oldest: true time of the oldest record there now; now: the true time."""
    if not before.newest or any(_there(fact, counted) for fact in before.newest):
        return None
    last = before.newest[0]
    start = before.complete_until or now
    late = oldest is not None and datetime.fromisoformat(oldest) > datetime.fromisoformat(start)
    end = oldest if late and oldest else now
    reason: GapReason = "overwritten" if log_max and counted.total >= FULL * log_max else "log_cleared"
    return Gap(start, end, reason, last)


def _there(fact: str, counted: Counted) -> bool:
    """Whether the terminal holds it, or may hold it: of days not remembered nothing is said."""
    day = fact.removeprefix(f"{counted.serial}|")[:10]
    facts = counted.on(day)
    return facts is None or mark(fact) in facts
