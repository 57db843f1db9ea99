"""`hall-edge probe`: run a driver up to the first thing the device says of itself, and no further."""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from drivers.base import DeviceOffline, Driver, LinkRevoked, Listener, Observation, Order, Reading, Reject
from drivers.tape import Direction, Entry, Tape
from edge.clock.offsets import clock_offset_ms
from edge.control import snapshot

RECORD_S = 60.0
"""Longest recording of a device that is asked."""
AGAIN_S = 1.0
"""Pause before the connection is tried again, where a recorded one broke."""


class Heard:
    """A tape, and whether the device has said anything yet."""

    def __init__(self, tape: Tape) -> None:
        self._tape, self.anything = tape, False

    def keep(self, direction: Direction, entry: Entry) -> None:
        """See `Tape`."""
        self.anything |= direction == "<"
        self._tape.keep(direction, entry)


class ProbeLink:
    """A Link that takes nothing: the first observation ends the visit before any log is read.

    tape: what is said goes on it, and the visit ends only where the first records would be stored.
    """

    def __init__(self, tape: Tape | None = None) -> None:
        self.tape = Heard(tape) if tape else None
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
        self._stop.set()
        raise LinkRevoked("a probe stores nothing")

    def reading(self, whole: bool, since: str = "") -> None:
        """Nothing: a probe reads no log."""

    def observed(self, observation: Observation) -> None:
        """Keep it and leave."""
        if self.observation is None or observation.device_clock:
            self.observation, self.took_s = observation, time.monotonic() - self._began
        if self.tape is not None:
            return
        self._stop.set()
        raise LinkRevoked("probed")

    def now(self) -> str:
        """Our wall clock: of no device that is probed."""
        return datetime.now().astimezone().replace(tzinfo=None).isoformat(timespec="seconds")

    def orders(self, wait_s: float) -> Order | None:
        """None: nobody orders anything."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What a device says of itself. `heard` is when the daemon heard it, "" when we asked just now."""

    observation: Observation
    clock_offset_ms: int | None
    heard: str
    took_s: float


def ask_device(
    make: Callable[[], Driver],
    zone: tzinfo,
    tape: Tape | None = None,
    on_lost: Callable[[DeviceOffline], None] = lambda _error: None,
) -> Probed:
    """Ask the device itself; DeviceError when it does not answer.

    A recording goes on where the connection breaks, until it has what it came for or `RECORD_S` are over.
    """
    link = ProbeLink(tape)
    ends = threading.Timer(RECORD_S, link.stop.set)
    ends.daemon = True
    ends.start()
    broke = None
    try:
        while (lost := _visit(make, link)) is not None:
            broke = lost
            on_lost(lost)
            if link.stop.wait(AGAIN_S):
                break
    finally:
        ends.cancel()
    observation = link.observation
    if observation is None:
        raise broke or DeviceOffline("no_answer")
    offset = clock_offset_ms(observation.device_clock, zone, datetime.now(zone))
    return Probed(observation, offset, "", link.took_s)


def _visit(make: Callable[[], Driver], link: ProbeLink) -> DeviceOffline | None:
    """One connection; what broke it, where a recording had begun by then."""
    driver = make()
    if isinstance(driver, Listener):
        raise DeviceOffline("calls_us")
    try:
        with contextlib.suppress(LinkRevoked):
            driver.run(link)
    except DeviceOffline as error:
        if link.tape is None or not link.tape.anything:
            raise
        return error
    return None


def ask_daemon(folder: Path, device_id: str) -> Probed | None:
    """What the running daemon last heard of a device: most terminals serve one connection at a time."""
    live = snapshot(folder)
    for health in live.devices if live else ():
        if health.device_id == device_id and health.state in ("online", "degraded"):
            observation = Observation(health.serial, health.model, health.firmware, None, health.counts)
            return Probed(observation, health.clock_offset_ms, health.last_contact or "", 0.0)
    return None
