"""G7, the wall clock is wrong and jumps: nothing is lost or doubled, timers neither stall nor burst."""

import os
import socket
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import pytest

from edge.clock import BUILT
from edge.retention import Diary, Night
from tests.faults import clock
from tests.faults.lab import TREE, Lab, in_lanes, report
from tests.faults.oracle import Verdict, also_lost
from tests.hall import until

pytestmark = pytest.mark.skipif(bool(clock.lacking()), reason=clock.lacking() or "-")

BASE = BUILT + timedelta(days=900)
"""So far after the release that no step here leads before it."""
BOOT = datetime.fromisoformat("1970-01-01T00:00:30+00:00")
STEPS = {
    "one hour back": -timedelta(hours=1),
    "one hour on": timedelta(hours=1),
    "one day back": -timedelta(days=1),
    "one day on": timedelta(days=1),
    "400 days on": timedelta(days=400),
    "400 days back": -timedelta(days=400),
}
COUNTER = 50
"""The command by which a terminal's counter is asked: once in each poll of one second."""


class Watchdog:
    """Listens where systemd would, and counts the signs of life."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def __enter__(self) -> Self:
        self._socket.bind(str(self.path))
        self._socket.setblocking(False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def fed(self) -> int:
        """How often since the last look."""
        times = 0
        while True:
            try:
                times += self._socket.recv(100) == b"WATCHDOG=1"
            except BlockingIOError:
                return times


@pytest.mark.timeout(300)
def test_a_boot_in_1970_and_steps_cost_nothing(tmp_path: Path) -> None:
    verdict = step_the_clock(tmp_path, 6, seed=0)
    assert verdict.clean, verdict


def test_each_night_is_counted_once_and_a_year_s_jump_is_one_night(tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        moved = clock.MovedClock(tmp_path)
        lab.daemon.environment = dict(moved.environment)
        for night, day in enumerate((0, 1, 401), 1):
            moved.set(datetime.fromisoformat("2028-03-01T03:29:57+08:00") + timedelta(days=day))
            if night == 1:
                lab.daemon.start()
            assert until(lambda night=night: len(_nights(lab)) == night, 30)
        assert _nights(lab)[-1].day == "2029-04-06"


def _nights(lab: Lab) -> tuple[Night, ...]:
    diary = lab.daemon.folder / "nights.json"
    return msgspec.json.decode(diary.read_bytes(), type=Diary).nights if diary.exists() else ()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_watchdog_is_fed_after_the_clock_went_back(tmp_path: Path) -> None:
    verdict = report("G7 watchdog", lambda: go_back_and_wait(tmp_path, 1, 0))
    assert verdict.clean, verdict


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_long_form_forty_scenarios(tmp_path: Path) -> None:
    verdict = report("G7 clock", lambda: in_lanes(step_the_clock, tmp_path, 40))
    assert verdict.clean, verdict


def step_the_clock(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """Boot in 1970, then trusted time, then steps; after each a punch must pass, at the polls' own pace."""
    wrong: list[str] = []
    names = list(STEPS)
    with Lab(folder, seed=seed, tree=tree) as lab:
        moved, moment = clock.MovedClock(folder), BASE
        moved.set(BOOT)
        lab.daemon.environment = dict(moved.environment)
        lab.daemon.start()
        lab.crowd.start()
        wrong += _waits_for_time(lab)
        for number in range(rounds):
            name = names[(seed + number) % len(names)]
            moment = moment + STEPS[name] if number else BASE
            moved.set(moment)
            polls, began = _polls(lab), lab.now()
            wrong += [] if lab.settled(30.0) else [f"nothing passes after {name}"]
            lab.live(lab.chance.uniform(1.0, 2.0))
            most = 3 * (lab.now() - began) + 5
            wrong += [] if _polls(lab) - polls <= most else [f"a burst of polls after {name}"]
        return also_lost(lab.judge(steps=rounds), wrong)


def _waits_for_time(lab: Lab) -> list[str]:
    """In 1970 the daemon collects, and does not connect."""
    wrong: list[str] = []
    if not until(lambda: any(told.sequence > 10 for told in lab.told()), 20):
        wrong.append("it does not collect in 1970")
    snapshot = lab.daemon.status()
    if snapshot is None or snapshot.uplink.cause != "clock_untrusted" or lab.books.count():
        wrong.append("it connects in 1970")
    return wrong


def _polls(lab: Lab) -> int:
    return lab.terminal.commands.count(COUNTER)


def go_back_and_wait(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """A day back, each round: the watchdog must still be fed when it would have struck."""
    wrong: list[str] = []
    with Lab(folder, seed=seed, tree=tree) as lab, Watchdog(folder / "notify") as watchdog:
        moved = clock.MovedClock(folder)
        moved.set(BASE)
        lab.daemon.environment = {**moved.environment, "NOTIFY_SOCKET": os.fspath(watchdog.path)}
        lab.daemon.start()
        assert until(lambda: watchdog.fed() > 0, 20)
        for number in range(rounds):
            moved.set(BASE - timedelta(days=number + 1))
            fed = 0
            for _ in range(9):  # its queue holds ten messages, so it is looked at all the while
                lab.live(5.0)
                fed = watchdog.fed()
            wrong += [] if fed else ["the watchdog is not fed"]
        return also_lost(lab.judge(back=rounds), wrong)
