"""What is known of one device now, and what follows from its own words. Pure."""

from dataclasses import dataclass

from drivers.base import Observation
from edge.clock.offsets import OFFSET_TOLERATED_MS
from edge.device.link import Told
from edge.guard.forecast import nearly_full
from edge.payloads import AlarmCode
from edge.snapshot import DeviceWord

ALARMS: dict[str, AlarmCode] = {
    "clock_off": "clock_drift",
    "wrong_key": "auth_failed",
    "push_unconfirmed": "unconfirmed_push",
    "login_refused": "auth_failed",
    "terminal_swapped": "serial_replaced",
    "log_nearly_full": "log_nearly_full",
}
"""Causes that also ring upstream, before everything else."""


@dataclass(frozen=True, slots=True)
class Health:
    """What the daemon knows of one device now; `since` is ISO 8601 with zone."""

    state: DeviceWord
    cause: str
    since: str
    detail: str = ""
    told: Told | None = None


def judge(observation: Observation, offset_ms: int | None) -> tuple[DeviceWord, str, str]:
    """State, cause and detail of a device that answers."""
    for cause, detail in observation.notes.items():
        return "degraded", cause, detail
    if offset_ms is not None and abs(offset_ms) > OFFSET_TOLERATED_MS:
        return "degraded", "clock_off", f"{offset_ms / 1000:+.0f} s"
    if nearly_full(observation.counts):
        return (
            "degraded",
            "log_nearly_full",
            f"{observation.counts['logs']:,} / {observation.counts['log_max']:,}",
        )
    if observation.counts.get("logs") == 0:
        return "online", "no_data", ""
    return "online", "ok", ""
