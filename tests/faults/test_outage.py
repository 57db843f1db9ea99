"""G5, upstream is away for long: thirty days drain in minutes, a million events in flat memory.

A fresh event passes at once all the while.
"""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from drivers.zk.log import OVERLAP, Known, tail_hash
from edge.contract import Event
from edge.control import command
from edge.payloads import Punch as PunchData
from edge.store import FILE, Reader
from tests.bench.filled import fill
from tests.bench.measure import percentile
from tests.bench.site import punches
from tests.faults import clock
from tests.faults.lab import TREE, Lab, report
from tests.faults.oracle import Verdict, also_lost, key
from tests.faults.test_clock import BASE
from tests.hall import until
from tests.sim.zk import Punch

DAYS, A_DAY, MILLION = 30, 5_000, 1_000_000
THIRTY_DAYS_S, MILLION_S = 300.0, 600.0
RSS_MAX_MB = 150.0
FRESH_MAX_S = 5.0
FRESH_EVERY_S = (0.1, 0.3)
COLLECT_S = 60.0
RECORD_BYTES = 40
STEPS = [timedelta(hours=hours) for hours in (-1, 1, -24, 24, 400 * 24)]
"""By which our own clock jumps for a day."""

moves_the_clock = pytest.mark.skipif(bool(clock.lacking()), reason=clock.lacking() or "-")


@moves_the_clock
@pytest.mark.timeout(200)
def test_days_offline_with_kills_and_clock_steps_lose_nothing(tmp_path: Path) -> None:
    verdict = stay_offline(tmp_path, 3, seed=5, a_day=300)
    assert verdict.clean, verdict
    assert (verdict.punches, verdict.figures["kills"], verdict.figures["steps"]) == (901, 2, 1)


@pytest.mark.timeout(200)
def test_a_backlog_drains_in_flat_memory_and_news_are_not_held_up(tmp_path: Path) -> None:
    verdict = drain_a_backlog(tmp_path, 5_000, seed=5)
    assert verdict.clean, verdict
    assert verdict.punches > 5_000


@moves_the_clock
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_long_form_thirty_days(tmp_path: Path) -> None:
    verdict = report("G5 thirty days", lambda: stay_offline(tmp_path, DAYS, seed=5))
    assert verdict.clean, verdict


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_long_form_a_million(tmp_path: Path) -> None:
    verdict = report("G5 million", lambda: drain_a_backlog(tmp_path, MILLION, seed=5))
    assert verdict.clean, verdict


