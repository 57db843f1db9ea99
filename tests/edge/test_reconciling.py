"""The duty of reconciliation with drivers that answer otherwise than a ZK terminal does."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from drivers.base import DeviceOffline, Driver, Link, Observation
from edge.account.holdings import accounts
from edge.account.reconciling import Reconciling
from edge.causes import CAUSES
from edge.clock.clock import WallClock
from edge.commands import Refused
from edge.device.runner import Runner
from edge.events import Origin, normalize, own_event
from edge.guard.register import Entry, Identity
from edge.payloads import DeviceReconciled
from edge.settings.settings import Device, DeviceKeys
from edge.store import Intake, Store
from edge.store.books import Books
from tests.hall import until
from tests.store.halls import NOW, ZONE, intake, open_store, punch

DAY = "2026-11-19"


class Obedient(Driver):
    """Carries out each order, and counts only where it is told to."""

    def __init__(self, counts: bool, pause_s: float = 0.0, began: str = "2026-11-20T12:00:00") -> None:
        super().__init__(None)
        self.counts, self.pause_s, self.began = counts, pause_s, began
        self.names: list[str] = []
        self.begun = threading.Event()

    def run(self, link: Link) -> None:
        link.observed(Observation("SN1"))
        while not link.stop.is_set():
            if order := link.orders(0.05):
                self.begun.set()
                time.sleep(self.pause_s)
                self.names.append(order.name)
                if self.counts:
                    link.reading(whole=True)
                    link.emit([], "c", self.began)
                order.done("ok")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def started(store: Store, driver: Driver, *more: object, calls: bool = False) -> tuple[Reconciling, Runner]:
    clock = WallClock(ZONE, "system")
    runner = Runner(Device("fp-1", DeviceKeys(driver="x"), lambda: driver, "", calls), store, clock)
    duty = Reconciling(store, clock, [runner], lambda: 0, (), runner.stop, *more)  # type: ignore[arg-type]
    runner.start()
    assert until(lambda: runner.health.state == "online", 10)
    return duty, runner


def asked(duty: Reconciling) -> DeviceReconciled:
    (account,) = msgspec.json.decode(duty.commands["reconcile"]({"day": DAY}), type=list[DeviceReconciled])
    return account


@pytest.mark.parametrize(("calls", "name"), [(False, "reread"), (True, "recount")])
def test_at_night_one_that_calls_may_leave_out_what_is_unchanged_and_for_a_person_nothing_is(
    store: Store, calls: bool, name: str
) -> None:
    driver = Obedient(counts=True)
    duty, runner = started(store, driver, calls=calls)
    try:
        duty.nightly()
        asked(duty)
    finally:
        runner.stop.set()
        runner.join(5)
    assert driver.names == [name, "reread"]


@pytest.mark.parametrize(
    ("counts", "result", "reason"), [(False, "unknown", "driver_counts_not"), (True, "equal", "")]
)
def test_a_driver_that_does_not_count_is_told_from_one_that_has_not_yet(
    store: Store, counts: bool, result: str, reason: str
) -> None:
    duty, runner = started(store, Obedient(counts))
    try:
        account = asked(duty)
        assert (account.result, account.reason) == (result, reason)
        again = asked(duty)
        assert (again.result, again.reason) == (result, reason)
        with closing(Books(store.path)) as books:
            assert accounts(books) == [account], "what is as it was is not told again"
    finally:
        runner.stop.set()
        runner.join(5)


class Untrusted(WallClock):
    def trusted(self) -> bool:
        return False


def test_while_the_date_is_not_known_nothing_is_due(store: Store) -> None:
    duty, runner = started(store, Obedient(counts=True))
    duty._clock = Untrusted(ZONE, "kernel")
    try:
        for job in (duty.nightly, duty.catch_up):
            job()
            with closing(Books(store.path)) as books:
                assert accounts(books) == []
        assert runner.link is not None
        assert runner.link.counted is not None, "it was read whole all the same"
        duty._clock = WallClock(ZONE, "system")
        duty.catch_up()
        with closing(Books(store.path)) as books:
            assert len(accounts(books)) == 1
    finally:
        runner.stop.set()
        runner.join(5)


def test_what_is_missing_or_pending_is_shown_for_a_week(store: Store) -> None:
    duty, runner = started(store, Obedient(counts=True))
    try:
        today = duty._clock.now().date()
        for back, result in ((1, "missing"), (2, "pending"), (3, "unknown"), (8, "missing")):
            day = (today - timedelta(days=back)).isoformat()
            told = DeviceReconciled(device_id="fp-1", device_serial="SN1", day=day, result=result)  # type: ignore[arg-type]
            duty._newest["fp-1", "SN1", day] = (told, "2026-11-25T02:31:00+08:00")
        causes = [each.cause for each in duty.attention()]
        assert causes == ["rec_pending", "rec_missing"]
        assert set(causes) <= CAUSES.keys()
    finally:
        runner.stop.set()
        runner.join(5)


def test_two_accounts_at_once_are_one_too_many_and_a_stop_waits_for_none(store: Store) -> None:
    driver = Obedient(counts=True, pause_s=3.0)
    duty, runner = started(store, driver)
    first = threading.Thread(target=asked, args=(duty,))
    first.start()
    try:
        assert driver.begun.wait(20)
        with pytest.raises(Refused):
            asked(duty)
    finally:
        runner.stop.set()
        began = time.monotonic()
        first.join(10)
        assert time.monotonic() - began < 2
        runner.join(5)


@pytest.mark.parametrize("arguments", [{}, {"day": "yesterday"}, {"day": DAY, "device": "fp-9"}])
def test_an_order_that_means_nothing_is_refused(store: Store, arguments: dict[str, str]) -> None:
    duty, runner = started(store, Obedient(counts=True))
    try:
        with pytest.raises(Refused):
            duty.commands["reconcile"](arguments)
    finally:
        runner.stop.set()
        runner.join(5)


def test_a_terminal_that_is_away_for_long_is_owed_one_order(store: Store) -> None:
    """Else its queue would be full of them, and a technician's order find no room."""

    class Away(Driver):
        def run(self, link: Link) -> None:
            raise DeviceOffline("no_answer")

    clock = WallClock(ZONE, "system")
    runner = Runner(Device("fp-1", DeviceKeys(driver="x"), lambda: Away(None)), store, clock)
    duty = Reconciling(store, clock, [runner], lambda: 0, (), runner.stop)
    runner.start()
    try:
        assert until(lambda: runner.health.state == "offline", 10)
        for _ in range(3):
            assert (asked(duty).result, asked(duty).reason) == ("unknown", "no_answer")
        assert runner._orders.qsize() == 1
        runner.rest("repair", clock.text())
        assert not runner.order("reread")
    finally:
        runner.stop.set()
        runner.join(5)


