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


class Span(NamedTuple):
    """The device times of the first and the last of what waits."""

    first: str
    last: str


@dataclass(slots=True)
class Hints:
    """Those of one life. Keys of readings -> their device times."""

    heard: dict[str, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def hear(self, readings: Iterable[Reading]) -> None:
        """Something was pushed, and is stored as unconfirmed."""
        for reading in readings:
            if len(self.heard) < HEARD_MAX:
                self.heard[reading.key] = reading.device_time

    def show(self, readings: Iterable[Reading]) -> None:
        """The terminal lists it in its log."""
        for reading in readings:
            for kept in (self.heard, self.asked, self.missing):
                kept.pop(reading.key, None)

    def span(self, since: str) -> Span | None:
        """What a question about all from `since` on must cover; None where nothing waits."""
        times = [time for time in self.heard.values() if time >= since]
        return Span(min(times), max(times)) if times else None

    def ask(self, since: str) -> None:
        """A question covers all that was heard so far and is not older than `since`."""
        self.asked = {key: time for key, time in self.heard.items() if time >= since}
        self.heard = {key: time for key, time in self.heard.items() if time < since}

    def judge(self) -> None:
        """The answer is whole: what it did not show is missing."""
        for key, time in self.asked.items():
            if len(self.missing) < HEARD_MAX:
                self.missing[key] = time
        self.asked = {}

    def give_up(self) -> None:
        """There is no whole answer: it waits for the next question."""
        self.heard = {**self.asked, **self.heard}
        self.asked = {}

    def told(self) -> str:
        """How many are missing, and the first of them."""
        return f"{len(self.missing)}: {min(self.missing)}" if self.missing else ""