def stay_offline(folder: Path, rounds: int, seed: int, tree: Path = TREE, a_day: int = A_DAY) -> Verdict:
    """So many days without a broker; a kill on two of three, a step of the clock on one of six at least."""
    wrong: list[str] = []
    with Lab(folder, seed=seed, tree=tree, consumer=False) as lab:
        lab.broker.kill()
        moved = clock.MovedClock(folder)
        moved.set(BASE)
        lab.daemon.environment = dict(moved.environment)
        lab.daemon.start()
        kills = lab.chance.sample(range(rounds), rounds * 2 // 3)
        steps = lab.chance.sample(range(rounds), max(1, rounds // 6))
        for day in range(rounds):
            step = lab.chance.choice(STEPS) if day in steps else timedelta(0)
            moved.set(BASE + timedelta(days=day) + step)
            lab.terminal.load(_day(day, a_day))
            if day in kills:
                lab.live(lab.chance.uniform(0.0, 1.2))
                lab.daemon.kill()
                lab.daemon.start()
            wrong += _collected(lab, day)
        moved.set(BASE + timedelta(days=rounds))
        wrong += _believed(lab)
        drain_s = _drain(lab, THIRTY_DAYS_S)
        wrong += _too_much("s to drain", drain_s, THIRTY_DAYS_S)
        figures = {"days": rounds, "kills": len(kills), "steps": len(steps), "drain_max_s": drain_s}
        return also_lost(lab.judge(**figures), wrong)


def drain_a_backlog(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """A log of so many punches, none of them confirmed, drains while people punch."""
    with Lab(folder, seed=seed, tree=tree, consumer=False, capacity=rounds * 2) as lab:
        lab.terminal.load(punches(0, rounds))
        fill(lab.daemon.folder, lab.terminal.serial, rounds, _cursor(lab, rounds))
        lab.daemon.start()
        news = News(lab, lab.status().store.seq_head)
        lab.consume(news.heard)
        drain_s = news.punch_until_drained(random.Random(seed))
        figures = {"drain_max_s": drain_s, "fresh_p99_max_s": news.p99_s(), "peak_mb": lab.daemon.peak_mb()}
        wrong = [
            *_too_much("s to drain", drain_s, MILLION_S),
            *_too_much("s for a fresh event", figures["fresh_p99_max_s"], FRESH_MAX_S),
            *_too_much("MiB of memory", figures["peak_mb"], RSS_MAX_MB),
        ]
        return also_lost(lab.judge(**figures), wrong)


class News:
    """Fresh punches while a backlog drains: when each was made, and when it was in the books."""

    def __init__(self, lab: Lab, backlog: int) -> None:
        self._lab, self._backlog = lab, backlog
        self._made: dict[str, float] = {}
        self._heard: dict[str, float] = {}

    def heard(self, events: Sequence[Event]) -> None:
        """The consumer has committed them."""
        for event in events:
            if int(event.sequence) > self._backlog and event.type.endswith(".punch.v1"):
                data = msgspec.json.decode(event.data, type=PunchData)
                self._heard[data.native_key] = time.monotonic()

    def punch_until_drained(self, chance: random.Random) -> float:
        """How long it took."""
        began = time.monotonic()
        while self._lab.books.upto() < self._backlog and time.monotonic() < began + MILLION_S:
            self._made[key(self._lab.crowd.one())] = time.monotonic()
            self._lab.live(chance.uniform(*FRESH_EVERY_S))
        took = time.monotonic() - began
        until(lambda: self._made.keys() <= self._heard.keys(), COLLECT_S)
        return took

    def p99_s(self) -> float:
        """From the punch to the books; what did not come took for ever."""
        return percentile([self._heard.get(name, 1e9) - at for name, at in self._made.items()], 0.99)


def _day(day: int, count: int) -> Iterator[Punch]:
    opens = BASE.astimezone(timezone(timedelta(hours=8))).replace(hour=8, minute=0, second=0, tzinfo=None)
    opens = datetime.fromisoformat(opens.isoformat(timespec="seconds")) + timedelta(days=day)
    for number in range(count):
        yield Punch(str(1000 + number % 300), opens + timedelta(seconds=5 * number), number % 2)


def _cursor(lab: Lab, stored: int) -> str:
    """What the driver remembers of the terminal's log, as if it had read it."""
    tail = lab.terminal.attlog()[-OVERLAP * RECORD_BYTES :]
    return Known(lab.terminal.serial, str(RECORD_BYTES), stored, tail_hash(tail)).text()


def _collected(lab: Lab, day: int) -> list[str]:
    """What is wrong if the day's punches do not reach the disk while nobody is there to take them."""
    emitted = len(lab.terminal.log)

    def stored() -> int:
        with closing(Reader(lab.daemon.folder / FILE)) as reader:
            return reader.count("attendance.punch")

    return (
        [] if until(lambda: stored() == emitted, COLLECT_S, 0.2) else [f"{emitted - stored()} of day {day}"]
    )


def _believed(lab: Lab) -> list[str]:
    """A life in the wrong year may have saved its time as the newest: then a technician takes it back."""
    if until(lambda: lab.status().clock_trusted, 3):
        return []
    answer = command(lab.daemon.folder, "clock", actor="li.wei", back="yes")
    return [] if answer and answer.done else [f"the right time is not believed: {answer}"]


def _drain(lab: Lab, most_s: float) -> float:
    """Upstream is back: seconds until its books hold the whole log without a gap."""
    newest = lab.status().store.seq_head
    lab.broker.restart()
    lab.consume()
    began = time.monotonic()
    until(lambda: lab.books.upto() >= newest, most_s + 1, 0.1)
    return time.monotonic() - began


def _too_much(what: str, value: float, most: float) -> list[str]:
    return [] if value <= most else [f"{value:.1f} {what}"]
