"""What is set aside because somebody refused it: shown, withheld, and sent again when a person says so. Pure.

A parked row's number still goes, as `edge.event_withheld`; it stays parked until the broker takes the row.
Where even that word of it is refused the fault is the broker's: it is mute, and tried again by itself later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

REFUSED_MAX = 10_000
"""So many rows that applications refused are kept for `requeue`: they hold them, we only show them."""


@dataclass(slots=True)
class Aside:
    """parked: position -> why, `{app}: {why}` where an application refused it. changed: not yet on disk."""

    parked: dict[int, str] = field(default_factory=dict)
    mute: set[int] = field(default_factory=set)
    requeued: set[int] = field(default_factory=set)
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
        self.requeued.update(found)
        self.mute.difference_update(found)
        return found

    def delivered(self, position: int) -> None:
        """The broker took what was sent under this number."""
        if position in self.requeued:
            self.requeued.discard(position)
            del self.parked[position]
            self.changed = True

    def unmute(self) -> list[int]:
        """Forget why the mute rows were parked: returns them, to be tried again as they are."""
        found = sorted(self.mute)
        for position in found:
            self.changed = self.parked.pop(position, None) is not None or self.changed
        self.mute.clear()
        return found

    def refused_by(self, app: str, refused: Sequence[tuple[int, str]]) -> None:
        """An application told what it cannot use; nothing at all when it found a use for what it refused."""
        for position, why in refused:
            if position not in self.parked and len(self.parked) < REFUSED_MAX:
                self.park(position, f"{app}: {why}")
        if not refused:
            for position in [at for at, why in self.parked.items() if why.startswith(f"{app}: ")]:
                self.requeued.discard(position)
                del self.parked[position]
                self.changed = True
