"""The keys of a `[device.*]` table for a window with our own page."""

import re
from dataclasses import dataclass

WINDOW = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True)
class Options:
    """`[device.*]` keys. timeout_s: how long an invitation waits; 0 = as the evaluation profile says.

    voice: the tablet says an invitation aloud, where it has a voice of its own.
    """

    window: str
    timeout_s: int = 0
    voice: bool = False

    def __post_init__(self) -> None:
        """ValueError names the key."""
        if not WINDOW.fullmatch(self.window):
            raise ValueError("window: 1-32 个 A-Z a-z 0-9 _ - / 1-32 of A-Z a-z 0-9 _ -")
        if self.timeout_s and not 3 <= self.timeout_s <= 600:
            raise ValueError("timeout_s: 0 或 3-600 秒 / 0 or 3-600 s")
