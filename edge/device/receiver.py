"""A device that calls us: no thread of its own, its requests come from the device port, one at a time.

Its state follows what it says, as a polled device's does; one that has not called for its patience is silent.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from drivers.base import DeviceError, Driver, LinkError, Listener, Observation, Reply, Request
from drivers.tape import Tape
from edge.clock.clock import WallClock
from edge.device.link import DeviceLink
from edge.device.runner import DEADLINE_S, NOTHING, Runner
from edge.events import Complete
from edge.guard.claims import Claims
from edge.guard.guard import Guard
from edge.payloads import AlarmCode, DeviceAlarm
from edge.settings.settings import Device
from edge.store import Store

LOG = logging.getLogger(__name__)
T = TypeVar("T")

AGAIN = Reply(503, b"again")
CLAIMS: tuple[AlarmCode, ...] = ("foreign_address", "auth_failed")
"""Somebody claims to be this device: from another address; without its key, or with what it once signed."""
WAIT_S = 10.0
"""So long a request waits for the one before it of the same device."""


class Receiver(Runner):
    """One device that calls."""

    def __init__(
        self,
        device: Device,
        store: Store,
        clock: WallClock,
        guard: Guard | None = None,
        complete: Complete | None = None,
    ) -> None:
        super().__init__(device, store, clock, guard, complete)
        self._zone = clock.zone(device.keys.zone)
        self._turn = threading.Lock()
        self._began_s: float | None = None
        self._heard_s: float | None = None
        self._started_s = time.monotonic()
        self._claims = Claims()
        self._ringing: set[AlarmCode] = set()
        self._held = False
        self.tape: Tape | None = None
        """What is said goes on it, in this life and the next ones."""
        self._listener = self._fresh()

    def record(self, tape: Tape | None) -> None:
        """From now on what is said goes on this tape; None: on none."""
        self.tape = tape
        if link := self.link:
            link.tape = tape

    @property
    def listener(self) -> Listener | None:
        """The driver of this life; None where the device is disabled, or its table is wrong."""
        return self._listener

    def start(self) -> None:
        """Begin a life: a Link, and a driver that has handled nothing yet."""
        self._listener = self._fresh()
        if self._listener is None or self._resting:
            return
        self._turn = threading.Lock()
        self._began_s = None
        self._store.pushing.add(self._listener.serial)
        self.link = DeviceLink(
            self.device,
            self._store,
            self._clock,
            self.stop,
            self._orders,
            self._contacted,
            self._guard,
            serial=self._listener.serial,
            complete=self._complete,
        )
        self.link.tape = self.tape
        if self._listener.by_code:
            self.link.observed(Observation(self._listener.serial))

    def serve(self, request: Request) -> Reply:
        """Answer one request; «again» on any error."""

        def handle(listener: Listener, link: DeviceLink) -> Reply:
            if not listener.proves_itself or request.part == "tablet":
                self.alive()
            return listener.handle(replace(request, at=request.at.astimezone(self._zone)), link)

        return self.in_turn(handle) or AGAIN

    def in_turn(self, work: Callable[[Listener, DeviceLink], T]) -> T | None:
        """Do one thing with the driver while it does nothing else; None on any error, which is shown."""
        turn, link, listener = self._turn, self.link, self._listener
        if link is None or listener is None or not turn.acquire(timeout=WAIT_S):
            return None
        self._began_s = time.monotonic()
        try:
            return work(listener, link)
        except Exception as error:  # noqa: BLE001 - whatever it is, the device keeps what it has and asks again
            self._ended(link, error)
            return None
        finally:
            self._began_s = None
            turn.release()

    def alive(self) -> None:
        """It has given a sign of life; never blocks."""
        self._heard_s = time.monotonic()

    def order(
        self,
        name: str,
        done: Callable[[str], None] = lambda _result: None,
        clock: Callable[[], str | None] = lambda: None,
        about: Mapping[str, str] = NOTHING,
        stands: Callable[[], bool] = lambda: True,
    ) -> bool:
        """See `Runner`; the order is on disk when this returns, or waits in memory for the next request."""
        taken = super().order(name, done, clock, about, stands)
        if taken:
            self._make_last()
        return taken

    def _make_last(self) -> None:
        turn, link, listener = self._turn, self.link, self._listener
        if link is None or listener is None or not turn.acquire(timeout=WAIT_S):
            return
        try:
            listener.ordered(link)
        except LinkError as error:
            LOG.warning("%s: the order is not stored yet: %s", self.device.device_id, error)
        except Exception as error:  # noqa: BLE001 - a driver's bug must not reach who orders
            self._ended(link, error)
        finally:
            turn.release()

    def hold(self) -> None:
        """It calls, and cannot be answered while nobody vouches for our clock; never blocks."""
        self._heard_s = time.monotonic()
        self._held = True

    def claimed(self, how: AlarmCode) -> bool:
        """Somebody claims to be this device, in one of CLAIMS; whether that is news. Never blocks."""
        return self._claims.claimed(how)

    def claims(self) -> tuple[AlarmCode, ...]:
        """How somebody claims to be this device now."""
        return self._claims.now()

    def _mind_claims(self) -> None:
        """Ring once while somebody claims to be this device, and once when that has ended."""
        claims = self.claims()
        for how in CLAIMS:
            rings = how in claims
            if rings == (how in self._ringing) or self._store.trouble:
                continue
            name = self.device.device_id
            try:
                told = DeviceAlarm(device_id=name, code=how, active=rings)
                self._tell("device.alarm", f"{name} {how}", told)
            except LinkError as error:
                LOG.warning("alarm of %s is not stored: %s", name, error)
                return
            self._ringing.symmetric_difference_update({how})

    def supervise(self) -> None:
        """See who has fallen silent, and whose request hangs; called every second by main."""
        if self._listener is None or self._resting or self.stop.is_set():
            return
        self._mind_claims()
        if self._held:
            self._held = False
            self._change("degraded", "clock_untrusted")
        now_s, began_s = time.monotonic(), self._began_s
        if began_s is not None and now_s - began_s > DEADLINE_S and self.link:
            self.link.revoke()
            self.abandoned += 1
            self._change("offline", "hung", f"{self.abandoned}")
            self.start()
        elif now_s - (self._heard_s or self._started_s) > self._listener.patience_s:
            self._change("offline", self._listener.silence[0 if self._heard_s else 1])

    def _ended(self, link: DeviceLink, error: Exception) -> None:
        """Show what ended this request; after a bug a fresh driver."""
        if link.revoked:
            return
        self._failed(error)
        if not isinstance(error, (LinkError, DeviceError)):
            self._listener = self._fresh()

    def _fresh(self) -> Listener | None:
        make = self.device.driver
        made: Driver | None = make() if make else None
        return made if isinstance(made, Listener) else None


def runner_of(
    device: Device,
    store: Store,
    clock: WallClock,
    guard: Guard | None = None,
    complete: Complete | None = None,
) -> Runner:
    """The runner that fits a device: one that is asked, or one that calls."""
    return (Receiver if device.calls else Runner)(device, store, clock, guard, complete)
