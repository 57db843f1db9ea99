"""How long to wait for receipts before all that is unconfirmed is sent again: ever longer. Pure."""

from dataclasses import dataclass

STALL_S = (10.0, 3600.0)
"""(first, longest) wait."""
LEARNED_MAX_S = 600.0


@dataclass(slots=True)
class Stall:
    """When receipts last told something new (monotonic seconds), and how long that may be ago."""

    wait_s: float = STALL_S[0]
    progress_at: float = 0.0
    _copied: bool = False

    def due(self, now: float) -> bool:
        """Whether they have been silent for too long."""
        return now - self.progress_at >= self.wait_s

    def resent(self, now: float) -> None:
        """Everything is sent again: the next time that takes twice as long."""
        self.wait_s = min(self.wait_s * 2, STALL_S[1])
        self.progress_at = now
        self._copied = True

    def came(self, lag_s: float) -> None:
        """Receipts come on, `lag_s` after what they tell of: wait twice as long for the next.

        After copies were sent it is not known which was received, so the longer wait is kept once. Where a
        thousand halls come at once receipts take minutes, and copies would make it longer still.
        """
        if not self._copied:
            self.wait_s = min(max(STALL_S[0], 2 * lag_s), LEARNED_MAX_S)
        self._copied = False

    def soon(self) -> None:
        """Somebody is there: look at the shortest interval again."""
        self.wait_s = STALL_S[0]
