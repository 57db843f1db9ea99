"""The Link of one life of a driver: its readings become drafts here, and its clock is measured here.

Followed downwards: `emit` -> `normalize` -> `Store.take`. The `Runner` owns thread, waiting and state.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from queue import Empty, Queue
from typing import NamedTuple

from drivers.base import LinkRevoked, Observation, Order, Reading, Reject
from edge.clock import WallClock
from edge.events import EARLIEST_YEAR, BadReading, Draft, Origin, clock_offset_ms, normalize
from edge.offsets import Jump, Offset, at_stamp, measured, shifted
from edge.settings import Device
from edge.store import Intake, Store
from edge.trust import Sample


class Told(NamedTuple):
    """What a device said at its last contact; `offset`: of its clock, as last measured."""

    observation: Observation
    at: str
    offset: Offset | None

    @property
    def clock_offset_ms(self) -> int | None:
        """Its clock minus ours when that was measured."""
        return self.offset.ms if self.offset else None


class DeviceLink:
    """What a driver holds of us; revoked when that life of the driver is over."""

    def __init__(
        self,
        device: Device,
        store: Store,
        clock: WallClock,
        stop: threading.Event,
        orders: Queue[Order],
        on_contact: Callable[[Told], None],
        serial: str = "",
    ) -> None:
        """serial: of the device, where it is known before it says so."""
        self._device, self._store, self._clock = device, store, clock
        self._stop, self._orders, self._on_contact = stop, orders, on_contact
        self.revoked = False
        self._told = Told(Observation(serial), "", None)
        self._cursor = store.cursor(device.device_id)
        self._in_service = False
        self._zone = clock.zone(device.keys.zone)
        self._jump: Jump | None = None
        self.duplicates = 0
        self.seen = time.monotonic()

    @property
    def stop(self) -> threading.Event:
        """The driver's sign to leave; looking at it is also its sign of life."""
        self._alive()
        return self._stop

    @property
    def cursor(self) -> str | None:
        """The cursor of the last commit."""
        return self._cursor

    def emit(
        self,
        readings: Sequence[Reading],
        cursor: str | None,
        complete_until: str | None = None,
        rejects: Sequence[Reject] = (),
    ) -> None:
        """See `drivers.base.Link`."""
        self._alive()
        drafts, refused = self._drafts(readings)
        before, in_service = self._before_service(drafts)
        intake = Intake(
            self._device.device_id,
            self._told.observation.serial,
            tuple(draft for _reading, draft in drafts),
            cursor,
            self._true_time(complete_until),
            (*rejects, *refused),
            before,
            self._told.observation.serial in self._store.pushing,
        )
        self.duplicates += len(drafts) - self._store.take(intake)
        self._cursor, self._in_service = cursor, in_service
        self._alive()

    def observed(self, observation: Observation) -> None:
        """See `drivers.base.Link`."""
        self._alive()
        if observation.serial != self._told.observation.serial:
            self._in_service = False
            self._told, self._jump = self._told._replace(offset=None), None
        sample, offset = self._clock.sample(), self._told.offset
        shown_ms = clock_offset_ms(observation.device_clock, self._zone, sample.wall)
        if shown_ms is not None:
            offset, self._jump = measured(shown_ms, sample, offset, self._jump)
        self._told = Told(observation, sample.wall.isoformat(timespec="seconds"), offset)
        self._on_contact(self._told)

    def orders(self, wait_s: float) -> Order | None:
        """See `drivers.base.Link`."""
        self._alive()
        try:
            return self._orders.get(timeout=wait_s) if wait_s else self._orders.get_nowait()
        except Empty:
            return None

    def revoke(self) -> None:
        """From now on everything the driver calls here raises LinkRevoked."""
        self.revoked = True

    def _alive(self) -> None:
        if self.revoked:
            raise LinkRevoked("the driver was past its deadline")
        self.seen = time.monotonic()

    def _drafts(self, readings: Sequence[Reading]) -> tuple[list[tuple[Reading, Draft]], list[Reject]]:
        """Drafts of what fits the catalogue; the rest as rejects, so that it blocks nothing."""
        sample, origin = self._origin()
        drafts: list[tuple[Reading, Draft]] = []
        refused: list[Reject] = []
        for reading in readings:
            try:
                drafts.append(
                    (reading, normalize(reading, self._stamper(reading, origin, sample), sample.wall))
                )
            except BadReading as error:
                refused.append(Reject.frame(str(error), repr(reading).encode()))
        return drafts, refused

    def _stamper(self, reading: Reading, origin: Origin, sample: Sample) -> Origin:
        """The device as it was when it stamped this: its clock may have jumped since."""
        if self._jump is None:
            return origin
        try:
            told = datetime.fromisoformat(reading.device_time).replace(tzinfo=self._zone)
            offset = at_stamp(told, sample, self._told.offset, self._jump)
        except (ValueError, OverflowError):
            return origin
        return replace(origin, clock_offset_ms=offset)

    def _origin(self) -> tuple[Sample, Origin]:
        """This moment, and the device as known at it."""
        keys = self._device.keys
        sample, source = self._clock.look()
        offset = shifted(self._told.offset, sample.began)
        device = self._device.device_id
        return sample, Origin(device, keys.driver, self._zone, offset, bool(source), sample.began)

    def _before_service(self, drafts: Sequence[tuple[Reading, Draft]]) -> tuple[frozenset[str], bool]:
        """Facts from before `in_service_from`, and whether the log has come to the first one in service.

        What follows that one in the log was made later, whatever date it bears; a year that cannot be was
        stamped by a clock that fell back.
        """
        since, in_service = self._device.keys.in_service_from, self._in_service
        before: set[str] = set()
        for reading, draft in drafts:
            in_service = in_service or since is None or reading.device_time >= since.isoformat()
            if in_service:
                break
            if int(reading.device_time[:4]) >= EARLIEST_YEAR:
                before.add(draft.fact)
        return frozenset(before), in_service

    def _true_time(self, device_time: str | None) -> str | None:
        """A moment of the device's clock as true time; None where it is no moment."""
        if device_time is None:
            return None
        _sample, origin = self._origin()
        offset = timedelta(milliseconds=origin.clock_offset_ms or 0)
        try:
            shown = datetime.fromisoformat(device_time).replace(tzinfo=origin.zone)
            return (shown - offset).isoformat(timespec="seconds")
        except (ValueError, OverflowError):
            return None
