"""G7, the wall clock is wrong and jumps: nothing is lost or doubled, timers neither stall nor burst."""

import os
import socket
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import pytest

from edge.clock.trust import BUILT
from edge.control import command
from edge.duty.retention import Diary, Night
from edge.store import Reader
from edge.store.filters import Filter, select
from tests.faults import clock
from tests.faults.lab import TREE, Lab, in_lanes, report
from tests.faults.oracle import Verdict, also_lost
from tests.faults.world import World
from tests.hall import until
from tests.path.test_cli import hall_edge

pytestmark = pytest.mark.skipif(bool(clock.lacking()), reason=clock.lacking() or "-")

BASE = BUILT + timedelta(days=900)
"""So far after the release that no step here leads before it."""
BOOT = datetime.fromisoformat("1970-01-01T00:00:30+00:00")
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
def test_the_short_form(tmp_path: Path) -> None:
    verdict = keep_time(tmp_path, 4, seed=0)
    assert verdict.clean, verdict


@pytest.mark.timeout(300)
def test_a_technician_is_asked_and_believed(tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        world, config = World(lab, 0), lab.daemon.config
        world.becomes(BOOT, synchronised=False)
        asked = hall_edge("--lang", "en", "clock", config=config)
        assert (asked.returncode, "hall-edge clock --confirm" in asked.stdout) == (1, True), asked.stdout
        early = hall_edge("clock", "--confirm", config=config)
        assert (early.returncode, "before this release" in early.stderr) == (1, True), early.stderr
        world.becomes(BASE, synchronised=False)
        assert hall_edge("clock", "--confirm", config=config).returncode == 0
        shown = hall_edge("clock", config=config)
        assert (shown.returncode, "由技术人员确认" in shown.stdout, "fp-1" in shown.stdout) == (0, True, True)
        assert until(lambda: lab.status().uplink.state == "connected", 20)
        by_day = hall_edge("set-time", "fp-1", "--now", config=config)
        assert by_day.returncode == 0, by_day.stderr
        lab.daemon.kill()
        lab.daemon.start()
        assert lab.status().clock_source == "technician", "it holds over a restart"
        assert not world.becomes(BASE + timedelta(minutes=5), synchronised=False), "but not over a step"
        audited = [data["result"] for data in events_of(lab, "edge.audit")]
        assert audited == ["refused", "done", "done"]


def events_of(lab: Lab, kind: str) -> list[dict[str, object]]:
    """The `data` of the events of this kind on the hall's disk."""
    with closing(Reader(lab.daemon.folder / "edge.db")) as reader:
        return [data for _position, _event, data in select(reader, Filter(kind=kind))]


def test_each_night_is_counted_once_and_a_year_s_jump_is_one_night(tmp_path: Path) -> None:
    with Lab(tmp_path) as lab:
        moved = clock.MovedClock(tmp_path)
        lab.daemon.environment = dict(moved.environment)
        moved.set(datetime.fromisoformat("2028-02-29T12:00:00+08:00"))
        lab.daemon.start()
        for night, moment in enumerate(("2028-03-01T03:29", "2028-03-02T12:29", "2029-04-06T03:29"), 1):
            moved.set(datetime.fromisoformat(f"{moment}:57+08:00"))
            assert until(lambda night=night: len(_nights(lab)) == night, 30), "at noon, too: a hall may sleep"
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
    verdict = report("G7 clock", lambda: in_lanes(keep_time, tmp_path, 40))
    assert verdict.clean, verdict


def keep_time(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """Boot in 1970, then one scenario after the other; at the end every punch has its right time."""
    with Lab(folder, seed=seed, tree=tree) as lab:
        world = World(lab, seed)
        wrong = _boots_in_1970(world)
        try:
            for number in range(rounds):
                wrong += _scenario(world, list(SCENARIOS)[(number + seed) % len(SCENARIOS)], number)
            world.becomes(BASE + timedelta(days=2000), synchronised=True)
            verdict = lab.judge(scenarios=rounds)
        finally:
            lab.crowd.end()
        wrong += [] if until(lambda: not world.wrong(), 5) else world.wrong()
        return also_lost(verdict, wrong)


def _boots_in_1970(world: World) -> list[str]:
    """It collects at once, does not connect, and says why; it connects when the time comes."""
    lab, wrong = world.lab, list[str]()
    world.becomes(BOOT, synchronised=False)
    lab.crowd.start()
    if not until(lambda: any(told.sequence > 10 for told in lab.told()), 20):
        wrong.append("it does not collect in 1970")
    if lab.status().uplink.cause != "clock_untrusted" or lab.books.count():
        wrong.append("it connects in 1970")
    world.becomes(BASE, synchronised=True)
    return wrong if world.dated(30) else [*wrong, "it does not connect when time has come"]


def _scenario(world: World, name: str, number: int) -> list[str]:
    lab, began, polls = world.lab, world.lab.now(), _polls(world.lab)
    SCENARIOS[name](world, BASE + timedelta(days=7 * (number + 1)))
    lab.live(lab.chance.uniform(1.0, 2.0))
    wrong = [] if world.dated(45) else [f"nothing passes after {name}"]
    most = 3 * (lab.now() - began) + 8
    return wrong if _polls(lab) - polls <= most else [*wrong, f"a burst of polls after {name}"]


def _steps(delta: timedelta) -> Callable[[World, datetime], None]:
    """The kernel, still sure of itself, steps by this and some seconds later is right again."""

    def steps(world: World, base: datetime) -> None:
        world.becomes(base, synchronised=True)
        world.lab.live(1.5)
        world.becomes(base + delta, synchronised=True)
        world.lab.live(1.5)
        world.becomes(base + timedelta(hours=3), synchronised=True)

    return steps


def _is_misled(world: World, base: datetime) -> None:
    """The kernel believes a time server that is 400 days ahead; a technician takes that time back."""
    world.becomes(base + timedelta(days=400), synchronised=True)
    answer = command(world.lab.daemon.folder, "clock", actor="li.wei")
    assert answer
    assert answer.done, answer.text
    world.lab.live(1.0)
    assert not world.becomes(base, synchronised=True), "an earlier time than one saved is believed"
    refused = command(world.lab.daemon.folder, "clock", actor="li.wei")
    assert refused
    assert not refused.done
    world.lab.live(1.0)
    answer = command(world.lab.daemon.folder, "clock", actor="li.wei", back="yes")
    assert answer
    assert answer.done, answer.text
    world.believed()


def _jumps(off_s: float) -> Callable[[World, datetime], None]:
    """The terminal's clock jumps, and stays there."""
    return lambda world, base: world.terminal_follows(off_s)


def _loses_the_kernel(world: World, base: datetime) -> None:
    """Set by hand to a wrong time of which the kernel knows nothing; killed in it; later right again."""
    world.becomes(base + timedelta(minutes=17), synchronised=False)
    world.lab.live(1.0)
    world.lab.daemon.kill()
    world.lab.live(0.5)
    world.becomes(base + timedelta(minutes=18), synchronised=False)
    world.lab.live(1.0)
    world.becomes(base, synchronised=True)


def _is_confirmed(world: World, base: datetime) -> None:
    """Nobody but a technician knows the time."""
    world.becomes(base, synchronised=False)
    world.lab.live(1.0)
    answer = command(world.lab.daemon.folder, "clock", actor="li.wei")
    assert answer, "no answer"
    assert answer.done, answer.text
    world.believed()


def _is_set(world: World, base: datetime) -> None:
    """A terminal that is late is set while people punch."""
    world.terminal_follows(world.moved.set(base, synchronised=True) - 96.0)
    world.becomes(base, synchronised=True)
    world.lab.live(1.5)
    world.jumps.append(time.time())
    answer = command(world.lab.daemon.folder, "set-time", device="fp-1", actor="li.wei", now="yes")
    assert answer, "no answer"
    assert answer.done, answer.text
    assert abs(world.lab.terminal.clock_offset_s - world.spans[-1].off_s) < 2
    world.jumps.append(time.time())


SCENARIOS: dict[str, Callable[[World, datetime], None]] = {
    "one hour back": _steps(-timedelta(hours=1)),
    "the terminal falls back to 2000": _jumps(-9500 * 86_400.0),
    "the kernel knows nothing, and a kill": _loses_the_kernel,
    "a terminal is set": _is_set,
    "confirmed by a technician": _is_confirmed,
    "one day on": _steps(timedelta(days=1)),
    "400 days back": _steps(-timedelta(days=400)),
    "400 days on, and taken back": _is_misled,
    "the terminal is an hour ahead": _jumps(3600.0),
    "one hour on": _steps(timedelta(hours=1)),
    "one day back": _steps(-timedelta(days=1)),
    "the terminal is ten years ahead": _jumps(3650 * 86_400.0),
    "the terminal is late by 96 s": _jumps(-96.0),
}


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
