"""How many pages may be opened by code: everybody on the Wi-Fi can. Pure: the moment is told.

What is limited is the opening, not the rating: who was let in may rate, once, whatever comes after. The
limits of a window are many times what its staff can serve; those of an address allow a family behind it.
"""

from collections import deque
from typing import Literal

SPAN_S = 600.0
PER_ADDRESS, PER_WINDOW = 20, 60
"""Openings in SPAN_S."""
WRONG_MAX = 30
"""Wrong marks of an address in SPAN_S; then it is told nothing for a while."""
SENT_MAX = 20
"""How often one session may bring its rating: it is stored once, but each costs a look at the disk."""
NAMES_MAX = 2_000
Kind = Literal["address", "window", "wrong", "session"]
MOST: dict[Kind, int] = {
    "address": PER_ADDRESS,
    "window": PER_WINDOW,
    "wrong": WRONG_MAX,
    "session": SENT_MAX,
}


class Limits:
    """Of one hall; whoever calls holds the lock."""

    def __init__(self) -> None:
        self._times: dict[tuple[Kind, str], deque[float]] = {}

    def free(self, kind: Kind, name: str, now_s: float) -> bool:
        """Whether one more may come."""
        return len(self._recent(kind, name, now_s)) < MOST[kind]

    def count(self, kind: Kind, name: str, now_s: float) -> None:
        """One more came."""
        recent = self._recent(kind, name, now_s)
        recent.append(now_s)
        self._times.pop((kind, name), None)
        while len(self._times) >= NAMES_MAX:
            del self._times[next(iter(self._times))]
        self._times[kind, name] = recent

    def _recent(self, kind: Kind, name: str, now_s: float) -> deque[float]:
        times = self._times.get((kind, name), deque(maxlen=MOST[kind]))
        while times and now_s - times[0] > SPAN_S:
            times.popleft()
        return times
