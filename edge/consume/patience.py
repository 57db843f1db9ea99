"""When to ask again for missing numbers. Pure: `now` is monotonic seconds.

A gap is given a moment to close by itself (the priority lane overtakes, the backlog follows). After that it
is asked for, then again after twice as long each time, until the hall has moved on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

FIRST_ASK_S = 1.0
LONGEST_S = 300.0


@dataclass(frozen=True, slots=True)
class _Wait:
    upto: int
    at: float
    then: float


class Patience:
    """Remembers per hall how far it was, when to ask next, and how long to wait after that."""

    def __init__(self) -> None:
        self._waits: dict[str, _Wait] = {}

    def ask(self, lacking: Mapping[str, int], now: float) -> frozenset[str]:
        """Of the halls that lack numbers (-> up to where none is missing), those to be asked now."""
        self._waits = {source: self._wait(source, upto, now) for source, upto in lacking.items()}
        asked = frozenset(source for source, wait in self._waits.items() if wait.at <= now)
        for source in asked:
            wait = self._waits[source]
            self._waits[source] = _Wait(wait.upto, now + wait.then, min(wait.then * 2, LONGEST_S))
        return asked

    def _wait(self, source: str, upto: int, now: float) -> _Wait:
        known = self._waits.get(source)
        if known is not None and known.upto == upto:
            return known
        return _Wait(upto, now + FIRST_ASK_S, FIRST_ASK_S * 2)
