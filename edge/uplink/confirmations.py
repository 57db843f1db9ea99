"""What upstream holds, and what it cannot use. Pure.

A row is retired by the receipts of every application in `confirm`, or by the broker's PUBACK where none is
asked to confirm. A row that an application passes over again and again counts as refused by it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

BROKER = ""
"""Stands among the applications where nobody else confirms."""
PASSES_MAX = 5
"""A row with so many PUBACKs, between which later ones were confirmed, counts as refused (contract)."""
PASSED_MAX = 1000
"""Rows watched for that at a time: forgetting some costs more PUBACKs, nothing else."""

Span = tuple[int, int]
"""First and last position, both included."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """A receipt that fits our chain, in positions of our log."""

    n: int
    upto: int
    also: tuple[Span, ...] = ()
    want: tuple[Span, ...] = ()
    refused: tuple[tuple[int, str], ...] = ()
    """What the application holds and cannot use: position and reason."""
    head: str = ""
    """Chain hash at `upto`, hex: the application's word, and ours."""
    withheld: tuple[Span, ...] = ()
    """Of these it has word alone."""


@dataclass(slots=True)
class Confirmation:
    """What one application holds: everything up to `upto`, and the spans `also` above it."""

    n: int = 0
    upto: int = 0
    also: tuple[Span, ...] = ()

    @property
    def highest(self) -> int:
        """The newest row it has."""
        return max([self.upto, *(last for _first, last in self.also)])

    def covers(self, position: int) -> bool:
        """Whether the application has this one."""
        if position <= self.upto or not self.also:
            return position <= self.upto
        return any(first <= position <= last for first, last in self.also)

    def lacks_only(self, places: Iterable[int], newest: int) -> bool:
        """Whether all it lacks up to `newest` is among these."""
        missing = newest - self.upto - sum(last - first + 1 for first, last in self.also)
        return missing == sum(not self.covers(place) for place in places)


@dataclass(slots=True)
class Passed:
    """Finds the row that the broker takes each time and no receipt ever covers, while later ones are covered.

    seen: position -> (PUBACKs so far, the newest row confirmed at the last of them).
    """

    seen: dict[int, tuple[int, int]] = field(default_factory=dict)

    def acknowledged(self, positions: Iterable[int], held: Collection[Confirmation]) -> list[int]:
        """The broker took these (in order) once more; returns those that now count as refused."""
        highest = [(each, each.highest) for each in held]
        newest = max((above for _each, above in highest), default=0)
        found = []
        for position in positions:
            if position >= newest:
                break
            beyond = max((above for each, above in highest if not each.covers(position)), default=0)
            if beyond > position and self._once_more(position, beyond):
                found.append(position)
        return found

    def _once_more(self, position: int, highest: int) -> bool:
        """Count a PUBACK, if something later was confirmed since the one before it."""
        times, before = self.seen.pop(position, (0, 0))
        if len(self.seen) >= PASSED_MAX:
            self.seen.clear()
        times += highest > before
        if times < PASSES_MAX:
            self.seen[position] = (times, max(highest, before))
        return times >= PASSES_MAX
