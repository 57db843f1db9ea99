"""What a tablet says of itself, as an observation for the status. Pure."""

from datetime import datetime, timedelta

from drivers.base import Observation
from drivers.kiosk.said import State

OFF_S = 60


def observation(said: State, serial: str, late: int, device_clock: str, at: datetime) -> Observation:
    """late: answers that came too late; at: our time of its call.

    device_clock: ours, for a rating's time is reckoned by it, whatever the tablet's says.
    """
    notes, counts = {}, {"queue": said.queue, "late": late}
    if said.battery is not None:
        counts["battery"] = said.battery
    off = said.clock - at.replace(tzinfo=None) if said.clock else timedelta()
    if abs(off) > timedelta(seconds=OFF_S):
        notes["clock_off"] = f"{off.total_seconds():+.0f} s"
    return Observation(serial, "", said.version, device_clock, counts, notes)
