"""Which parts of the daemon still move; what stands still is no longer fed for."""

import time
from dataclasses import dataclass, field

SILENCE_MAX_S = 30.0
"""A part that has not moved for this long stops the feeding of the watchdog."""


@dataclass(slots=True)
class Pulse:
    """When each part last moved (monotonic seconds); `beat` is called by the part itself."""

    last: dict[str, float] = field(default_factory=dict)

    def beat(self, part: str) -> None:
        """`part` moves."""
        self.last[part] = time.monotonic()

    def silent(self) -> list[str]:
        """The parts that have stopped moving."""
        now = time.monotonic()
        return [part for part, at in self.last.items() if now - at > SILENCE_MAX_S]
