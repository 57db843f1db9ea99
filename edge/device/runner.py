"""A thread per device: runs the driver on its Link, waits by error class, keeps the device's state.

A change of state is logged and stored once. A driver past its deadline has its Link revoked and gets a
fresh thread; the daemon leaves for systemd to restart it when that happened too often.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from queue import SimpleQueue

from drivers.base import (
    DeviceOffline,
    DeviceRefused,
    Driver,
    IntakeClosed,
    LinkRevoked,
    Order,
    StoreBusy,
)
from drivers.hints import LOOK
from edge.backoff import Bounds, next_wait
from edge.clock.clock import WallClock
from edge.device.health import ALARMS, Health, judge
from edge.device.link import DeviceLink, Told
from edge.events import Complete, own_event
from edge.guard.guard import Guard
from edge.payloads import AlarmCode, DeviceAlarm, DeviceStatus
from edge.settings.settings import Device
from edge.snapshot import DeviceWord
from edge.store import Store

LOG = logging.getLogger(__name__)

OFFLINE_WAIT_S = (1.0, 60.0)
REFUSED_WAIT_S = (60.0, 600.0)
OWN_WAIT_S = (2.0, 30.0)
BUG_WAIT_S = (5.0, 300.0)
"""(first, longest) wait after an error of each class; it doubles, with full jitter above the first."""
DEADLINE_S = 60.0
"""A driver that has not looked at its Link for this long hangs."""
REST_S = 5.0
"""So long a driver has to leave before its Link is revoked."""
ORDERS_MAX = 16
"""About so many wait for a device."""
REPORT_EVERY_S = 60.0
"""A device that flaps is reported upstream at most this often."""

NOTHING: Mapping[str, str] = {}


class Runner:
    """One device: its thread and its state."""

    def __init__(
        self,
        device: Device,
        store: Store,
        clock: WallClock,
        guard: Guard | None = None,
        complete: Complete | None = None,
    ) -> None:
        self.device, self._store, self._clock, self._guard = device, store, clock, guard
        self._complete = complete
        self.stop = threading.Event()
        self.abandoned = 0
        self._resting = False
        self.link: DeviceLink | None = None
        self._orders: SimpleQueue[Order] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._reported: tuple[DeviceWord, str] | None = None
        self._reported_at = self._rang_at = -REPORT_EVERY_S
        self._alarm: AlarmCode | None = None
        word: DeviceWord = "unknown" if device.driver else "disabled"
        cause = "starting" if device.driver else "config_error" if device.fault else "disabled"
        self.health = Health(word, cause, clock.text(), device.fault)

    def start(self) -> None:
        """Begin, unless the device is disabled, wrongly configured, or at rest."""
        make = self.device.driver
        if make is None or self._resting:
            return
        parts = (self._store, self._clock, self.stop, self._orders, self._contacted, self._guard)
        self.link = DeviceLink(self.device, *parts, complete=self._complete)
        self._thread = threading.Thread(
            target=self._run,
            args=(make, self.link, self.stop),
            name=f"device {self.device.device_id}",
            daemon=True,
        )
        self._thread.start()

    def rest(self, reason: str, since: str) -> None:
        """Leave the device alone until `wake`; returns when its driver has left, or is past caring."""
        self._resting = True
        self.stop.set()
        self.join(REST_S)
        if self.link:
            self.link.revoke()
        self.link, self._thread, self.stop = None, None, threading.Event()
        self.health = Health("disabled", "out_of_service", since, reason, self.health.told)

    def wake(self) -> None:
        """Work again, as after a start."""
        self._resting = False
        self.health = Health("unknown", "starting", self._clock.text(), told=self.health.told)
        self.start()

    def supervise(self) -> None:
        """Give a driver that hangs a fresh thread; called every second by main."""
        if self.link and time.monotonic() - self.link.seen > DEADLINE_S and not self.stop.is_set():
            self.link.revoke()
            self.abandoned += 1
            self._change("offline", "hung", f"{self.abandoned}")
            self.start()

    def order(
        self,
        name: str,
        done: Callable[[str], None] = lambda _result: None,
        clock: Callable[[], str | None] = lambda: None,
        about: Mapping[str, str] = NOTHING,
        stands: Callable[[], bool] = lambda: True,
    ) -> bool:
        """Hand the driver an order; False when it has too many, or is at rest. `done` must not raise."""
        return self.hand(Order(name, done, clock, about=about, stands=stands))

    def hand(self, order: Order) -> bool:
        """The same for an order that outlives a crash by itself."""

        def answered(result: str) -> None:
            LOG.info("%s: %s: %s", self.device.device_id, order.name, result)
            order.done(result)

        if self._resting or self._orders.qsize() >= ORDERS_MAX:
            return False
        self._orders.put(replace(order, done=answered))
        return True

    def hint(self) -> None:
        """The device says that there is news: it is asked at once, if it is asked at all; never blocks."""
        if not self._resting and self._orders.empty():
            self._orders.put(Order(LOOK, lambda _result: None))

    def join(self, timeout_s: float) -> None:
        """Wait for the thread to end after `stop` was set."""
        if self._thread:
            self._thread.join(timeout_s)

    def _run(self, make: Callable[[], Driver], link: DeviceLink, stop: threading.Event) -> None:
        waited = 0.0
        while not stop.is_set():
            began = time.monotonic()
            try:
                make().run(link)
                if stop.is_set():
                    return
                raise RuntimeError("the driver left without being told to")
            except LinkRevoked:
                return
            except Exception as error:  # noqa: BLE001 - a driver's bug must not end the daemon; it is shown
                if link.revoked:
                    return
                bounds = self._failed(error)
            waited = next_wait(bounds, 0.0 if time.monotonic() - began > bounds[1] else waited)
            if not self._wait(link, stop, waited):
                return

    def _failed(self, error: Exception) -> Bounds:
        """Show what ended the driver's run; returns how long to wait."""
        match error:
            case DeviceOffline():
                self._change("offline", error.cause, error.detail)
                return OFFLINE_WAIT_S
            case DeviceRefused():
                self._change("offline", error.cause, error.detail)
                return REFUSED_WAIT_S
            case IntakeClosed():
                self._change("degraded", "intake_closed", str(error))
                return OWN_WAIT_S
            case StoreBusy():
                self._change("degraded", "store_busy", str(error))
                return OWN_WAIT_S
        LOG.error("driver of %s failed", self.device.device_id, exc_info=error)
        self._change("offline", "bug", type(error).__name__)
        return BUG_WAIT_S

    @staticmethod
    def _wait(link: DeviceLink, stop: threading.Event, seconds: float) -> bool:
        """Wait between two lives; False when this thread is no longer wanted."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not stop.wait(min(left, 5.0)):
            if link.revoked:
                return False
            link.seen = time.monotonic()
        return not stop.is_set()

    def _contacted(self, told: Told) -> None:
        self.health = replace(self.health, told=told)
        why = self._store.trouble
        self._change(
            *(("degraded", "intake_closed", why) if why else judge(told.observation, told.clock_offset_ms))
        )

    def _change(self, state: DeviceWord, cause: str, detail: str = "") -> None:
        health = self.health
        if (state, cause) != (health.state, health.cause):
            LOG.warning("%s: %s (%s) %s", self.device.device_id, state, cause, detail)
            self.health = replace(health, state=state, cause=cause, detail=detail, since=self._clock.text())
        elif detail != health.detail:
            self.health = replace(health, detail=detail)
        self._report()

    def _report(self) -> None:
        """Store state and alarm when they differ from the last ones told, each once a minute at most.

        An alarm does not wait for the minute of a state that was told before it.
        """
        word, alarm, now = (
            (self.health.state, self.health.cause),
            ALARMS.get(self.health.cause),
            time.monotonic(),
        )
        if self._store.trouble:
            return
        try:
            if word != self._reported and now - self._reported_at >= REPORT_EVERY_S:
                self._tell("device.status", self.device.device_id, self._status())
                self._reported, self._reported_at = word, now
            if alarm != self._alarm and now - self._rang_at >= REPORT_EVERY_S:
                self._ring(alarm)
                self._rang_at = now
        except Exception as error:  # noqa: BLE001 - what a device says of itself must not stop its thread
            LOG.warning("status of %s is not stored: %s", self.device.device_id, error)

    def _ring(self, alarm: AlarmCode | None) -> None:
        """End the alarm that rang, and ring the new one."""
        for code, active in ((self._alarm, False), (alarm, True)):
            if code is not None:
                told = DeviceAlarm(device_id=self.device.device_id, code=code, active=active)
                self._tell("device.alarm", f"{self.device.device_id} {code}", told)
        self._alarm = alarm

    def _tell(self, kind: str, subject: str, payload: DeviceStatus | DeviceAlarm) -> None:
        """Store an event of this device; it is told by its moment in milliseconds."""
        moment, epoch = self._clock.now(), self._store.tip.epoch
        revision = int(moment.timestamp() * 1000)
        self._store.add(own_event(kind, epoch, subject, revision, moment, payload))

    def _status(self) -> DeviceStatus:
        health = self.health
        return DeviceStatus(
            device_id=self.device.device_id,
            kind=self.device.keys.driver,
            state=health.state,
            since=health.since,
            reason=health.cause,
            firmware=health.told.observation.firmware or None if health.told else None,
            clock_offset_ms=health.told.clock_offset_ms if health.told else None,
        )
