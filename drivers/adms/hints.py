"""What was pushed and not yet seen in the terminal's own log. Pure.

A push proves nothing: anybody in the network can claim to be the terminal. It counts once the terminal
lists the same record in answer to a question of ours; what was pushed before the question and is not in the
whole answer, is missing: a person must look.
"""

from collections.abc import Iterable, Iterator
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


class Keys:
    """Different keys of readings, in order, as one text: sets of them for 200 terminals were 15 MB."""

    __slots__ = ("_text", "count")

    def __init__(self, keys: Iterable[str] = ()) -> None:
        found = sorted({*keys})[:HEARD_MAX]
        self.count, self._text = len(found), "\n".join(found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._text.split("\n") if self._text else ())


class Hints:
    """Those of one life."""

    def __init__(self) -> None:
        self._heard = self._asked = self._missing = Keys()

    def hear(self, readings: Iterable[Reading]) -> None:
        """Something was pushed, and is stored as unconfirmed."""
        if self._heard.count < HEARD_MAX:
            self._heard = Keys((*self._heard, *(reading.key for reading in readings)))

    def show(self, readings: Iterable[Reading]) -> None:
        """The terminal lists it in its log."""
        if any(keys.count for keys in (self._heard, self._asked, self._missing)):
            shown = {reading.key for reading in readings}
            self._heard, self._asked, self._missing = (
                Keys(key for key in keys if key not in shown)
                for keys in (self._heard, self._asked, self._missing)
            )

    def span(self, since: str) -> Span | None:
        """What a question about all from `since` on must cover; None where nothing waits."""
        times = [key[:TIME] for key in self._heard if key[:TIME] >= since]
        return Span(min(times), max(times)) if times else None

    def ask(self, since: str) -> None:
        """A question covers all that was heard so far and is not older than `since`."""
        heard = list(self._heard)
        self._asked = Keys(key for key in heard if key[:TIME] >= since)
        self._heard = Keys(key for key in heard if key[:TIME] < since)

    def judge(self) -> None:
        """The answer is whole: what it did not show is missing."""
        self._missing, self._asked = Keys((*self._missing, *self._asked)), Keys()

    def give_up(self) -> None:
        """There is no whole answer: it waits for the next question."""
        self._heard, self._asked = Keys((*self._asked, *self._heard)), Keys()

    def told(self) -> str:
        """How many are missing, and the first of them."""
        return next((f"{self._missing.count}: {first}" for first in self._missing), "")
