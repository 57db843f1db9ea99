"""When a record tells the terminal's clock: only when it was made just now. Pure.

The protocol never says what the terminal's clock shows. A new record that bears our time was made just now,
and the clock is right. One that bears another time may be late, or the clock may be off: off only if the
terminal has called without a break for so long that nothing can have been left behind, and two records in a
row say the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

RIGHT = timedelta(seconds=60)
AGREE = timedelta(seconds=30)
STEADY_S = 600.0
"""So long without a break, and whatever had waited in the terminal has been sent."""


@dataclass(slots=True)
class Timing:
    """Of one life. offset: the terminal's clock minus ours, as last told. gap_s: longest pause of a talk."""

    gap_s: float
    offset: timedelta = timedelta()
    _since_s: float | None = None
    _last_s: float | None = None
    _maybe: timedelta | None = None

    def called(self, now_s: float) -> None:
        """The terminal calls."""
        if self._last_s is None or now_s - self._last_s > self.gap_s:
            self._since_s, self._maybe = now_s, None
        self._last_s = now_s

    def broke(self) -> None:
        """It got no answer, and keeps what it has."""
        self._last_s = self._maybe = None

    def told(self, newest: str, count: int, known: str, at: datetime) -> str | None:
        """The clock at this moment, by an upload of `count` records; None where it does not tell.

        newest, known: times of its newest record, and of the newest before. at: our time, in its zone.
        """
        ahead = known > (at.replace(tzinfo=None) + RIGHT).isoformat()  # of a clock set back, or a forger's
        if not newest or (newest <= known and not ahead):
            return None
        off = datetime.fromisoformat(newest) - at.replace(tzinfo=None)
        if abs(off) > RIGHT and not self._believed(off, count, known):
            return None
        self.offset, self._maybe = off, None
        return newest

    def _believed(self, off: timedelta, count: int, known: str) -> bool:
        steady = self._since_s is not None and self._last_s is not None
        steady = steady and (self._last_s or 0.0) - (self._since_s or 0.0) >= STEADY_S
        if not steady or count != 1 or not known:
            self._maybe = None
            return False
        before, self._maybe = self._maybe, off
        return before is not None and abs(before - off) <= AGREE
