"""What outlives one life of the driver in this process: a press exists only once, and no keypad repeats it.

`desks`: the state of each window, so that pulling a plug ends no session. `unsaved`: what was said and is not
on disk yet; the next life stores it first. The cursor names the open sessions, for the next process.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from drivers.base import Reading
from drivers.evaluation.session import Desk, Said, Session, reading


@dataclass
class Memory:
    """Of one port. fresh: nothing was done with it in this process yet."""

    desks: dict[str, Desk] = field(default_factory=dict)
    unsaved: list[Reading] = field(default_factory=list)
    pressed_s: dict[str, float] = field(default_factory=dict)
    """When a key was last pressed at an address, for debouncing."""
    fresh: bool = True
    absent: bool = False
    """The port was not there in the life before: this one may wait for it."""
    observed_s: float = 0.0
    unasked: int = 0
    unknown: int = 0
    noise: int = 0

    def desk(self, address: str) -> Desk:
        """The state of the window at an address."""
        return self.desks.get(address, Desk())

    def say(self, address: str, desk: Desk, said: Sequence[Said], serial: str) -> None:
        """The new state, and what is to be stored of it."""
        self.desks[address] = desk
        self.unsaved += [reading(each, serial) for each in said]

    def cursor(self) -> str | None:
        """The open sessions, as text."""
        open_ = [
            [address, desk.session.id, desk.session.at]
            for address, desk in self.desks.items()
            if desk.session
        ]
        return json.dumps(open_) if open_ else None


def left_open(cursor: str | None, places: dict[str, str]) -> list[tuple[str, Session]]:
    """The sessions that the process before left open, by address."""
    try:
        found = [[str(part) for part in row] for row in json.loads(cursor or "[]") if len(row) == 3]
    except (ValueError, TypeError):
        return []
    return [
        (address, Session(name, places.get(address) or address or "?", at, 0.0, 0))
        for address, name, at in found
    ]


_KEPT: dict[str, Memory] = {}


def memory_of(port: str) -> Memory:
    """The memory of a port, for as long as this process lives."""
    return _KEPT.setdefault(port, Memory())
