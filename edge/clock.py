"""Our own clock: what time it is, and whether to believe it."""

import ctypes
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

TIME_ERROR = 5
"""Return value of adjtimex(2) while the kernel's clock is not synchronised."""
BUILT = datetime(2026, 11, 1, tzinfo=ZoneInfo("UTC"))
"""No moment before this release can be now."""


def kernel_synchronised() -> bool:
    """Whether the kernel says that its clock follows a time source (adjtimex(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    state: int = libc.adjtimex(ctypes.create_string_buffer(512))
    return state not in (-1, TIME_ERROR)


class WallClock:
    """The hall's wall clock. `trusted` decides time quality, and whether the uplink may connect."""

    def __init__(self, zone: ZoneInfo, trust: Literal["kernel", "system"]) -> None:
        self._zone, self._trust = zone, trust

    def now(self) -> datetime:
        """This moment, in the hall's zone."""
        return datetime.now(self._zone)

    def zone(self, name: str = "") -> ZoneInfo:
        """The zone of a device, or the hall's where it has none of its own."""
        return ZoneInfo(name) if name else self._zone

    def text(self) -> str:
        """This moment as ISO 8601, whole seconds."""
        return self.now().isoformat(timespec="seconds")

    def trusted(self) -> bool:
        """Whether what `now` says may be believed."""
        return self.now() >= BUILT and (self._trust == "system" or kernel_synchronised())
