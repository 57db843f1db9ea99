"""The Link of one life of a driver: its readings become drafts here, and its clock is measured here.

Followed downwards: `emit` -> `normalize` -> `Store.take`. The `Runner` owns thread, waiting and state.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from itertools import repeat
from queue import Empty, SimpleQueue
from typing import NamedTuple

from drivers.base import LinkRevoked, Observation, Order, Reading, Reject
from drivers.tape import Tape
from edge.clock.clock import WallClock
from edge.clock.offsets import (
    EARLIEST_YEAR,
    Jump,
    Offset,
    at_stamp,
    clock_offset_ms,
    drift,
    measured,
    shifted,
)
from edge.clock.trust import Sample
from edge.events import Complete, Draft, Origin, drafts_of
from edge.guard.enrolled import Enrolments
from edge.guard.gaps import WITNESSES, Before
from edge.guard.guard import Guard
from edge.guard.tally import Counted, Tally
from edge.settings.settings import Device
from edge.store import Intake, Store
from edge.store.books import PUNCH, Books

LOG = logging.getLogger(__name__)


class Told(NamedTuple):
    """What a device said at its last contact; `offset`: of its clock, as last measured; drift: s a day."""

    observation: Observation
    at: str
    offset: Offset | None
    drift: float | None = None

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
        orders: SimpleQueue[Order],
        on_contact: Callable[[Told], None],
        guard: Guard | None = None,
        serial: str = "",
        complete: Complete | None = None,
    ) -> None:
        """serial: of the device, where it is known before it says so. complete: see `edge/events.py`."""
        self._device, self._store, self._clock = device, store, clock
        self._stop, self._orders, self._on_contact = stop, orders, on_contact
        self._guard, self._complete = guard or Guard(), complete
        self.revoked = False
        self._told = Told(Observation(serial), "", None)
        self._cursor = store.cursor(device.device_id)
        self._in_service: frozenset[str] = frozenset()
        self._enrolled = Enrolments(store.path)
        self._zone = clock.zone(device.keys.zone)
        self._jump: Jump | None = None
        self.duplicates = 0
        self._tally: Tally | None = None
        self._before = Before(None, ())
        self._drift_from: Offset | None = None
        self.counted: Counted | None = None
        """What the device held at its last complete look at everything."""
        self.tape: Tape | None = None
        """What is said goes on it, where it is recorded; see `drivers/tape.py`."""
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
        sample, origin = self._origin()
        news = self._enrolled.news(readings)
        drafts, refused = drafts_of(news, self._stampers(news, origin, sample), sample.wall, self._complete)
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
        self._enrolled.keep([reading for reading, _draft in drafts])
        self._count(drafts, len(intake.rejects), complete_until)
        self._alive()

    def reading(self, whole: bool, since: str = "") -> None:
        """See `drivers.base.Link`."""
        self._alive()
        self._tally = Tally() if whole else None
        if whole and since:
            self._tally = Tally.after(self.counted, since) if self.counted else None
        if whole:
            self._before = self._before_now()

    def _before_now(self) -> Before:
        """What was known of the device; what came in since the last complete read bears no witness to it."""
        serial, until = self._told.observation.serial, self._store.complete_until(self._device.device_id)
        with closing(Books(self._store.path)) as books:
            read = books.newest(serial, WITNESSES, self._shown(until)) if until else ()
            return Before(until, read or books.newest(serial, WITNESSES))

    def _shown(self, until: str) -> str:
        """What the device's clock shows at a true time."""
        _sample, origin = self._origin()
        offset = timedelta(milliseconds=origin.clock_offset_ms or 0)
        shown = datetime.fromisoformat(until).astimezone(self._zone) + offset
        return shown.replace(tzinfo=None).isoformat(timespec="seconds")

    def _count(
        self, drafts: Sequence[tuple[Reading, Draft]], rejected: int, complete_until: str | None
    ) -> None:
        if self._tally is None or any(draft.hint for _, draft in drafts):
            return  # what is pushed meanwhile is no part of the pass
        punches = [(r.device_time, draft.fact, r.copies) for r, draft in drafts if r.kind == PUNCH]
        self._tally.add(punches, rejected)
        if complete_until:
            told, tally, self._tally = self._told.observation, self._tally, None
            self.counted = tally.counted(told.serial, complete_until)
            oldest, log_max = self._true_time(self.counted.oldest or None), told.counts.get("log_max", 0)
            self._guard.counted(self._device.device_id, self._before, self.counted, log_max, oldest)

    def observed(self, observation: Observation) -> None:
        """See `drivers.base.Link`."""
        self._alive()
        self._guard.admit(self._device.device_id, observation)
        if observation.serial != self._told.observation.serial:
            self._in_service = frozenset()
            self._told, self._jump = self._told._replace(offset=None), None
        sample, offset = self._clock.sample(), self._told.offset
        shown_ms = clock_offset_ms(observation.device_clock, self._zone, sample.wall)
        if shown_ms is not None:
            offset, self._jump = measured(shown_ms, sample, offset, self._jump)
        at = sample.wall.isoformat(timespec="seconds")
        self._told = Told(observation, at, offset, self._drift(shown_ms, sample, offset))
        self._on_contact(self._told)

    def _drift(self, shown_ms: int | None, sample: Sample, offset: Offset | None) -> float | None:
        """How fast its clock goes wrong, held against the first measurement since it jumped or was set."""
        if shown_ms is None or offset is None:
            return self._told.drift
        first = self._drift_from
        if first is None or first.uptime_s < offset.since_s:
            self._drift_from = first = Offset(shown_ms, sample.began, sample.uptime_s, sample.uptime_s)
        return drift(first, shown_ms, sample)

    def now(self) -> str:
        """See `drivers.base.Link`."""
        return self._clock.now().astimezone(self._zone).replace(tzinfo=None).isoformat(timespec="seconds")

    def orders(self, wait_s: float) -> Order | None:
        """See `drivers.base.Link`."""
        self._alive()
        try:
            while not (order := self._orders.get(wait_s > 0, wait_s or None)).stands():
                LOG.info("%s: %s: nobody waits for it any more", self._device.device_id, order.name)
            return order
        except Empty:
            return None

    def revoke(self) -> None:
        """From now on everything the driver calls here raises LinkRevoked."""
        self.revoked = True

    def _alive(self) -> None:
        if self.revoked:
            raise LinkRevoked("the driver was past its deadline")
        self.seen = time.monotonic()

    def _stampers(self, readings: Sequence[Reading], origin: Origin, sample: Sample) -> Iterable[Origin]:
        """The device as it was when it stamped each: its clock may have jumped since."""
        if self._jump is None:
            return repeat(origin)
        return (self._stamper(reading, origin, sample) for reading in readings)

    def _stamper(self, reading: Reading, origin: Origin, sample: Sample) -> Origin:
        try:
            told = datetime.fromisoformat(reading.device_time).replace(tzinfo=self._zone)
            offset = at_stamp(told, sample, self._told.offset, self._jump)
        except (ValueError, OverflowError):
            return origin
        return origin._replace(clock_offset_ms=offset)

    def _origin(self) -> tuple[Sample, Origin]:
        """This moment, and the device as known at it."""
        keys = self._device.keys
        sample, source = self._clock.look()
        offset = shifted(self._told.offset, sample.began)
        device = self._device.device_id
        return sample, Origin(device, keys.driver, self._zone, offset, bool(source), sample.began)

    def _before_service(
        self, drafts: Sequence[tuple[Reading, Draft]]
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Facts from before `in_service_from`, and the kinds whose log has come to the first one in service.

        What follows that one in its log was made later, whatever date it bears; a year that cannot be was
        stamped by a clock that fell back.
        """
        since, in_service = self._device.keys.in_service_from, set(self._in_service)
        before: set[str] = set()
        for reading, draft in drafts:
            if since is None or reading.device_time >= since.isoformat():
                in_service.add(reading.kind)
            elif reading.kind not in in_service and int(reading.device_time[:4]) >= EARLIEST_YEAR:
                before.add(draft.fact)
        return frozenset(before), frozenset(in_service)

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
