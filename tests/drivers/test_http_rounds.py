"""What all drivers do that ask over HTTP: orders, the clock, and who answers now."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from drivers.base import DeviceOffline, Driver, Order
from tests.drivers import dahua_site, hikvision_site
from tests.drivers.hikvision_site import past
from tests.drivers.memory_link import MemoryLink, copies, running
from tests.sim import dahua, isapi

FAMILIES: list[tuple[type[Any], Callable[..., Driver]]] = [
    (dahua.Terminal, dahua_site.driver),
    (isapi.Terminal, hikvision_site.driver),
]
pytestmark = pytest.mark.parametrize(("kind", "driver"), FAMILIES, ids=["dahua", "hikvision"])


def order(name: str, done: list[str], terminal: Any = None) -> Order:
    shown = lambda: terminal and terminal.true_time().isoformat(timespec="seconds")  # noqa: E731
    return Order(name, done.append, shown)


def newest_clock(link: MemoryLink) -> datetime:
    """What the terminal's clock showed when it was last asked."""
    shown = next(seen.device_clock for seen in reversed(link.observations) if seen.device_clock)
    return datetime.fromisoformat(shown)


@pytest.mark.parametrize("off_s", [-96.0, 7200.0])
def test_the_clock_is_set_on_order_and_measured_again_at_once(kind: Any, driver: Any, off_s: float) -> None:
    link, done = MemoryLink(), list[str]()
    with kind(clock_offset_s=off_s) as terminal, running(driver(terminal), link) as work:
        work.until(lambda: link.completes)
        link.waiting.append(order("set_time", done, terminal))
        work.until(lambda: done)
        assert done == ["ok"]
        assert abs(terminal.clock_offset_s) <= 2
        work.until(lambda: abs(newest_clock(link) - terminal.true_time()) < timedelta(seconds=10))


def test_what_must_not_or_cannot_be_set_is_not(kind: Any, driver: Any) -> None:
    link, done = MemoryLink(), list[str]()
    with kind(clock_offset_s=-96) as terminal, running(driver(terminal), link) as work:
        link.waiting += [order("set_time", done), order("self_destruct", done)]
        work.until(lambda: len(done) == 2)
        assert sorted(done) == ["refused", "unsupported"]
        assert terminal.clock_offset_s == -96


def test_a_line_that_breaks_while_the_clock_is_set_still_answers_every_order(kind: Any, driver: Any) -> None:
    link, done = MemoryLink(), list[str]()
    with kind(clock_offset_s=-96) as terminal, running(driver(terminal), link) as work:
        work.until(lambda: link.completes)

        def breaks() -> str:
            terminal.http.cut = 50
            return str(terminal.true_time().isoformat(timespec="seconds"))

        link.waiting += [Order("set_time", done.append, breaks) for _ in range(2)]
        assert isinstance(work.ended(), DeviceOffline)
    assert done == ["failed", "failed"]


def test_a_whole_read_gives_way_to_news_and_is_answered_at_its_end(kind: Any, driver: Any) -> None:
    terminal = kind()
    terminal.load(past(1500))
    link, done = MemoryLink(), list[str]()
    with terminal, running(driver(terminal), link) as work:
        work.until(lambda: len(link.facts) == 1500 and link.completes)
        before = len(link.readings)
        link.waiting.append(order("reread", done))
        work.until(lambda: len(link.readings) > before or done)
        terminal.punch("1001")
        work.until(lambda: len(link.facts) == 1501)
        work.until(lambda: done)
    assert done == ["ok"]


class Counting(MemoryLink):
    """Counts as the account does: what a whole pass emits, once it is said to be complete."""

    def __init__(self, cursor: str | None = None) -> None:
        super().__init__(cursor)
        self.tally: list[str] | None = None
        self.counted: list[list[str]] = []

    def reading(self, whole: bool, since: str = "") -> None:
        super().reading(whole)
        self.tally = [] if whole else None

    def emit(self, readings: Any, cursor: Any, complete_until: Any = None, rejects: Any = ()) -> None:
        super().emit(readings, cursor, complete_until, rejects)
        if self.tally is None:
            return
        self.tally += [reading.key for reading in readings]
        if complete_until:
            self.counted.append(self.tally)
            self.tally = None


def keys_of(terminal: Any) -> list[str]:
    return sorted(f"{each.time.isoformat()}|{each.number}" for each in terminal.punches)


def test_a_whole_read_is_a_count_of_the_terminal_and_a_broken_one_is_none(
    kind: Any, driver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.http.rounds.CLOCK_EVERY_S", 0.0)  # every round may say «complete»
    terminal = kind()
    terminal.load(past(900))
    link, done = Counting(), list[str]()
    with terminal:
        with running(driver(terminal), link) as work:
            work.until(lambda: link.counted)
            assert sorted(link.counted[0]) == keys_of(terminal)
            link.waiting.append(order("reread", done))
            work.until(lambda: link.tally)
            terminal.punch("1001")
            work.until(lambda: done)
            assert sorted(link.counted[1]) in (keys_of(terminal), keys_of(terminal)[:-1])
            terminal.http.slow_s = 0.05
            link.waiting.append(order("reread", done))
            work.until(lambda: link.tally)
            terminal.http.cut = 1000
            assert isinstance(work.ended(), DeviceOffline)
        terminal.http.cut, terminal.http.slow_s = 0, 0.0
        link.completes.clear()
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
    assert done == ["ok", "failed"]
    assert len(link.counted) == 2, "half a pass is no count"


def test_orders_that_are_left_are_answered(kind: Any, driver: Any) -> None:
    link, done = MemoryLink(), list[str]()
    with kind() as terminal, running(driver(terminal, poll_s=3600), link) as work:
        work.until(lambda: link.completes and link.observations[-1].settings)
        terminal.http.silent = True
        link.waiting.append(order("reread", done))
        work.until(lambda: not link.waiting)
    assert done == ["failed"]


def test_another_device_behind_the_address_is_noticed(kind: Any, driver: Any) -> None:
    terminal = kind()
    terminal.load(past(10))
    link = MemoryLink()
    with terminal:
        with running(driver(terminal), link) as work:
            work.until(lambda: len(link.facts) == 10)
            terminal.serial = "ANOTHER0001"
            terminal.drop()
            error = work.ended()
        assert isinstance(error, DeviceOffline)
        with running(driver(terminal), link) as work:
            work.until(lambda: link.observations[-1].serial == "ANOTHER0001" and len(link.readings) >= 20)
    assert {reading.serial for reading in link.readings} == {terminal.serial, kind.serial}
    assert max(copies(reading for reading in link.readings if reading.serial == kind.serial).values()) == 1
