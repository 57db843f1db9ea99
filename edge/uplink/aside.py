"""What is set aside because somebody refused it: shown, withheld, and sent again when a person says so. Pure.

A parked row's number still goes, as `edge.event_withheld`; it stays parked until the broker takes the row, or
where an application told that it has word of it alone, until its receipts no longer tell so.
Where even that word of it is refused the fault is the broker's: it is mute, and tried again by itself later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from edge.uplink.confirmations import Span

REFUSED_MAX = 10_000
"""So many rows that applications refused are kept for `requeue`: they hold them, we only show them."""


@dataclass(slots=True)
class Aside:
    """parked: position -> why, `{app}: {why}` where an application refused it. changed: not yet on disk.

    lacking: application -> of what it has word alone, by its newest receipt.
    """

    parked: dict[int, str] = field(default_factory=dict)
    mute: set[int] = field(default_factory=set)
    requeued: set[int] = field(default_factory=set)
    lacking: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    changed: bool = False

    def withholds(self, position: int) -> bool:
        """Whether this number goes without its event."""
        return position in self.parked and position not in self.requeued

    def park(self, position: int, why: str) -> None:
        """Set a row aside."""
        self.requeued.discard(position)
        self.parked[position] = why
        self.changed = True

    def requeue(self, positions: Iterable[int]) -> list[int]:
        """The originals of these go again, whoever confirmed their numbers; returns those that are parked."""
        found = sorted(self.parked.keys() & set(positions))
        self.changed = self.changed or not self.requeued.issuperset(found)
        self.requeued.update(found)
        self.mute.difference_update(found)
        return found

    def delivered(self, position: int) -> None:
        """The broker took what was sent under this number: enough where nobody told that it lacks it."""
        if position in self.requeued and not self._lacked(position):
            self._let_go(position)

    def unmute(self) -> list[int]:
        """Forget why the mute rows were parked: returns them, and what was queued again and never came."""
        found = sorted(self.mute)
        for position in found:
            self.changed = self.parked.pop(position, None) is not None or self.changed
        self.mute.clear()
        return sorted([*found, *self.requeued])

    def told_by(self, app: str, refused: Sequence[tuple[int, str]], withheld: tuple[Span, ...]) -> None:
        """A new receipt of an application."""
        self.refused_by(app, refused)
        self.lacked_by(app, withheld)

    def lacked_by(self, app: str, withheld: tuple[Span, ...]) -> None:
        """Of what an application has word alone; what it had word of and was queued again has come.

        What we no longer know as set aside, after a crash or a salvage, is known by that again.
        """
        before, self.lacking[app] = self.lacking.get(app, ()), withheld
        alone = f"{app} has word of it alone"
        had = {at for at in self.requeued if _within(at, before)}
        for position in had | {at for at, why in self.parked.items() if why == alone}:
            if not self._lacked(position):
                self._let_go(position)
        if withheld != before:
            self._find(withheld, alone)

    def _find(self, withheld: Iterable[Span], why: str) -> None:
        places = chain.from_iterable(range(first, last + 1) for first, last in withheld)
        for position in islice(places, REFUSED_MAX):
            if position not in self.parked and len(self.parked) < REFUSED_MAX:
                self.park(position, why)

    def _lacked(self, position: int) -> bool:
        return any(_within(position, spans) for spans in self.lacking.values())

    def _let_go(self, position: int) -> None:
        self.requeued.discard(position)
        del self.parked[position]
        self.changed = True

    def refused_by(self, app: str, refused: Sequence[tuple[int, str]]) -> None:
        """An application told what it cannot use; nothing at all when it found a use for what it refused."""
        for position, why in refused:
            if position not in self.parked and len(self.parked) < REFUSED_MAX:
                self.park(position, f"{app}: {why}")
        if not refused:
            for position in [at for at, why in self.parked.items() if why.startswith(f"{app}: ")]:
                self._let_go(position)


def _within(position: int, spans: Iterable[Span]) -> bool:
    return any(first <= position <= last for first, last in spans)
