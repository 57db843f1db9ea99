"""Which record layout a terminal uses, from its first bytes; it never says so itself. Pure.

A layout fits when the log divides by its size and 99 % of the first records make sense. The counter breaks
ties, and vouches for a log whose bad records pull the share down, if it agrees exactly. It never decides
alone: counters lie, and a wrong slice invents punches without an error (protocols §0.2).
"""

from drivers.zk.records import LAYOUTS, Layout, Record, decode

SAMPLE = 3920 * 4
"""Bytes looked at, or more; 8, 16, 40 and 49 all divide 3920."""
FITS = 0.99
FITS_WITH_COUNTER = 0.5

_YEARS = frozenset(map(str, (2000, *range(2010, 2038))))
"""2000 is where a terminal begins that lost its clock."""
_VERIFY = frozenset((*range(32), 200, 255))
_STATES = frozenset((*range(16), 255))


def score(layout: Layout, head: bytes) -> float:
    """Share of the first records that make sense in this layout, 0..1."""
    whole = len(head) - len(head) % layout.size
    records, bad = decode(layout, head[:whole])
    total = len(records) + len(bad)
    return sum(map(_plausible, records)) / total if total else 0.0


def _plausible(record: Record) -> bool:
    return record.verify in _VERIFY and record.state in _STATES and record.time[:4] in _YEARS


def choose(head: bytes, total: int, counter: int) -> Layout | None:
    """The layout of a log of `total` bytes that begins with `head`; None when none is believable."""
    scores = {layout: score(layout, head) for layout in LAYOUTS.values() if total % layout.size == 0}

    def exact(layout: Layout) -> bool:
        return total == counter * layout.size

    fitting = [a for a, share in scores.items() if share >= (FITS_WITH_COUNTER if exact(a) else FITS)]
    return max(fitting, key=lambda a: (scores[a] >= FITS, exact(a), scores[a]), default=None)


def still_fits(layout: Layout, head: bytes, total: int) -> bool:
    """Whether a log may still be read in the layout it was read in so far."""
    return total % layout.size == 0 and (not total or score(layout, head) >= FITS_WITH_COUNTER)
