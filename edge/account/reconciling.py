"""The duty of reconciliation: three times a day what is due, and whatever day a person asks for.

Each terminal that may answer is read whole again first; what that brings new of the day was missing, and is
named `late`. Then its count, the store and the receipts are compared, and the result is an event. A terminal
that stood there on the day and was replaced since is accounted for too, by what it had handed over.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta

import msgspec

from drivers.base import LinkError
from edge.account.holdings import KIND, Of, Upstream, accounts, kept, newest, of
from edge.account.reconciliation import LOOK_BACK_DAYS, SETTLED, covers, due, reconcile
from edge.attention import Attention
from edge.clock.clock import WallClock
from edge.commands import Arguments, Commands, Refused
from edge.device.link import DeviceLink
from edge.device.runner import Runner
from edge.events import own_event
from edge.guard.register import Entry
from edge.guard.tally import mark
from edge.payloads import DeviceReconciled
from edge.store import Store, epoch_of, position
from edge.store.books import Books

LOG = logging.getLogger(__name__)

ANSWER_S = 90.0
"""How long the terminals have to be read whole; what comes later is for the next time."""


class Reconciling:
    """The duty of one hall. `retired` tells the position up to which upstream holds everything."""

    def __init__(
        self,
        store: Store,
        clock: WallClock,
        runners: Sequence[Runner],
        retired: Callable[[], int],
        confirm: Sequence[str],
        stop: threading.Event,
        entry: Callable[[str], Entry] = lambda _device_id: Entry(),
        file: Callable[[Iterable[str]], None] = lambda _days: None,
    ) -> None:
        """entry: which terminals stood for a device; file: write the proof of these days."""
        self._store, self._clock = store, clock
        self._runners = [each for each in runners if each.device.driver and not each.device.windows]
        self._retired, self._asked, self._stop = retired, bool(confirm), stop
        self._entry, self._file = entry, file
        self._alone = threading.Lock()
        self._answers: dict[str, str] = {}
        self._orders: dict[str, tuple[threading.Event, DeviceLink | None]] = {}
        self._newest: dict[Of, tuple[DeviceReconciled, str]] = {}
        self.commands: Commands = {"reconcile": self._by_hand}

    def nightly(self) -> None:
        """Read every terminal whole, then account for what is due, if the date is known."""
        with self._alone:
            self._account(self._due(), everyone=True, order="recount")

    def catch_up(self) -> None:
        """Account for what is due and could not be told before, once the terminals are there."""
        with self._alone:
            due = {runner: days for runner, days in self._due().items() if days}
            self._account(due, everyone=False, order="recount")

    def _by_hand(self, arguments: Arguments) -> str:
        """Account for one day, now; the results as JSON."""
        day, named = arguments.get("day", ""), arguments.get("device")
        try:
            date.fromisoformat(day)
        except ValueError:
            raise Refused(f"{day}: 不是日期 / not a date") from None
        asked = [runner for runner in self._runners if named in (None, runner.device.device_id)]
        if not asked:
            raise Refused(f"{named}: 没有这台设备 / no such device")
        if not self._alone.acquire(timeout=1.0):
            raise Refused("正在对账，几分钟后再试 / an account is being made, try again in a few minutes")
        try:
            told = self._account({runner: [day] for runner in asked}, everyone=True)
        finally:
            self._alone.release()
        return msgspec.json.encode(told).decode()

    def attention(self) -> list[Attention]:
        """Days of late for which records are missing, made no sense, or are held by a push alone."""
        oldest = (self._clock.now().date() - timedelta(days=LOOK_BACK_DAYS)).isoformat()
        return [
            Attention(device_id, f"rec_{account.result}", since, _about(account), _step(account))
            for (device_id, _serial, day), (account, since) in sorted(self._newest.copy().items())
            if account.result in ("missing", "pending", "unproved") and day >= oldest
        ]

    def _due(self) -> dict[Runner, list[str]]:
        """The days to account for of each terminal; none while the date is not known."""
        if not self._clock.trusted():
            return {runner: [] for runner in self._runners}
        with closing(Books(self._store.path)) as books:
            told = accounts(books)
        return {runner: self._due_of(runner, told) for runner in self._runners}

    def _due_of(self, runner: Runner, told: Iterable[DeviceReconciled]) -> list[str]:
        device_id, zone = runner.device.device_id, self._clock.zone(runner.device.keys.zone)
        today = self._clock.now().astimezone(zone).date()
        return due((each for each in told if each.device_id == device_id), today)

    def _account(
        self, wanted: Mapping[Runner, list[str]], everyone: bool, order: str = "reread"
    ) -> list[DeviceReconciled]:
        """Read again where that is needed, then tell each terminal and day; order: as `_ordered`."""
        before = {(runner, day): self._stored(runner, day) for runner, days in wanted.items() for day in days}
        self._read_again([r for r, days in wanted.items() if everyone or not covered(r, days)], order)
        told = [each for (runner, day), had in before.items() for each in self._tell(runner, day, had)]
        self._store_news(told)
        for each in told:
            self._newest[of(each)] = (each, self._clock.text())
            LOG.info("account of %s, %s: %s %s", each.device_id, each.day, each.result, each.reason)
        self._file(each.day for each in told)
        return told

    def _store_news(self, told: Sequence[DeviceReconciled]) -> None:
        """As events, but for what is stored already as it is."""
        with closing(Books(self._store.path)) as books:
            known = newest(accounts(books))
        news = [each for each in told if each.late or not _same(known.get(of(each)), each)]
        moment, epoch = self._clock.now(), self._store.tip.epoch
        revision = int(moment.timestamp() * 1000)
        drafts = [own_event(KIND, epoch, " ".join(of(each)), revision, moment, each) for each in news]
        try:
            if drafts:
                self._store.add(*drafts)
        except LinkError as error:
            LOG.error("the account is not stored: %s", error)

    def _read_again(self, runners: Iterable[Runner], order: str) -> None:
        """Order it of all, and wait for those that are there, or may be in a moment."""
        waiting = [(runner, answered) for runner in runners if (answered := self._ordered(runner, order))]
        until = time.monotonic() + ANSWER_S
        while time.monotonic() < until and not self._stop.wait(0.1):
            if all(answered.is_set() or not may_answer(runner) for runner, answered in waiting):
                return

    def _ordered(self, runner: Runner, order: str) -> threading.Event | None:
        """What will be set when the terminal was read: by an order that still waits, or by a new one.

        order: `reread`; `recount` lets a terminal that calls leave out what it can show to be unchanged.
        An order dies with the Link of a driver that hung.
        """
        device_id, link = runner.device.device_id, runner.link
        before, of = self._orders.get(device_id, (None, None))
        if before and not before.is_set() and of is link:
            return before
        answered = threading.Event()

        def done(result: str) -> None:
            self._answers[device_id] = result
            answered.set()

        if not runner.order(order if runner.device.calls else "reread", done):
            return None
        self._orders[device_id] = (answered, link)
        return answered

    def _stored(self, runner: Runner, day: str) -> frozenset[int] | None:
        """What is stored of a day before it is read again; None of a terminal that was never read."""
        with closing(Books(self._store.path)) as books:
            serial = serial_of(runner, books)
            rows = books.punches(serial, day, day)
            return frozenset(mark(row.fact) for row in rows) if serial else None

    def _tell(self, runner: Runner, day: str, had: frozenset[int] | None) -> Iterator[DeviceReconciled]:
        """The accounts of a day: those of the terminals that left since, then that of the present one."""
        entry = self._entry(runner.device.device_id)
        former = [self._left(runner, day, serial) for serial in entry.stood(day)]
        yield from former
        present = self._told(runner, day, had)
        if not former or entry.accepted[:10] <= day or present.stored:
            yield present

    def _left(self, runner: Runner, day: str, serial: str) -> DeviceReconciled:
        """Of a terminal that is gone: by the last good account, else by what it had handed over."""
        device_id = runner.device.device_id
        with closing(Books(self._store.path)) as books:
            before = newest(accounts(books)).get((device_id, serial, day))
            if before is not None and before.result in SETTLED:
                return before
            held = kept(books, serial, day, self._upstream())
        return reconcile(device_id, serial, day, None, held, trouble="terminal_gone", asked=self._asked)

    def _told(self, runner: Runner, day: str, had: frozenset[int] | None) -> DeviceReconciled:
        counted = runner.link.counted if runner.link else None
        upstream = self._upstream()
        with closing(Books(self._store.path)) as books:
            serial = serial_of(runner, books)
            held = kept(books, serial, day, upstream)
        trouble = self._trouble(runner, day)
        late = len(held.stored - had) if had is not None and covers(counted, day) else 0
        return reconcile(
            runner.device.device_id,
            serial,
            day,
            counted,
            held,
            trouble=trouble,
            late=late,
            asked=self._asked,
        )

    def _upstream(self) -> Upstream:
        retired, first = self._retired(), position(epoch_of(self._store.tip.position), 0)
        with closing(self._store.reader()) as reader:
            return Upstream(retired, first, frozenset(reader.parked()), self._asked)

    def _trouble(self, runner: Runner, day: str) -> str:
        """Why nothing can be said of a terminal and day, whatever was counted; or ""."""
        if self._entry(runner.device.device_id).accepted[:10] > day:
            return "terminal_replaced"
        counted = runner.link.counted if runner.link else None
        if covers(counted, day):
            return ""
        if runner.health.state not in ("online", "degraded"):
            return runner.health.cause
        read = self._answers.get(runner.device.device_id) == "ok"
        return "driver_counts_not" if read and counted is None else ""


def covered(runner: Runner, days: Sequence[str]) -> bool:
    """Whether the terminal was counted after all these days."""
    return all(covers(runner.link.counted if runner.link else None, day) for day in days)


def may_answer(runner: Runner) -> bool:
    """Whether a terminal is there, or is being asked for the first time."""
    return runner.health.state in ("online", "degraded") or runner.health.cause == "starting"


def serial_of(runner: Runner, books: Books) -> str:
    """The serial number that the device said last, in this life or before; "" if it never did."""
    if runner.health.told:
        return runner.health.told.observation.serial
    device_id = runner.device.device_id
    return next((serial for serial, device in books.serials().items() if device == device_id), "")


def _same(before: DeviceReconciled | None, now: DeviceReconciled) -> bool:
    """Whether two accounts say the same, whenever they were made."""
    return before is not None and _said(before) == _said(now)


def _said(account: DeviceReconciled) -> DeviceReconciled:
    return msgspec.structs.replace(account, counted_at="", late=0)


def _about(account: DeviceReconciled) -> str:
    """The day; of what a push alone tells, how many."""
    return f"{account.day} ({account.unproved})" if account.result == "unproved" else account.day


def _step(account: DeviceReconciled) -> str:
    """What a person types about such a day."""
    return f"hall-edge reread {account.device_id}" if account.result == "missing" else ""
