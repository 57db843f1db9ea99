"""How many records a terminal may push unasked: far more than people can punch, and no flood. Pure.

Whoever claims to be a terminal could fill the disk. What is beyond the pace is not lost: the terminal is told
«again», and keeps it. What it lists in answer to a question of ours is not counted.
"""

from dataclasses import dataclass

BURST = 100_000
"""A terminal's whole log at first contact, and more than any request can hold."""
A_MINUTE = 6_000


@dataclass(slots=True)
class Pace:
    """Of one life."""

    left: float = float(BURST)
    _at_s: float | None = None

    def takes(self, records: int, now_s: float) -> bool:
        """Whether so many more may come now; all of them or none."""
        since_s = now_s - self._at_s if self._at_s is not None else 0.0
        self.left, self._at_s = min(float(BURST), self.left + since_s / 60 * A_MINUTE), now_s
        if records > self.left:
            return False
        self.left -= records
        return True
