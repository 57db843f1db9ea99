"""What we have of the records of one terminal: the driver's cursor. Pure.

Records are asked for by time, so each reading begins a little before the newest known one; what comes again
has the same key. Where the terminal's clock was set back, what it records is older than that: so a reading
also begins before what the clock shows now less the time since the reading before.
"""

import json
from dataclasses import asdict, dataclass

OVERLAP_S = 300
FIRST_OVERLAP_S = 86_400
"""Of the first reading of a life: nobody knows what was done to the clock meanwhile."""


@dataclass(frozen=True, slots=True)
class Known:
    """newest: wall clock of the newest record held, seconds since 1970; 0 = none."""

    serial: str
    newest: int = 0

    @classmethod
    def parse(cls, text: str | None, serial: str) -> "Known":
        """What a cursor says; nothing is known by a broken one or by that of another terminal."""
        try:
            known = cls(**json.loads(text or "{}"))
            good = known.newest >= 0
        except (ValueError, TypeError):
            return cls(serial)
        return known if good and known.serial == serial else cls(serial)

    def text(self) -> str:
        """The cursor."""
        return json.dumps(asdict(self))

    def since(self, clock: int | None, elapsed_s: float | None) -> int:
        """Where to begin. clock: what it shows now, elapsed_s: since the reading before, both where known."""
        if not self.newest or elapsed_s is None:
            return max(0, min(self.newest, clock or self.newest) - FIRST_OVERLAP_S)
        begin = self.newest if clock is None else min(self.newest, clock - int(elapsed_s))
        return max(0, begin - OVERLAP_S)
