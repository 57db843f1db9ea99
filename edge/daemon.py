"""The daemon: wires the rooms together, and watches over them.

Main takes the signals, supervises the drivers, writes `status.json` and feeds systemd's watchdog while main,
writer, uplink and scheduler move; a hung driver alone never restarts a hall. The only importer of
APScheduler, which runs calendar jobs and nothing else.
"""

import contextlib
import faulthandler
import gc
import logging
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler

from edge.account.filing import Filing
from edge.account.reconciling import Reconciling
from edge.attention import Attention
from edge.clock.clock import WallClock
from edge.commands import Commands
from edge.contract import Description, DeviceDescription, source
from edge.device.receiver import runner_of
from edge.device.runner import Runner
from edge.door import Door
from edge.duty.clocks import Clocks
from edge.duty.correcting import Correcting, dating
from edge.duty.disk import DiskWatch
from edge.duty.erasure import Erasure
from edge.duty.guardian import Guardian
from edge.duty.importing import Importing
from edge.duty.keeping import Keeping
from edge.duty.orders import requeue, reread
from edge.duty.volume import Volume
from edge.events import Place, event_type
from edge.guard.register import Register
from edge.last_word import LastWord
from edge.payloads import PAYLOADS, HashAlg
from edge.people import People
from edge.process.farewell import stop_on_signals
from edge.process.heap import Tidy, give_back
from edge.process.notify import notify
from edge.process.pulse import Pulse
from edge.process.version import VERSION
from edge.proof.patrol import Patrol
from edge.settings.settings import Device, Settings
from edge.staff import Book, Staff
from edge.status import Status
from edge.store import Store
from edge.uplink.uplink import Uplink
from edge.web import WebServer, create_app

LOG = logging.getLogger(__name__)

CONTROL = "control.sock"
TICK_S, STEP_S = 10, 30.0
"""A wall clock that moved by `STEP_S` against the monotonic one was stepped."""
STATUS_EVERY_S = 60.0
ABANDONED_MAX = 3
"""After so many hung drivers a fresh process is better than more threads."""
STOP_S = 3.0
START_EXTENDED_S = 60
"""So long systemd waits after each word from a start that has much to mend."""
EXIT_DAMAGED = 6
"""The next start salvages the database."""
NIGHTLY_ACCOUNT = {"hour": 2, "minute": 30}
CATCH_UP = {"hour": "10,15", "minute": 40}
"""Outside the rush: terminals that are switched off at night are counted then."""
BEGIN_ANEW = -1
"""In place of an exit code: there is a device more."""
LATE = {"misfire_grace_time": None, "coalesce": True}
KEEPING = {"hour": "3,12", "minute": 30}
"""At noon for halls that are switched off at night; twice on one date is one night."""
PATROL = {"hour": "4,13", "minute": 10}


