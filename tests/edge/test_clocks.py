"""Setting a terminal: when it may be, when not, and what is written down of it; confirming our own clock."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from drivers.base import Driver, Link, Observation, Reading
from edge.clock.clock import WallClock
from edge.clock.trust import Sample, Source
from edge.commands import Refused
from edge.contract import Event
from edge.device.runner import Runner
from edge.duty import clocks as room
from edge.duty.clocks import Clocks, offsets
from edge.settings.settings import Clock, Device, DeviceKeys
from edge.snapshot import Storage
from edge.status import Status
from edge.store import Store
from tests.hall import until
from tests.store.halls import ZONE, open_store

NIGHT = datetime.fromisoformat("2027-03-01T03:00:00+08:00")
NOON = datetime.fromisoformat("2027-03-01T12:00:00+08:00")


class Ours(WallClock):
    """Our clock, set by a test; `word` vouches for it."""

    def __init__(self) -> None:
        super().__init__(ZONE, "system")
        self.wall, self.began, self.word = NIGHT, time.monotonic(), "kernel"

    def now(self) -> datetime:
        return self.wall + timedelta(seconds=time.monotonic() - self.began)

    def look(self) -> tuple[Sample, Source]:
        return self.sample(), "kernel" if self.word else ""


class Terminal(Driver):
    """A driver that shows a clock and lets it be set."""

    def __init__(self, clock: WallClock, serial: str, off_s: float, answer: str) -> None:
        super().__init__(None)
        self.clock, self.serial, self.off_s, self.answer = clock, serial, off_s, answer
        self.punches: list[str] = []
        self.set_to: list[str] = []
        self.asleep, self.sleeps = threading.Event(), threading.Event()

    def run(self, link: Link) -> None:
        while not link.stop.is_set():
            shown = (self.clock.now() + timedelta(seconds=self.off_s)).replace(tzinfo=None)
            link.observed(Observation(self.serial, device_clock=shown.isoformat(timespec="seconds")))
            link.emit([reading(self.serial, stamp) for stamp in self.punches], None)
            if self.asleep.is_set():
                self.sleeps.set()
                continue
            order = link.orders(0.05)
            if order:
                moment = order.clock()
                if moment:
                    self.set_to.append(moment)
                    self.off_s = 0.0
                order.done("refused" if moment is None else self.answer)


def reading(serial: str, stamp: str) -> Reading:
    facts = {"device_user_id": "7", "verify_method": "face", "punch_state": "check_in"}
    return Reading("attendance.punch", serial, f"{stamp}|7|0", stamp, facts)


class Hall:
    """Terminals, their runners and the duty."""

    def __init__(self, store: Store, offs: dict[str, float], answer: str = "ok", **settings: Any) -> None:
        self.store, self.clock = store, Ours()
        self.terminals = {name: Terminal(self.clock, name, off, answer) for name, off in offs.items()}
        self.runners = [
            Runner(Device(name, DeviceKeys(driver="zk"), lambda made=made: made), store, self.clock)
            for name, made in self.terminals.items()
        ]
        self.duty = Clocks(Clock(set_terminals=True, **settings), self.clock, store, self.runners)
        for runner in self.runners:
            runner.start()
        assert until(lambda: len(offsets(self.runners, self.clock)) == len(offs), 10)

    def set_by_hand(self, name: str, **arguments: str) -> str:
        return self.duty.commands["set-time"]({"device": name, "actor": "li.wei", **arguments})

    def punches(self) -> int:
        with closing(self.store.reader()) as reader:
            return reader.count("attendance.punch")

    def audits(self) -> list[tuple[str, str, str]]:
        with closing(self.store.reader()) as reader:
            events = [msgspec.json.decode(row.body, type=Event) for row in reader.after(0, 1000)]
        data = [msgspec.json.decode(event.data) for event in events if event.type.endswith("edge.audit.v1")]
        return [(each["actor"], each["action"], each["result"]) for each in data]


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Callable[..., Hall]]:
    store, made = open_store(tmp_path), list[Hall]()

    def make(offs: dict[str, float], answer: str = "ok", **settings: Any) -> Hall:
        made.append(Hall(store, offs, answer, **settings))
        return made[-1]

    yield make
    for each in made:
        for runner in each.runners:
            runner.stop.set()
        for runner in each.runners:
            runner.join(5)
    store.close()


def test_at_night_what_is_off_is_set_once_and_written_down(hall: Callable[..., Hall]) -> None:
    one = hall({"late": -96.0, "fine": 2.0})
    for _ in range(3):
        one.duty.look()
    assert until(lambda: one.audits() == [("edge", "clock.set", "done")], 10)
    moment = datetime.fromisoformat(one.terminals["late"].set_to[0]).replace(tzinfo=ZONE)
    assert abs(moment - one.clock.now()) < timedelta(seconds=20)
    assert one.terminals["fine"].set_to == []


@pytest.mark.parametrize("why", ["by day", "untrusted", "not wanted", "suspected"])
def test_it_is_left_alone(hall: Callable[..., Hall], why: str) -> None:
    one = hall({"late": -96.0, "also": -96.5 if why == "suspected" else 1.0})
    one.clock.wall = NOON if why == "by day" else NIGHT
    one.clock.word = "" if why == "untrusted" else "kernel"
    if why == "not wanted":
        one.duty = Clocks(Clock(), one.clock, one.store, one.runners)
    one.duty.look()
    time.sleep(0.3)
    assert [terminal.set_to for terminal in one.terminals.values()] == [[], []]
    assert one.audits() == []


def test_a_technician_sets_it_in_the_quiet_hours_or_now(hall: Callable[..., Hall]) -> None:
    one = hall({"late": -96.0})
    one.clock.wall = NOON
    assert until(lambda: one.terminals["late"].off_s == -96.0, 5)
    with pytest.raises(Refused, match="--now"):
        one.set_by_hand("late")
    assert one.set_by_hand("late", now="yes").startswith("late 2027-03-01T12:00")
    assert one.audits() == [("li.wei", "clock.set", "done")]
    with pytest.raises(Refused, match="no such device"):
        one.set_by_hand("nobody")
    one.clock.word = ""
    with pytest.raises(Refused, match="not trusted"):
        one.set_by_hand("late", now="yes")


def test_it_is_not_set_back_over_somebodys_punch(hall: Callable[..., Hall]) -> None:
    one = hall({"ahead": 3600.0})
    one.terminals["ahead"].punches = ["2027-03-01T03:30:00"]
    assert until(lambda: one.punches() == 1, 10)
    with pytest.raises(Refused, match="come again"):
        one.set_by_hand("ahead")
    assert one.terminals["ahead"].set_to == []
    one.terminals["ahead"].off_s = 1200.0
    assert until(lambda: offsets(one.runners, one.clock)[0] < 1_300_000, 5)
    assert one.set_by_hand("ahead")


def test_a_terminal_that_does_not_answer_is_not_set_later(
    hall: Callable[..., Hall], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "ANSWER_S", 0.3)
    one = hall({"late": -96.0})
    one.terminals["late"].asleep.set()
    assert one.terminals["late"].sleeps.wait(10)
    with pytest.raises(Refused, match="in time"):
        one.set_by_hand("late")
    one.terminals["late"].asleep.clear()
    assert until(lambda: one.audits() == [("li.wei", "clock.set", "refused")], 10)
    assert one.terminals["late"].set_to == []


def test_terminals_that_follow_our_clock_have_no_word_about_it(hall: Callable[..., Hall]) -> None:
    one = hall({"a": 3600.0, "b": 3601.0})
    for runner in one.runners:
        runner.device = replace(runner.device, calls=True)
    assert offsets(one.runners, one.clock) == []


def test_terminals_that_agree_against_our_clock_are_shown_and_no_more(hall: Callable[..., Hall]) -> None:
    one = hall({"a": 3600.0, "b": 3601.0, "c": 0.0})
    well = Storage("ok", "", "")
    parts = (SimpleNamespace(), one.store, one.runners, SimpleNamespace(), lambda: well, one.clock, "0")
    status = Status(*parts)  # type: ignore[arg-type]
    shown = [problem for problem in status.problems() if problem.subject == "clock"]
    assert [problem.cause for problem in shown] == ["clock_suspected"]
    assert status.problems()[0].since == shown[0].since
    one.clock.word = ""
    assert status.problems()[0].cause == "clock_untrusted"
    one.clock.word = "kernel"
    one.terminals["a"].off_s = one.terminals["b"].off_s = 0.0
    assert until(lambda: [p for p in status.problems() if p.subject == "clock"] == [], 10)


def test_a_technician_confirms_our_clock(hall: Callable[..., Hall]) -> None:
    one = hall({})
    confirm = one.duty.commands["clock"]
    assert confirm({"actor": "li.wei"})[:16] == "2027-03-01T03:00"
    one.clock.wall = NIGHT - timedelta(days=1)
    with pytest.raises(Refused, match="--back"):
        confirm({"actor": "li.wei"})
    assert confirm({"actor": "li.wei", "back": "yes"})[:16] == "2027-02-28T03:00"
    one.clock.wall = datetime.fromisoformat("2020-01-01T00:00:00+08:00")
    with pytest.raises(Refused, match="built"):
        confirm({"actor": "li.wei", "back": "yes"})
    assert [result for *_rest, result in one.audits()] == ["done", "refused", "done", "refused"]


def test_a_terminal_that_calls_is_not_set_by_order(hall: Callable[..., Hall]) -> None:
    made = hall({"A": 30.0})
    made.runners[0].device = replace(made.runners[0].device, calls=True)
    for arguments in ({}, {"now": "yes"}):
        with pytest.raises(Refused, match="sets itself"):
            made.set_by_hand("A", **arguments)
    made.duty.look()
    assert made.terminals["A"].set_to == []


@pytest.mark.parametrize(
    ("offs", "suspected"), [({"A": 900.0, "B": 900.0}, True), ({"A": 900.0, "B": 0.0, "C": 1.0}, False)]
)
def test_each_minute_it_is_looked_whether_terminals_agree_against_us(
    hall: Callable[..., Hall], offs: dict[str, float], suspected: bool
) -> None:
    made = hall(offs, quiet_hours="12:00-13:00")
    made.duty.look()
    assert made.duty.suspected is suspected
