"""Which signed requests were seen before, within the time in which their signature is fresh. Pure.

A nonce is kept for as long as its time could still pass; a key that sends too many has to wait.
"""

from typing import Literal

WINDOW_MS = 120_000
"""So far may the time of a request be from ours, either way."""
NONCES_MAX = 2_000
"""For each key, in twice the window: some eight a second."""
Verdict = Literal["fresh", "stale", "seen", "busy"]


class Replays:
    """What was seen of every key."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, int]] = {}

    def judge(self, key_id: str, nonce: str, ms: int, now_ms: int) -> Verdict:
        """Whether a request that is truly signed is new; if so it is not new any more."""
        if abs(now_ms - ms) > WINDOW_MS:
            return "stale"
        seen = self._seen.setdefault(key_id, {})
        if nonce in seen:
            return "seen"
        if len(seen) >= NONCES_MAX:
            seen = self._seen[key_id] = {each: at for each, at in seen.items() if now_ms - at <= WINDOW_MS}
        if len(seen) >= NONCES_MAX:
            return "busy"
        seen[nonce] = ms
        return "fresh"
