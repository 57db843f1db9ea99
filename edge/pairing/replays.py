"""Which signed requests were seen before, within the time in which their signature is fresh. Pure.

A nonce is kept for as long as its time could still pass, and little longer; a key that sends too many has to
wait.
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
        self._cleared_ms = 0

    def judge(self, key_id: str, nonce: str, ms: int, now_ms: int) -> Verdict:
        """Whether a request that is truly signed is new; if so it is not new any more."""
        if abs(now_ms - ms) > WINDOW_MS:
            return "stale"
        if now_ms - self._cleared_ms > WINDOW_MS:
            self._clear(now_ms)
        seen = self._seen.setdefault(key_id, {})
        if nonce in seen:
            return "seen"
        if len(seen) >= NONCES_MAX:
            seen = self._seen[key_id] = _young(seen, now_ms)
        if len(seen) >= NONCES_MAX:
            return "busy"
        seen[nonce] = ms
        return "fresh"

    def _clear(self, now_ms: int) -> None:
        """A tablet that calls every two seconds would else hold its thousands."""
        kept = {key_id: _young(seen, now_ms) for key_id, seen in self._seen.items()}
        self._seen = {key_id: seen for key_id, seen in kept.items() if seen}
        self._cleared_ms = now_ms


def _young(seen: dict[str, int], now_ms: int) -> dict[str, int]:
    return {nonce: at for nonce, at in seen.items() if now_ms - at <= WINDOW_MS}
