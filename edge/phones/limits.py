"""How many pages may be opened by code: everybody on the Wi-Fi can. Pure: the moment is told.

What is limited is the opening, not the rating: who was let in may rate, once, whatever comes after. A window
has many times what its staff can serve; an address what the config says, since a router may stand behind it.
"""

from collections import deque
from typing import Literal

SPAN_S = 600.0
PER_WINDOW = 60
"""Openings in SPAN_S."""
SENT_MAX = 20
"""How often one session may bring its rating: it is stored once, but each costs a look at the disk."""
NAMES_MAX = 2_000
Kind = Literal["address", "window", "session"]


class Limits:
    """Of one hall; whoever calls holds the lock."""

    def __init__(self) -> None:
        self._times: dict[tuple[Kind, str], deque[float]] = {}

    def come(self, kind: Kind, name: str, most: int, now_s: float) -> bool:
        """Whether one more may come, which is counted then."""
        times = self._times.pop((kind, name), deque())
        while times and now_s - times[0] > SPAN_S:
            times.popleft()
        free = len(times) < most
        if free:
            times.append(now_s)
        while len(self._times) >= NAMES_MAX:
            del self._times[next(iter(self._times))]
        self._times[kind, name] = times
        return free
