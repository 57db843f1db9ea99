"""A terminal's clock is set on order alone, right after a read; no punch is lost or counted twice."""

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from drivers.base import EMIT_MAX, Order, Reading
from tests.drivers.memory_link import MemoryLink, copies, running
from tests.drivers.zk_site import driver, history
from tests.sim.zk import Faults, Terminal

GET_TIME, SET_TIME = 201, 202
FIRST = datetime.fromisoformat("2026-11-20T08:00:00")


def order(done: list[str], terminal: Terminal) -> Order:
    return Order("set_time", done.append, lambda: terminal.true_time().isoformat(timespec="seconds"))


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("off_s", [-96.0, 7200.0])
def test_it_is_set_and_measured_again_at_once(transport: str, off_s: float) -> None:
    with Terminal(transport=transport, clock_offset_s=off_s) as terminal:
        link, done = MemoryLink(), list[str]()
        with running(driver(terminal, poll_s=0.1), link) as work:
            work.until(lambda: link.observations)
            link.waiting.append(order(done, terminal))
            work.until(lambda: done)
            seen = len(link.observations)
            work.until(lambda: len(link.observations) > seen)
        assert done == ["ok"]
        assert abs(terminal.clock_offset_s) <= 2
        shown = datetime.fromisoformat(
            next(o.device_clock for o in reversed(link.observations) if o.device_clock)
        )
        assert abs(shown - terminal.true_time()) < timedelta(seconds=10)
        assert terminal.commands.count(SET_TIME) == 1


def test_punches_around_it_are_all_heard_and_count_once() -> None:
    with Terminal(clock_offset_s=-96.0) as terminal:
        link, done, over = MemoryLink(), list[str](), threading.Event()

        def people() -> None:
            number = 0
            while not over.wait(0.002):
                number += 1
                terminal.punch(str(number), at=FIRST + timedelta(seconds=number))

        walking = threading.Thread(target=people)
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: link.observations)
            walking.start()
            for times in range(1, 6):
                link.waiting.append(order(done, terminal))
                work.until(lambda times=times: len(done) == times)
            over.set()
            walking.join()
            link.waiting.append(Order("reread", done.append))
            work.until(lambda: len(link.facts) == terminal.emitted and len(done) == 6)
        assert done == ["ok"] * 6
        assert len(link.facts) == terminal.emitted
        assert all(key in link.facts for key in copies(link.readings))


def test_no_moment_no_setting() -> None:
    with Terminal(clock_offset_s=-96.0) as terminal:
        link, done = MemoryLink(), list[str]()
        with running(driver(terminal, poll_s=0.1), link) as work:
            work.until(lambda: link.observations)
            link.waiting.append(Order("set_time", done.append, lambda: None))
            work.until(lambda: done)
        assert done == ["refused"]
        assert SET_TIME not in terminal.commands


def test_a_terminal_that_does_not_take_it_says_so() -> None:
    with Terminal(clock_offset_s=-96.0, faults=Faults(unsupported={SET_TIME})) as terminal:
        link, done = MemoryLink(), list[str]()
        with running(driver(terminal, poll_s=0.1), link) as work:
            work.until(lambda: link.observations)
            link.waiting.append(order(done, terminal))
            work.until(lambda: done)
        assert done == ["failed"]


def test_a_live_event_out_of_time_asks_the_clock_before_it_is_told() -> None:
    with Terminal() as terminal:
        terminal.load(history(100))
        link, told_before = MemoryLink(), list[int]()
        with running(driver(terminal, poll_s=60), link) as work:
            work.until(lambda: link.completes and link.looks)
            clocks = len([o for o in link.observations if o.device_clock])
            terminal.punch("1")
            work.until(lambda: len(link.facts) == 101)
            assert len([o for o in link.observations if o.device_clock]) == clocks, (
                "in time: nothing is asked"
            )
            terminal.set_clock(3600.0)
            link.on_emit = lambda _readings: told_before.append(
                len([o for o in link.observations if o.device_clock])
            )
            terminal.punch("2")
            work.until(lambda: len(link.facts) == 102)
        assert told_before == [clocks + 1]


def test_a_clock_that_is_seen_beside_the_log_is_told_before_what_is_heard_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("drivers.zk.beside._SILENT", Counter())  # other tests have terminals of this serial
    with Terminal() as terminal:
        terminal.load(history(5))
        terminal.add_user(1, "1001")
        terminal.operate(23, who=1)
        link, shown = MemoryLink(), list[str]()

        def jump(told: Sequence[Reading]) -> None:
            if any(each.kind == "device.alarm" for each in told):
                terminal.set_clock(3600.0)  # right before the clock is asked for the enrolments
            shown.append(next(o.device_clock for o in reversed(link.observations) if o.device_clock) or "")

        link.on_emit = jump
        with running(driver(terminal, poll_s=0.1), link) as work:
            work.until(lambda: any(each.kind == "enrollment.changed" for each in link.readings))
            off = terminal.clock() - datetime.fromisoformat(shown[-1])
    assert abs(off) < timedelta(minutes=1)


def test_the_clock_is_asked_between_the_last_records_and_telling_them() -> None:
    with Terminal() as terminal:
        terminal.load(history(6 * EMIT_MAX))
        link, before = MemoryLink(), list[int]()
        link.on_emit = lambda told: before.append(terminal.commands[-1]) if told else None
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
    assert len(before) == 6
    assert before[-1] == GET_TIME, "a jump between clock and records would date them wrongly"
