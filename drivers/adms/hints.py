"""What was pushed and not yet seen in the terminal's own log. Pure.

A push proves nothing: anybody in the network can claim to be the terminal. It counts once the terminal
lists the same record in answer to a question of ours; what was pushed before the question and is not in the
whole answer, is missing: a person must look.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from drivers.base import Reading

HEARD_MAX = 2000
"""More than that are not told apart; the store knows of each by itself."""


TIME = len("2026-11-20T08:00:00")
"""A key begins with the device time of its record."""


class Span(NamedTuple):
    """The device times of the first and the last of what waits."""

    first: str
    last: str


@dataclass(slots=True)
class Hints:
    """Those of one life, as keys of readings: many terminals hold many at once, so nothing beside."""

    heard: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)

    def hear(self, readings: Iterable[Reading]) -> None:
        """Something was pushed, and is stored as unconfirmed."""
        for reading in readings:
            if len(self.heard) < HEARD_MAX:
                self.heard.add(reading.key)

    def show(self, readings: Iterable[Reading]) -> None:
        """The terminal lists it in its log."""
        keys = {reading.key for reading in readings}
        self.heard, self.asked, self.missing = self.heard - keys, self.asked - keys, self.missing - keys

    def span(self, since: str) -> Span | None:
        """What a question about all from `since` on must cover; None where nothing waits."""
        keys = [key for key in self.heard if key[:TIME] >= since]
        return Span(min(keys)[:TIME], max(keys)[:TIME]) if keys else None

    def ask(self, since: str) -> None:
        """A question covers all that was heard so far and is not older than `since`."""
        self.asked = {key for key in self.heard if key[:TIME] >= since}
        self.heard = self.heard - self.asked

    def judge(self) -> None:
        """The answer is whole: what it did not show is missing."""
        for key in self.asked:
            if len(self.missing) < HEARD_MAX:
                self.missing.add(key)
        self.asked = set()

    def give_up(self) -> None:
        """There is no whole answer: it waits for the next question."""
        self.heard, self.asked = self.asked | self.heard, set()

    def told(self) -> str:
        """How many are missing, and the first of them."""
        return f"{len(self.missing)}: {min(self.missing)}" if self.missing else ""