class Daemon:
    """One hall's daemon; `run` returns its exit code."""

    def __init__(self, settings: Settings) -> None:
        site, folder = settings.site, Path(settings.store.folder)
        folder.mkdir(parents=True, exist_ok=True)
        hash_alg: HashAlg = "sm3" if settings.crypto.suite == "gm" else "sha256"
        place = Place(site.county, site.hall, source(site.county, site.hall))
        self._folder, self._stop, self._pulse = folder, threading.Event(), Pulse()
        self._clock = clock = WallClock(ZoneInfo(site.zone), settings.clock.trust, folder)
        self._store = Store(
            folder,
            place,
            hash_alg,
            clock.now,
            partial(self._pulse.beat, "writer"),
            settings.uplink.confirm,
            lambda: notify(f"EXTEND_TIMEOUT_USEC={START_EXTENDED_S * 1_000_000}"),
            dating(clock),
        )
        volume = Volume(folder, self._store.lock_path)
        volume.drop_if_short()
        self._store.open()
        self._door = Door(settings, self._store, self._clock)
        self._guardian = Guardian(self._store, self._clock, Register(folder))
        self._runners = self._standing(settings.devices)
        self._guardian.stand_by(self._runners)
        self._uplink = Uplink(
            settings.uplink,
            place,
            self._store,
            self._clock,
            _describe(settings),
            lambda: self._status.problems(),
            lambda: self._pulse.beat("uplink"),
        )
        self._keeping = Keeping(self._store, settings.retention, clock, lambda: self._uplink.outbox.retired)
        self._patrol = Patrol(self._store, clock, self._stop)
        self._disk = DiskWatch(self._store, volume, self._clock, self._keeping.tonight, self._uplink.tell)
        parts = (self._store, self._runners, self._uplink, lambda: self._disk.standing, self._clock)
        self._reconciling = self._accountant(settings)
        self._staff = Staff(Book(folder), self._store, self._clock, self._runners)
        told = (self._attention, self._door.turned_away, self._staff.shown)
        self._status = Status(settings, *parts, VERSION, *told)
        self._last_word = LastWord(folder / "status.json", self._status.take)
        self._correcting = Correcting(self._store, self._clock)
        self._clocks = Clocks(settings.clock, self._clock, self._store, self._runners)
        self._door.open(self._runners, lambda: self._clocks.suspected)
        self._saved_at, self._wall_at, self._tidy = self._store.tip.position, 0.0, Tidy()
        self._people = People(settings, self._store, self._clock, lambda: self._door.held)
        self._commands = self._obeyed()
        self._web = self._server(settings.web.host, settings.web.port)
        self._scheduler = BackgroundScheduler(timezone=site.zone, job_defaults=LATE)

    def _standing(self, devices: Sequence[Device]) -> list[Runner]:
        parts = (self._store, self._clock, self._guardian, self._door.complete)
        return [runner_of(device, *parts) for device in devices]

    def _attention(self) -> tuple[Attention, ...]:
        duties = (self._guardian, self._reconciling, self._filing, self._patrol)
        parts = (*duties, self._door, self._people, self._staff)
        return tuple(told for part in parts for told in part.attention())

    def _accountant(self, settings: Settings) -> Reconciling:
        room = lambda: self._disk.standing.cause == "ok"  # noqa: E731
        self._filing = Filing(self._store, self._clock, settings, room)
        retired = lambda: self._uplink.outbox.retired  # noqa: E731
        parts = (self._store, self._clock, self._runners, retired, settings.uplink.confirm, self._stop)
        return Reconciling(*parts, self._guardian.entry, self._filing.file)

    def _obeyed(self) -> Commands:
        """What a person may order."""
        erasure = Erasure(self._store, lambda: self._uplink.outbox.retired)
        return {
            "reread": partial(reread, self._runners),
            "requeue": partial(requeue, self._uplink),
            "erasable": erasure.count,
            "erase": erasure.erase,
            **self._clocks.commands,
            **self._guardian.commands,
            **Importing(self._store, self._clock, self._runners, self._guardian.entry).commands,
            **self._reconciling.commands,
            **self._door.commands,
            **self._people.commands,
            **self._staff.commands,
        }

    def run(self) -> int:
        """Work until SIGTERM or SIGINT; 0 after a clean stop, 1: drivers hang, EXIT_DAMAGED, BEGIN_ANEW."""
        faulthandler.enable()
        gc.freeze()  # what is loaded by now stays: looking through it again was a tenth of a drain
        stop_on_signals(self._stop)
        self._open_page()
        self._disk.start()
        self._uplink.start()
        for runner in self._runners:
            runner.start()
        self._door.start()
        self._people.start(self._status.take, self._commands)
        self._plan()
        self._scheduler.start()
        busy = ["uplink"] if self._uplink.line.cause != "uplink_disabled" else []
        for part in ("writer", "scheduler", *busy):
            self._pulse.beat(part)
        notify("READY=1")
        LOG.info("ready; status page on port %s", self._web.port)
        try:
            return self._watch()
        finally:
            self._leave()

    def _open_page(self) -> None:
        """The page must not stop the collecting: without its port there is still the control socket."""
        try:
            self._web.start()
        except OSError as error:
            LOG.error("no status page: %s", error)
            self._status.note("web", "page_unavailable")
            self._web = self._server(None, 0)
            try:
                self._web.start()
            except OSError as unreachable:
                LOG.error("no control socket either: %s", unreachable)

    def _server(self, host: str | None, port: int) -> WebServer:
        return WebServer(create_app(self._status.take, self._commands), host, port, self._folder / CONTROL)

    def _plan(self) -> None:
        """Every job's next run, counted from the wall clock of this moment."""
        self._wall_at = time.time() - time.monotonic()
        for job, name, when in (
            (self._reconciling.nightly, "account", NIGHTLY_ACCOUNT),
            (self._reconciling.catch_up, "catch_up", CATCH_UP),
            (self._keeping.tonight, "keeping", KEEPING),
            (self._patrol.tonight, "patrol", PATROL),
        ):
            self._scheduler.add_job(job, "cron", id=name, replace_existing=True, **when)
        self._tick()

    def _tick(self) -> None:
        """The scheduler's sign of life. One run at a time: an interval job lists all it missed in a step."""
        self._pulse.beat("scheduler")
        give_back()
        self._scheduler.add_job(
            self._tick,
            "date",
            id="tick",
            replace_existing=True,
            run_date=self._clock.now() + timedelta(seconds=TICK_S),
        )

    def _mind_the_clock(self) -> None:
        """APScheduler waits by the wall clock: after a step its jobs are planned anew."""
        if abs(time.time() - time.monotonic() - self._wall_at) > STEP_S:
            LOG.warning("the wall clock was stepped; planning anew")
            self._plan()

    def _watch(self) -> int:
        written_at = 0.0
        while not self._stop.wait(1.0):
            self._mind_the_clock()
            self._tidy.look(self._store.tip.position)
            self._correcting.step()
            self._door.look()
            self._staff.step()
            for runner in self._runners:
                runner.supervise()
            if sum(runner.abandoned for runner in self._runners) >= ABANDONED_MAX:
                LOG.error("%d drivers hang; leaving for a fresh start", ABANDONED_MAX)
                return 1
            if self._store.damage or self._door.begin_anew:
                return EXIT_DAMAGED if self._store.damage else BEGIN_ANEW
            if not self._pulse.silent():
                notify("WATCHDOG=1")
            if time.monotonic() - written_at >= STATUS_EVERY_S:
                self._each_minute()
                written_at = time.monotonic()
        return 0

    def _each_minute(self) -> None:
        """Last word and mark on disk; where anything happened, the newest time; the terminals' clocks."""
        self._last_word.renew()
        self._store.renew_mark()
        if self._store.tip.position != self._saved_at:
            self._saved_at = self._store.tip.position
            self._clock.save_newest()
        self._clocks.look()
        self._people.look()

    def _leave(self) -> None:
        """Ask everybody to leave at once, then wait for all within one deadline."""
        if not self._door.begin_anew:  # systemd would take the new life for one that does not end
            notify("STOPPING=1")
        until = time.monotonic() + STOP_S
        with contextlib.ExitStack() as steps:
            steps.callback(self._store.close)
            steps.callback(self._web.stop)
            steps.callback(self._people.stop)
            steps.callback(self._door.stop)
            parts: list[Uplink | Runner | DiskWatch] = [self._uplink, *self._runners, self._disk]
            for part in parts:
                steps.callback(_join, part, until)
            steps.callback(self._scheduler.shutdown, wait=False)
            steps.callback(self._last_word.write)
            steps.callback(self._uplink.stop)
            self._disk.stop()
            for runner in self._runners:
                runner.stop.set()


def _join(part: Uplink | Runner | DiskWatch, until: float) -> None:
    part.join(max(0.1, until - time.monotonic()))


def _describe(settings: Settings) -> Description:
    devices = tuple(DeviceDescription(device.device_id, device.keys.driver) for device in settings.devices)
    return Description(VERSION, devices, tuple(event_type(kind) for kind in PAYLOADS))
