"""Takes the snapshot of everything: what is wrong, since when, what to do next.

From the store (read-only, O(1), never a COUNT) and from the runners; one snapshot serves CLI, page and MQTT.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing

import msgspec

from drivers.base import Observation
from edge.attention import Attention
from edge.clock.clock import WallClock
from edge.clock.trust import suspicion
from edge.contract import Problem
from edge.device.runner import Runner
from edge.duty.clocks import offset_now, offsets
from edge.guard.forecast import days_left
from edge.settings.settings import Settings
from edge.snapshot import (
    AppHealth,
    Caller,
    DeviceHealth,
    Snapshot,
    StaffPart,
    Storage,
    StoreHealth,
    UplinkHealth,
)
from edge.store import DeviceRow, Store, epoch_of, sequence_of, sqlite
from edge.uplink.confirmations import BROKER
from edge.uplink.uplink import Uplink
from edge.words import LANGS, Lang, both, say

EPOCH_CAUSES = {
    "salvaged": "database_salvaged",
    "older_copy": "older_copy_found",
    "new_database": "database_lost",
}
"""Why an epoch was begun -> what a person should know of it."""


class Status:
    """Takes the snapshot; `take` may be called from any thread."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        runners: Sequence[Runner],
        uplink: Uplink,
        storage: Callable[[], Storage],
        clock: WallClock,
        version: str,
        attention: Callable[[], Iterable[Attention]] = tuple,
        turned_away: Callable[[], tuple[Caller, ...]] = tuple,
        staff: Callable[[], tuple[StaffPart, ...]] = tuple,
    ) -> None:
        self._settings, self._store, self._runners = settings, store, runners
        self._uplink, self._storage, self._clock, self._version = uplink, storage, clock, version
        self._attention, self._turned_away, self._staff = attention, turned_away, staff
        self._started = clock.text()
        self._clock_since = ("", self._started)
        self._noted: tuple[Problem, ...] = ()
        self._read: Mapping[str, DeviceRow] = {}
        self._unread: Storage | None = None

    def note(self, subject: str, cause: str) -> None:
        """Show a problem that lasts as long as this daemon."""
        self._noted = (*self._noted, _problem(subject, cause, self._clock.text()))

    def take(self) -> Snapshot:
        """Everything, now."""
        rows = self._rows()
        devices = tuple(self._device(runner, rows.get(runner.device.device_id)) for runner in self._runners)
        uplink, site, source = self._uplink_health(), self._settings.site, self._clock.source()
        storage = self._storage()
        if storage.cause == "ok":
            storage = self._unread or storage
        return Snapshot(
            at=self._clock.text(),
            started=self._started,
            version=self._version,
            county=site.county,
            hall=site.hall,
            hall_name=site.name,
            clock_trusted=bool(source),
            clock_source=source,
            devices=devices,
            uplink=uplink,
            store=self._store_health(rows.values(), storage),
            turned_away=self._turned_away(),
            staff=self._staff(),
            problems=(
                *self._noted,
                *self._store_problems(),
                *self._clock_problems(),
                *storage_problems(storage),
                *device_problems(devices),
                *self._to_see_to(),
                *uplink_problems(uplink),
            ),
        )

    def _rows(self) -> Mapping[str, DeviceRow]:
        """What is stored of the devices; what was read last while the disk fails, which shall be told."""
        try:
            with closing(self._store.reader()) as reader:
                self._read, self._unread = reader.devices(), None
        except sqlite.Error as error:
            since = self._unread.since if self._unread else self._clock.text()
            self._unread = Storage("storage_failing", str(error), since)
        return self._read

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong in the hall, for the MQTT state."""
        devices = device_problems(self._device(runner, None) for runner in self._runners)
        storage = storage_problems(self._storage())
        return (
            *self._store_problems(),
            *self._clock_problems(),
            *storage,
            *devices,
            *self._to_see_to(),
        )

    def _to_see_to(self) -> tuple[Problem, ...]:
        """What others know that a person should see to."""
        return tuple(map(_to_see_to, self._attention()))

    def _store_problems(self) -> tuple[Problem, ...]:
        """What happened to the database in this life, and what a person should look at."""
        cause = EPOCH_CAUSES.get(self._store.epoch_reason or "")
        found = {cause: self._store.epoch_since} if cause else {}
        if kept := self._store.damaged_since():
            found["damaged_file_kept"] = kept
        return tuple(
            _problem("store", word, since.isoformat(timespec="seconds")) for word, since in found.items()
        )

    def _clock_problems(self) -> tuple[Problem, ...]:
        """Nobody vouches for our clock, or the terminals agree against it."""
        suspected = suspicion(offsets(self._runners, self._clock)) is not None
        cause = "clock_suspected" if suspected else ""
        cause = cause if self._clock.trusted() else "clock_untrusted"
        if cause != self._clock_since[0]:
            self._clock_since = (cause, self._clock.text())
        return (_problem("clock", *self._clock_since),) if cause else ()

    def _device(self, runner: Runner, row: DeviceRow | None) -> DeviceHealth:
        device, health = runner.device, runner.health
        told = health.told
        observation = told.observation if told else Observation(serial=row.serial if row else "")
        return DeviceHealth(
            device_id=device.device_id,
            name=device.name,
            driver=device.keys.driver,
            state=health.state,
            cause=health.cause,
            since=health.since,
            detail=health.detail,
            serial=observation.serial,
            model=observation.model,
            firmware=observation.firmware,
            last_contact=told.at if told else None,
            last_data=row.last_data if row else None,
            complete_until=self._store.complete_until(device.device_id),
            clock_offset_ms=offset_now(runner, self._clock),
            clock_drift=told.drift if told else None,
            log_days_left=self._log_days_left(runner, observation.counts),
            counts=dict(observation.counts),
            settings=dict(observation.settings),
            stored=row.stored if row else 0,
            duplicates=runner.link.duplicates if runner.link else 0,
            quarantined=row.quarantined if row else 0,
        )

    def _log_days_left(self, runner: Runner, counts: Mapping[str, int]) -> float | None:
        """By the last complete look at everything."""
        counted = runner.link.counted if runner.link else None
        return days_left(counted.records, self._clock.now().date(), counts) if counted else None

    def _uplink_health(self) -> UplinkHealth:
        settings, line, outbox = self._settings.uplink, self._uplink.line, self._uplink.outbox
        newest, retired = self._store.tip.position, outbox.retired
        held = sequence_of(retired) if epoch_of(retired) == epoch_of(newest) else 0
        receipts, parked = self._uplink.receipts, dict(outbox.aside.parked)
        first = min(parked, default=0)
        apps = {
            app: AppHealth(
                upto=sequence_of(each.upto),
                n=each.n,
                last_receipt=receipts[app].received if app in receipts else None,
            )
            for app, each in outbox.confirmations.items()
            if app != BROKER
        }
        return UplinkHealth(
            state="connected" if line.connected else "offline" if settings.host else "disabled",
            cause=line.cause,
            since=line.since,
            broker=f"{settings.host}:{settings.port}" if settings.host else "",
            detail=line.detail,
            sent_to=sequence_of(outbox.sent),
            unconfirmed=sequence_of(newest) - held,
            parked=len(parked),
            parked_first=sequence_of(first),
            parked_why=parked.get(first, ""),
            takeovers=self._uplink.takeovers,
            apps=apps,
        )

    def _store_health(self, rows: Iterable[DeviceRow], storage: Storage) -> StoreHealth:
        path, tip = self._store.path, self._store.tip
        return StoreHealth(
            path=str(path),
            epoch=tip.epoch,
            seq_head=tip.sequence,
            head=tip.chain.hex(),
            db_bytes=_measured(lambda: path.stat().st_size),
            wal_bytes=_measured(self._store.wal_bytes),
            disk_free_bytes=_measured(lambda: shutil.disk_usage(path.parent).free),
            quarantined=sum(row.quarantined for row in rows),
            sqlite_version=sqlite.VERSION,
            set_aside_bytes=self._store.set_aside_bytes(),
            cause=storage.cause,
            since=storage.since,
            detail=storage.detail,
            days_left=storage.days_left,
        )


def _measured(measure: Callable[[], int]) -> int:
    """What a disk says of itself; 0 where it does not."""
    try:
        return measure()
    except OSError:
        return 0


def device_problems(devices: Iterable[DeviceHealth]) -> tuple[Problem, ...]:
    """One problem for each device that is not well; the same cause at the same moment is still one each."""
    return tuple(
        _problem(device.device_id, device.cause, device.since)
        for device in devices
        if device.state in ("degraded", "offline") or device.cause == "config_error"
    )


def storage_problems(storage: Storage) -> tuple[Problem, ...]:
    """What is wrong with the disk, and how long it will last."""
    if storage.cause == "ok":
        return ()
    problem, days = _problem("store", storage.cause, storage.since), storage.days_left
    if days is None:
        return (problem,)
    return (_add(problem, {lang: say(lang, "days_left", n=days) for lang in LANGS}),)


def uplink_problems(uplink: UplinkHealth) -> tuple[Problem, ...]:
    """What is wrong with the way upstream."""
    return () if uplink.cause == "ok" else (_problem("uplink", uplink.cause, uplink.since),)


def _to_see_to(each: Attention) -> Problem:
    problem = _add(
        _problem(each.subject, each.cause, each.since), {lang: f": {each.about}" for lang in LANGS}
    )
    if not each.command:
        return problem
    step = {lang: f"{problem.next_step[lang]}: {each.command}" for lang in LANGS}
    return msgspec.structs.replace(problem, next_step=step)


def _add(problem: Problem, more: Mapping[Lang, str]) -> Problem:
    text = {lang: problem.text[lang] + more[lang] for lang in LANGS}
    return msgspec.structs.replace(problem, text=text)


def _problem(subject: str, cause: str, since: str) -> Problem:
    text, next_step = both(cause)
    return Problem(subject, cause, since, text, next_step)
