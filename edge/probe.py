"""`hall-edge probe`: run a driver up to the first thing the device says of itself, and no further."""

import contextlib
import threading
import time
from collections.abc import Sequence

from drivers.base import DeviceOffline, Driver, LinkRevoked, Observation, Order, Reading, Reject


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

    def observed(self, observation: Observation) -> None:
        """Keep it and leave."""
        self.observation, self.took_s = observation, time.monotonic() - self._began
        self._stop.set()
        raise LinkRevoked("probed")

    def orders(self, wait_s: float) -> Order | None:
        """None: nobody orders anything."""


def probe(driver: Driver) -> tuple[Observation, float]:
    """What the device says of itself, and the seconds it took; DeviceError when it does not answer."""
    link = ProbeLink()
    with contextlib.suppress(LinkRevoked):
        driver.run(link)
    if link.observation is None:
        raise DeviceOffline("no_answer")
    return link.observation, link.took_s