SWAPPED = Entry(
    identity=Identity("SN1"),
    accepted="2026-11-20T09:00:00+08:00",
    former=(("OLD", "2026-11-20T09:00:00+08:00"),),
)


def told(duty: Reconciling, day: str) -> dict[str, DeviceReconciled]:
    answer = duty.commands["reconcile"]({"day": day})
    return {each.device_serial: each for each in msgspec.json.decode(answer, type=list[DeviceReconciled])}


def test_the_day_of_a_swap_is_accounted_for_on_both_sides(store: Store) -> None:
    store.take(intake(1, 2, 3, serial="OLD"))
    filed: list[str] = []
    driver = Obedient(counts=True, began="2026-11-21T02:30:00")
    duty, runner = started(store, driver, lambda _device: SWAPPED, filed.extend)
    try:
        both = told(duty, "2026-11-20")
        old, new = both["OLD"], both["SN1"]
        assert (old.result, old.reason, old.stored, old.on_terminal) == ("unknown", "terminal_gone", 3, None)
        assert (new.result, new.stored) == ("equal", 0)
        assert {old.reason} <= CAUSES.keys()
        assert filed == ["2026-11-20"] * 2
        assert [*told(duty, "2026-11-21")] == ["SN1"], "a day later the old one is no matter any more"
        assert told(duty, "2026-11-20") == both
        with closing(Books(store.path)) as books:
            assert len(accounts(books)) == 3, "what is as it was is not told again"
        before = told(duty, "2026-11-19")
        assert {serial: each.reason for serial, each in before.items()} == {"OLD": "terminal_gone"}
    finally:
        runner.stop.set()
        runner.join(5)


def test_a_good_account_of_a_terminal_that_left_stands(store: Store) -> None:
    good = DeviceReconciled(
        device_id="fp-1", device_serial="OLD", day="2026-11-20", result="equal", on_terminal=3, stored=3
    )
    moment = WallClock(ZONE, "system").now()
    store.add(own_event("device.reconciled", store.tip.epoch, "x", 1, moment, good))
    duty, runner = started(store, Obedient(counts=True), lambda _device: SWAPPED)
    try:
        assert told(duty, "2026-11-20")["OLD"] == good
    finally:
        runner.stop.set()
        runner.join(5)


def test_forged_pushes_are_named_as_such(store: Store) -> None:
    pushed = punch(5)._replace(facts={**punch(5).facts, "unconfirmed": True})
    draft = normalize(pushed, Origin("fp-1", "adms", ZONE, 0, True), NOW)
    store.take(Intake("fp-1", "SN1", (draft,), "c"))
    duty, runner = started(store, Obedient(counts=True, began="2026-11-21T02:30:00"))
    duty._asked, duty._retired = True, lambda: store.tip.position  # type: ignore[method-assign]
    try:
        account = told(duty, "2026-11-20")["SN1"]
        assert (account.result, account.unproved, account.more_here) == ("unproved", 1, 1)
        duty._clock = Late(ZONE, "system")
        assert [(each.cause, each.about) for each in duty.attention()] == [("rec_unproved", "2026-11-20 (1)")]
    finally:
        runner.stop.set()
        runner.join(5)


class Late(WallClock):
    """The day after."""

    def now(self) -> datetime:
        return NOW + timedelta(days=1)
