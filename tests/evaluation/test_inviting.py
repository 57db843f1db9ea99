"""Who may be asked to rate, at which evaluator; and that an evaluator is no terminal with a log and clock."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.base import Driver, Link, Observation
from edge.account.reconciling import Reconciling
from edge.commands import Refused
from edge.device.runner import Runner
from edge.duty.clocks import offsets
from edge.evaluation import inviting
from edge.evaluation.inviting import Inviting
from edge.evaluation.services import Services
from edge.settings.settings import Device, DeviceKeys
from tests.evaluation.halls import Hall, hall
from tests.hall import until


class Scripted(Driver):
    """An evaluator that answers every order with the same word."""

    def __init__(self, answer: str) -> None:
        super().__init__(None)
        self.answer, self.asked = answer, list[tuple[str, dict[str, str]]]()
        self.busy = threading.Event()

    def run(self, link: Link) -> None:
        while not link.stop.is_set():
            link.observed(Observation("PAD", device_clock=link.now()))
            if not self.busy.is_set() and (order := link.orders(0.02)):
                self.asked.append((order.name, dict(order.about)))
                order.done(self.answer)


@pytest.fixture
def site(tmp_path: Path, one_process: None) -> Iterator[Hall]:
    with hall(tmp_path) as made:
        yield made


def runner(site: Hall, name: str, driver: Driver, *windows: str) -> Runner:
    device = Device(name, DeviceKeys(driver="keypad"), lambda: driver, windows=windows)
    return Runner(device, site.store, site.clock)


def test_the_evaluator_at_the_window_is_asked_and_its_word_is_the_answer(site: Hall, tmp_path: Path) -> None:
    good, bad = Scripted("s-1"), Scripted("not stored")
    runners = [
        runner(site, "code", Scripted("unsupported"), "A02", "C01"),
        runner(site, "a", good, "A01", "A02"),
        runner(site, "b", bad, "B01"),
        runner(site, "t", Scripted("")),
    ]
    services = Services(tmp_path)
    commands = Inviting(runners, services).commands
    with pytest.raises(Refused, match="首次联系|first contact"):
        commands["invite"]({"window": "A02"})
    for each in runners:
        each.start()
    try:
        assert until(lambda: all(each.health.state == "online" for each in runners), 20)
        assert commands["invite"]({"window": "A02", "project_no": "P1"}) == "s-1"
        assert commands["cancel"]({"window": "A01"}) == "s-1"
        assert good.asked == [
            ("invite", {"window": "A02", "project_no": "P1"}),
            ("cancel", {"window": "A01"}),
        ]
        with pytest.raises(Refused, match="could not be stored"):
            commands["welcome"]({"window": "B01"})
        with pytest.raises(Refused, match="cannot do that"):
            commands["invite"]({"window": "C01"})
        with pytest.raises(Refused, match="no evaluator"):
            commands["invite"]({})
        for session in ("s1", "s2"):
            services.number("P1", session, site.now().date())
        with pytest.raises(Refused, match="twice"):
            commands["invite"]({"window": "A02", "project_no": "P1"})
        assert len(offsets(runners, site.clock)) == 1, (
            "an evaluator's clock is our own: it has no word about it"
        )
        nights = Reconciling(site.store, site.clock, runners, lambda: 0, (), threading.Event())
        with pytest.raises(Refused):
            nights.commands["reconcile"]({"device": "a"})
    finally:
        for each in runners:
            each.stop.set()
        for each in runners:
            each.join(5)


def test_an_invitation_that_nobody_waits_for_any_more_is_not_carried_out(
    site: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inviting, "ANSWER_S", 0.1)
    busy = Scripted("s-1")
    busy.busy.set()
    pad = runner(site, "a", busy, "A01")
    commands = Inviting([pad], Services(tmp_path)).commands
    pad.start()
    try:
        assert until(lambda: pad.health.state == "online", 20)
        with pytest.raises(Refused, match="did not answer"):
            commands["invite"]({"window": "A01", "project_no": "early"})
        monkeypatch.setattr(inviting, "ANSWER_S", 10)
        busy.busy.clear()
        assert commands["invite"]({"window": "A01", "project_no": "late"}) == "s-1"
        assert [about["project_no"] for _name, about in busy.asked] == ["late"]
    finally:
        pad.stop.set()
        pad.join(5)
