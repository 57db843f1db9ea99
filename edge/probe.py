"""`hall-edge probe`: run a driver up to the first thing the device says of itself, and no further."""

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from drivers.base import DeviceOffline, Driver, LinkRevoked, Listener, Observation, Order, Reading, Reject
from edge.control import snapshot
from edge.offsets import clock_offset_ms


class ProbeLink:
    """A Link that takes nothing: the first observation ends the visit before any log is read."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self.cursor: str | None = None
        self.observation: Observation | None = None
        self.took_s = 0.0
        self._began = time.monotonic()

    @property
    def stop(self) -> threading.Event:
        """Set once the device has said who it is."""
        return self._stop

    def emit(
        self,
        readings: Sequence[Reading],
        cursor: str | None,
        complete_until: str | None = None,
        rejects: Sequence[Reject] = (),
    ) -> None:
        """Refuse: a probe stores nothing."""
        raise LinkRevoked("a probe stores nothing")

    def reading(self, whole: bool) -> None:
        """Nothing: a probe reads no log."""

    def observed(self, observation: Observation) -> None:
        """Keep it and leave."""
        self.observation, self.took_s = observation, time.monotonic() - self._began
        self._stop.set()
        raise LinkRevoked("probed")

    def orders(self, wait_s: float) -> Order | None:
        """None: nobody orders anything."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What a device says of itself. `heard` is when the daemon heard it, "" when we asked just now."""

    observation: Observation
    clock_offset_ms: int | None
    heard: str
    took_s: float


def ask_device(driver: Driver, zone: tzinfo) -> Probed:
    """Ask the device itself; DeviceError when it does not answer."""
    link = ProbeLink()
    if isinstance(driver, Listener):
        raise DeviceOffline("calls_us")
    with contextlib.suppress(LinkRevoked):
        driver.run(link)
    observation = link.observation
    if observation is None:
        raise DeviceOffline("no_answer")
    offset = clock_offset_ms(observation.device_clock, zone, datetime.now(zone))
    return Probed(observation, offset, "", link.took_s)


def ask_daemon(folder: Path, device_id: str) -> Probed | None:
    """What the running daemon last heard of a device: most terminals serve one connection at a time."""
    live = snapshot(folder)
    for health in live.devices if live else ():
        if health.device_id == device_id and health.state in ("online", "degraded"):
            observation = Observation(health.serial, health.model, health.firmware, None, health.counts)
            return Probed(observation, health.clock_offset_ms, health.last_contact or "", 0.0)
    return None
