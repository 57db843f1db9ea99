"""How far the backlog runs ahead of the receipts: as far as they follow within two seconds. Pure.

What is under way stands before every fresh event, at the broker and at the consumer; and a broker drops what
it must hold for too long. A slow consumer is therefore sent little at a time, a fast one a lot.
"""

from dataclasses import dataclass

from edge.store import epoch_of, position

AHEAD_MAX = 20_000
"""Rows: 100 parcels, a tenth of a default broker's queue."""
AHEAD_MIN = 400
AHEAD_FIRST = 6_000
LAG_MAX_S = 2.0
LAG_FINE_S = 1.0


@dataclass(slots=True)
class Ahead:
    """`limit`: rows between the last one confirmed and the next one sent. Watches one row at a time.

    lag_s: how long the receipt of the last one took, since it was first sent.
    """

    limit: int = AHEAD_FIRST
    lag_s: float = 0.0
    _watched: int = 0
    """The position whose receipt is awaited, 0 = none."""
    _sent_at: float = 0.0

    def too_far(self, first: int, retired: int) -> bool:
        """Whether what comes next, at `first`, waits for receipts of what lies between it and `retired`."""
        return first - max(retired, position(epoch_of(first), 0)) > self.limit

    def sent(self, position: int, now: float) -> None:
        """The backlog was sent up to here."""
        if not self._watched:
            self._watched, self._sent_at = position, now

    def confirmed(self, upto: int, now: float) -> None:
        """Everything up to here is held upstream: more where that was quick, half where it was slow."""
        if not self._watched or upto < self._watched:
            return
        self.lag_s, self._watched = now - self._sent_at, 0
        if self.lag_s > LAG_MAX_S:
            self.limit = max(AHEAD_MIN, self.limit // 2)
        elif self.lag_s < LAG_FINE_S:
            self.limit = min(AHEAD_MAX, self.limit * 3 // 2)
