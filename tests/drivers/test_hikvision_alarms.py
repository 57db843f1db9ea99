"""Which events of a Hikvision log are alarms, each once, and which are none."""

import json

import pytest

from drivers.base import Reading, Reject
from drivers.hikvision.alarms import CODES, KIND, alarm
from drivers.hikvision.events import item
from tests.drivers.hikvision_site import driver, keys, past, samples
from tests.drivers.memory_link import MemoryLink, running
from tests.sim.isapi import Faults, Terminal
from tests.sim.isapi.terminal import CLOCK_SET, NTP, RESTORED, TAMPER

EVENT = {"major": 1, "minor": 1028, "time": "2026-03-02T08:01:02+08:00", "serialNo": 139, "name": "王芳"}


@pytest.mark.parametrize(
    ("major", "minor", "code"),
    [
        (1, 0x404, "tamper"),
        (1, 0x406, "tamper"),
        (1, 0x40F, "tamper"),
        (1, 0x405, None),
        (1, 0x40A, None),
        (2, 0x404, None),
        (3, 0x404, "clock_set"),
        (3, 0x405, None),
        (3, 0x406, None),
        (3, 0x407, "factory_reset"),
        (3, 0x40A, "factory_reset"),
        (5, 0x404, None),
    ],
)
def test_a_number_is_an_alarm_under_its_major_alone(major: int, minor: int, code: str | None) -> None:
    found = alarm("SN", item({**EVENT, "major": major, "minor": minor}))
    if code is None:
        assert found is None
        return
    facts = {"code": code, "active": True, "operation": minor}
    assert found == Reading(KIND, "SN", "2026-03-02T08:01:02|139", "2026-03-02T08:01:02", facts)


def test_who_did_it_is_told_where_the_terminal_tells_it() -> None:
    found = alarm("SN", item({**EVENT, "employeeNoString": "007"}))
    assert isinstance(found, Reading)
    assert found.facts["operator"] == "007"


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"serialNo": 0}, "no_number"), ({"time": "2026-02-31T08:00:00+08:00"}, "impossible_date")],
)
def test_an_alarm_that_makes_no_sense_is_kept_without_names(change: dict[str, object], reason: str) -> None:
    found = alarm("SN", item({**EVENT, **change}))
    assert isinstance(found, Reject)
    assert found.reason == reason
    assert "王芳" not in (found.raw or b"").decode()


def test_a_real_terminal_lists_these_numbers_among_what_it_can_tell() -> None:
    able = samples()["isapi01"]["sample"]
    able = able if isinstance(able, dict) else json.loads(able)
    told = {
        (major, int(minor))
        for major, name in ((1, "minorAlarm"), (3, "minorOperation"))
        for minor in able["AcsEvent"]["AcsEventCond"][name]["@opt"].split(",")
    }
    assert {*CODES} - told == {(1, 0x40F)}, "a face terminal has no door control unit"


@pytest.mark.parametrize("xml", [False, True])
def test_alarms_come_with_the_log_each_once_and_punches_stay_what_they_are(xml: bool) -> None:
    with Terminal(faults=Faults(xml=xml)) as terminal:
        terminal.load(past(40))
        for major, minor in (TAMPER, CLOCK_SET, NTP, RESTORED):
            terminal.event(major, minor, terminal.clock())
        first, again = MemoryLink(), MemoryLink()
        for link in (first, again):
            with running(driver(terminal), link) as work:
                work.until(lambda link=link: link.completes and keys(terminal) <= link.facts)  # type: ignore[misc]
    for link in (first, again):
        alarms = [each for each in link.readings if each.kind == KIND]
        assert [each.facts["code"] for each in alarms] == ["tamper", "clock_set", "factory_reset"]
        assert {each.key for each in link.readings if each.kind != KIND} == keys(terminal)
    assert [each.key for each in first.readings] == [each.key for each in again.readings]
