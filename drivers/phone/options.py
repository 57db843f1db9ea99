"""The keys of the `[device.*]` table for phones on the hall's Wi-Fi."""

import re
from dataclasses import dataclass

from drivers.kiosk.options import WINDOW

URL = re.compile(r"http://[A-Za-z0-9._-]{1,253}(:\d{1,5})?|http://\[[0-9A-Fa-f:]{2,39}\](:\d{1,5})?|")


@dataclass(frozen=True, slots=True)
class Options:
    """`[device.*]` keys. windows: those that have a code. url: phones reach us by it; "" = as in [listen].

    per_address: so often the page may be opened from one address in ten minutes.
    """

    windows: tuple[str, ...]
    url: str = ""
    per_address: int = 20

    def __post_init__(self) -> None:
        """ValueError names the key."""
        if not self.windows or len(set(self.windows)) < len(self.windows):
            raise ValueError("windows: 至少一个窗口号，不重复 / one window at least, none twice")
        if wrong := [each for each in self.windows if not WINDOW.fullmatch(each)]:
            raise ValueError(
                f"windows: {wrong[0]!r} 应为 1-32 个 A-Z a-z 0-9 _ - / is not 1-32 of A-Z a-z 0-9 _ -"
            )
        if not 1 <= self.per_address <= 1000:
            raise ValueError("per_address: 1-1000")
        if not URL.fullmatch(self.url):
            raise ValueError("url: 形如 http://192.168.1.9:8081，不带路径 / like this, without a path")
