"""A device that calls: its state follows what it says, silence has a cause, no request hangs for ever."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from drivers.base import DeviceRefused, Link, Listener, Observation, Order, Reply, Request, StoreBusy
from drivers.tape import Direction, Entry, tape_of
from edge.clock.clock import WallClock
from edge.device import receiver as room
from edge.device import runner
from edge.device.receiver import Receiver, runner_of
from edge.device.runner import Runner
from edge.guard.guard import Guard
from edge.settings.settings import Device, DeviceKeys
from edge.store import Store
from tests.hall import until
from tests.store.halls import ZONE, open_store

REQUEST = Request("GET", "/x", {}, {}, b"", "192.0.2.7", datetime(2026, 11, 20, 12, tzinfo=ZONE))


class Scripted(Listener):
    """A driver that does what a test says."""

    serial = "SN1"  # type: ignore[assignment]
    patience_s = 0.2  # type: ignore[assignment]

    def __init__(self, act: Callable[[Request, Link], Reply]) -> None:
        super().__init__(None)
        self.act = act
        self.orders: list[Order] = []

    @staticmethod
    def identify(request: Request) -> str | None:
        return "SN1"

    def handle(self, request: Request, link: Link) -> Reply:
        return self.act(request, link)

    def ordered(self, link: Link) -> None:
        while order := link.orders(0):
            self.orders.append(order)


def well(_request: Request, link: Link) -> Reply:
    link.observed(Observation("SN1"))
    return Reply(200, b"OK")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "REPORT_EVERY_S", 0.0)


def make(store: Store, *acts: Callable[[Request, Link], Reply], guard: Guard | None = None) -> Receiver:
    lives = iter([*acts[:1], *acts, *[acts[-1]] * 9])
    device = Device("face-1", DeviceKeys(driver="adms"), lambda: Scripted(next(lives)), "", True)
    made = runner_of(device, store, WallClock(ZONE, "system"), guard)
    assert isinstance(made, Receiver)
    made.start()
    return made


def test_a_device_that_is_asked_gets_a_thread_and_one_that_calls_does_not(store: Store) -> None:
    polled = runner_of(Device("fp-1", DeviceKeys(driver="zk"), None), store, WallClock(ZONE, "system"))
    assert type(polled) is Runner
    before = threading.active_count()
    made = make(store, well)
    assert threading.active_count() == before
    assert made.health.cause == "starting"


def test_one_that_never_called_and_one_that_stopped_are_two_causes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [1000.0]
    monkeypatch.setattr(room, "time", SimpleNamespace(monotonic=lambda: now_s[0]))
    made = make(store, well)

    def after(seconds: float) -> tuple[str, str]:
        now_s[0] += seconds
        made.supervise()
        return made.health.state, made.health.cause

    assert after(0.19) == ("unknown", "starting")
    assert after(0.02) == ("offline", "never_called")
    made.serve(REQUEST)
    assert (made.health.state, made.health.cause) == ("online", "ok")
    assert after(0.19) == ("online", "ok")
    assert after(0.02) == ("offline", "silent")
    made.serve(REQUEST)
    assert made.health.state == "online"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (StoreBusy("slow"), "store_busy"),
        (DeviceRefused("push_access"), "push_access"),
        (KeyError("x"), "bug"),
    ],
)
def test_any_error_says_again_and_is_shown(store: Store, error: Exception, cause: str) -> None:
    def fails(_request: Request, _link: Link) -> Reply:
        raise error

    made = make(store, fails)
    assert made.serve(REQUEST).status == 503
    assert made.health.cause == cause


def test_a_recording_outlives_the_life_it_began_in(store: Store) -> None:
    told: list[object] = []

    class Kept:
        """Takes what a driver puts there."""

        def keep(self, _direction: Direction, entry: Entry) -> None:
            told.append(entry)

    def says(_request: Request, link: Link) -> Reply:
        if tape := tape_of(link):
            tape.keep("<", {"said": len(told)})
        return well(_request, link)

    made = make(store, says)
    made.record(Kept())
    made.serve(REQUEST)
    made.rest("moved", "2026-11-20T12:00:00+08:00")
    made.wake()
    made.serve(REQUEST)
    assert told == [{"said": 0}, {"said": 1}]
    made.record(None)
    made.serve(REQUEST)
    assert len(told) == 2


def test_a_request_that_hangs_loses_its_link_and_the_next_one_is_served(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "DEADLINE_S", 0.1)
    gate, seen = threading.Event(), []

    def hangs(_request: Request, link: Link) -> Reply:
        gate.wait(20)
        try:
            link.emit([], None)
        except Exception as error:  # noqa: BLE001 - which one is the question
            seen.append(type(error).__name__)
            raise
        return Reply(200, b"OK")

    made = make(store, hangs, well)
    late: list[Reply] = []
    thread = threading.Thread(target=lambda: late.append(made.serve(REQUEST)))
    thread.start()
    assert until(lambda: made.supervise() or made.abandoned == 1, 5)
    assert made.serve(REQUEST).status == 200
    gate.set()
    thread.join(10)
    assert (seen, late[0].status) == (["LinkRevoked"], 503)
    assert made.health.state == "online", "what the abandoned one raised is nobody's state"


def test_what_the_log_does_not_show_rings_upstream_once(store: Store) -> None:
    def misses(_request: Request, link: Link) -> Reply:
        link.observed(Observation("SN1", notes={"push_unconfirmed": "2: x"}))
        return Reply(200, b"OK")

    made = make(store, misses)
    for _ in range(3):
        made.serve(REQUEST)
    assert (made.health.state, made.health.cause) == ("degraded", "push_unconfirmed")
    with closing(store.reader()) as reader:
        found = [row.body for row in reader.after(0, 100) if "device.alarm" in row.body]
    assert len(found) == 1
    assert '"unconfirmed_push"' in found[0]


def test_an_order_is_made_to_last_before_it_is_said_to_be_taken(store: Store) -> None:
    made = make(store, well)
    assert made.order("reread")
    listener = made.listener
    assert isinstance(listener, Scripted)
    assert [order.name for order in listener.orders] == ["reread"]


def test_out_of_service_it_is_left_alone(store: Store) -> None:
    made = make(store, well)
    made.rest("repair", "2026-11-20T12:00:00+08:00")
    made.start()
    assert made.serve(REQUEST).status == 503
    assert not until(lambda: made.supervise() or made.health.cause != "out_of_service", 0.5)
    made.wake()
    assert made.serve(REQUEST).status == 200
    assert made.health.state == "online"


def test_another_terminal_under_the_same_serial_waits_for_a_person(store: Store) -> None:
    class Strict(Guard):
        def admit(self, device_id: str, observation: Observation) -> None:
            raise DeviceRefused("terminal_swapped", "SN1 A -> SN1 B")

    made = make(store, well, guard=Strict())
    before = made.listener
    assert made.serve(REQUEST).status == 503
    assert (made.health.state, made.health.cause) == ("offline", "terminal_swapped")
    assert made.listener is before
