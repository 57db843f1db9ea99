"""Who claims to be somebody else at the device port, and for how long that is worth an alarm."""

import time

from edge.payloads import AlarmCode

CLAIMED_S = 600.0
"""So long after the last claim the alarm ends."""


class Claims:
    """The claims to be one device, or one system; any thread may call, nothing blocks."""

    def __init__(self) -> None:
        self._last_s: dict[AlarmCode, float] = {}

    def claimed(self, how: AlarmCode) -> bool:
        """Somebody claims to be it; whether that is news."""
        now_s = time.monotonic()
        known, self._last_s[how] = self._last_s.get(how), now_s
        return known is None or now_s - known >= CLAIMED_S

    def now(self) -> tuple[AlarmCode, ...]:
        """How somebody claims to be it now."""
        now_s = time.monotonic()
        return tuple(how for how, last_s in list(self._last_s.items()) if now_s - last_s < CLAIMED_S)
