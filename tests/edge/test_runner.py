"""The runner: every way a driver can end has its state, its wait, and its trace upstream."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from drivers.base import DeviceOffline, DeviceRefused, Driver, IntakeClosed, Link, Observation, StoreBusy
from edge.backoff import next_wait
from edge.clock.clock import WallClock
from edge.contract import Event
from edge.device import runner as room
from edge.device.runner import Runner, judge
from edge.settings.settings import Device, DeviceKeys
from edge.store import Store
from tests.hall import until
from tests.store.halls import ZONE, open_store


class Scripted(Driver):
    """A driver that does what a test says, life after life."""

    def __init__(self, *lives: Callable[[Link], None]) -> None:
        super().__init__(None)
        self.lives, self.begun = list(lives), 0

    def run(self, link: Link) -> None:
        self.begun += 1
        self.lives[min(self.begun, len(self.lives)) - 1](link)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OFFLINE_WAIT_S", "REFUSED_WAIT_S", "OWN_WAIT_S", "BUG_WAIT_S"):
        monkeypatch.setattr(room, name, (0.05, 0.1))
    monkeypatch.setattr(room, "REPORT_EVERY_S", 0.0)


@pytest.fixture
def runner(store: Store) -> Iterator[Callable[..., Runner]]:
    made: list[Runner] = []

    def make(*lives: Callable[[Link], None]) -> Runner:
        scripted = Scripted(*lives)
        device = Device("fp-1", DeviceKeys(driver="zk"), lambda: scripted)
        made.append(Runner(device, store, WallClock(ZONE, "system")))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.stop.set()
        each.join(5)


def well(link: Link) -> None:
    link.observed(Observation(serial="SN1", counts={"logs": 3}))
    link.stop.wait()


def raising(error: Exception) -> Callable[[Link], None]:
    def life(_link: Link) -> None:
        raise error

    return life


@pytest.mark.parametrize(
    ("error", "state", "cause"),
    [
        (DeviceOffline("no_answer", "timed out"), "offline", "no_answer"),
        (DeviceRefused("wrong_key"), "offline", "wrong_key"),
        (IntakeClosed("disk full"), "degraded", "intake_closed"),
        (StoreBusy("slow"), "degraded", "store_busy"),
        (ZeroDivisionError("bug"), "offline", "bug"),
    ],
)
def test_each_error_has_its_state_and_the_driver_runs_again(
    runner: Callable[..., Runner], error: Exception, state: str, cause: str
) -> None:
    again = threading.Event()

    def second(link: Link) -> None:
        again.wait(10)
        well(link)

    one = runner(raising(error), second)
    assert until(lambda: (one.health.state, one.health.cause) == (state, cause), 5)
    assert one.health.since
    again.set()
    assert until(lambda: one.health.cause == "ok", 5)


def test_a_bug_leaves_its_traceback_and_nothing_else_dies(
    runner: Callable[..., Runner], caplog: pytest.LogCaptureFixture
) -> None:
    one = runner(raising(ZeroDivisionError("seeded")), well)
    assert until(lambda: one.health.cause == "ok", 5)
    assert any(record.exc_info for record in caplog.records)


def test_changes_are_told_upstream_once(runner: Callable[..., Runner], store: Store) -> None:
    one = runner(raising(DeviceOffline("no_answer")), raising(DeviceOffline("no_answer")), well)
    assert until(lambda: one.health.cause == "ok", 5)

    def told() -> list[str]:
        with closing(store.reader()) as reader:
            events = [msgspec.json.decode(row.body, type=Event) for row in reader.after(0, 100)]
        return [msgspec.json.decode(event.data)["reason"] for event in events if "status" in event.type]

    assert until(lambda: told() == ["no_answer", "ok"], 5), told()


def test_a_wrong_key_rings_and_its_end_is_told(runner: Callable[..., Runner], store: Store) -> None:
    hurried: list[int] = []
    store.on_commit(lambda tip: hurried.extend(tip.urgent))
    one = runner(raising(DeviceRefused("wrong_key")), raising(DeviceRefused("wrong_key")), well)
    assert until(lambda: one.health.cause == "ok", 5)

    def told() -> list[tuple[int, str, bool]]:
        with closing(store.reader()) as reader:
            events = [msgspec.json.decode(row.body, type=Event) for row in reader.after(0, 100)]
        alarms = [
            (int(event.sequence), msgspec.json.decode(event.data))
            for event in events
            if "alarm" in event.type
        ]
        return [(number, data["code"], data["active"]) for number, data in alarms]

    assert until(lambda: len(told()) == 2, 5), told()
    (first, *ring), (_, *rest) = told()
    assert (ring, rest) == (["auth_failed", True], ["auth_failed", False])
    assert [number & 0xFFFF for number in hurried] == [first], "only the alarm itself is urgent"


def test_a_hung_driver_is_replaced_and_its_late_word_refused(
    runner: Callable[..., Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "DEADLINE_S", 0.2)
    hangs, release, late = threading.Event(), threading.Event(), list[str]()

    def hang(link: Link) -> None:
        hangs.set()
        release.wait(20)
        try:
            link.emit([], "late")
        except Exception as error:
            late.append(type(error).__name__)
            raise

    def lively(link: Link) -> None:
        link.observed(Observation(serial="SN1", counts={"logs": 1}))
        while not link.stop.wait(0.02):
            pass

    one = runner(hang, lively)
    assert hangs.wait(10)
    assert until(lambda: (one.supervise(), one.abandoned)[1] == 1, 5)
    assert until(lambda: one.health.cause == "ok", 5)
    release.set()
    assert until(lambda: late == ["LinkRevoked"], 5)


def test_a_disabled_or_wrong_device_never_starts(store: Store) -> None:
    for fault, cause in (("", "disabled"), ("edge.toml:3 bad", "config_error")):
        one = Runner(
            Device("x", DeviceKeys(driver="zk", enabled=False), None, fault), store, WallClock(ZONE, "system")
        )
        one.start()
        assert (one.health.state, one.health.cause) == ("disabled", cause)
        assert not [thread for thread in threading.enumerate() if thread.name == "device x"]


@pytest.mark.parametrize(
    ("observation", "offset_ms", "expected"),
    [
        (Observation("S", counts={"logs": 5}), 0, ("online", "ok", "")),
        (Observation("S", counts={"logs": 0}), 0, ("online", "no_data", "")),
        (Observation("S"), None, ("online", "ok", "")),
        (Observation("S"), -96_000, ("degraded", "clock_off", "-96 s")),
        (
            Observation("S", notes={"counter_disagrees": "5 of 6"}),
            0,
            ("degraded", "counter_disagrees", "5 of 6"),
        ),
    ],
)
def test_how_a_device_that_answers_is_judged(
    observation: Observation, offset_ms: int | None, expected: tuple[str, str, str]
) -> None:
    assert judge(observation, offset_ms) == expected


def test_waits_grow_to_the_longest_and_never_fall_below_the_first() -> None:
    waits, before = list[float](), 0.0
    for _ in range(5000):
        before = next_wait((1.0, 60.0), before)
        waits.append(before)
    assert len({next_wait((1.0, 60.0), 0.0) for _hall in range(100)}) > 90, "not all halls at once"
    assert all(1.0 <= wait <= 60.0 for wait in waits)
    assert len(set(waits[5:])) > 100, "jitter"
    assert sum(waits) / len(waits) > 15, "it grows to the longest, not by a step at a time"


def test_a_driver_that_just_leaves_is_a_bug_and_runs_again(runner: Callable[..., Runner]) -> None:
    one = runner(lambda _link: None, well)
    assert until(lambda: one.health.cause == "ok", 5)


def test_a_device_that_says_what_cannot_be_stored_goes_on(
    runner: Callable[..., Runner], store: Store
) -> None:
    def odd(link: Link) -> None:
        link.observed(Observation(serial="SN1", firmware="V1\ud800", counts={"logs": 1}))
        link.stop.wait()

    one = runner(odd)
    assert until(lambda: one.health.cause == "ok", 5)
    assert one._thread is not None
    assert one._thread.is_alive()
