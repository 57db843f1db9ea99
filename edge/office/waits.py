"""How long somebody who failed has to wait: nothing at first, then longer each time. Pure.

Counted for each name (an account, an address); what has been quiet for a day is forgotten, and the oldest
where there are too many.
"""

from typing import NamedTuple

FREE = 5
"""So many failures cost no wait."""
FIRST_S, LONGEST_S = 15.0, 900.0
FORGOTTEN_S = 86_400.0
NAMES_MAX = 2_000


class Failures(NamedTuple):
    """Of one name. refused: attempts since the last that was looked at."""

    times: int
    last_s: float
    until_s: float
    refused: int = 0


class Waits:
    """Who has to wait; `free` failures cost nothing."""

    def __init__(self, free: int = FREE) -> None:
        self._free = free
        self._known: dict[str, Failures] = {}

    def left(self, name: str, now_s: float) -> float:
        """Seconds until this name is looked at again; 0 = now. While it waits, it is counted as refused."""
        known = self._known.get(name)
        if known is None or now_s >= known.until_s:
            return 0.0
        self._known[name] = known._replace(refused=known.refused + 1)
        return known.until_s - now_s

    def failed(self, name: str, now_s: float) -> Failures:
        """One more failure."""
        known = self._known.pop(name, None)
        if known is None or now_s - known.last_s > FORGOTTEN_S:
            known = Failures(0, now_s, now_s)
        beyond = known.times + 1 - self._free
        wait = min(LONGEST_S, FIRST_S * 2 ** min(beyond, 16)) if beyond >= 0 else 0.0
        while len(self._known) >= NAMES_MAX:
            del self._known[next(iter(self._known))]
        self._known[name] = Failures(known.times + 1, now_s, now_s + wait)
        return known._replace(times=known.times + 1, until_s=now_s + wait)

    def passed(self, name: str) -> None:
        """It succeeded: nothing is held against it."""
        self._known.pop(name, None)
