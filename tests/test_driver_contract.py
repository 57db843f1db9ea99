"""What every driver must do, whatever its device: the rules of `drivers/base.py`, for each driver found."""

import os
import pkgutil
import threading
from collections.abc import Iterator
from dataclasses import MISSING, fields, replace

import pytest

import drivers
from drivers.base import (
    DeviceError,
    DeviceOffline,
    Driver,
    IntakeClosed,
    LinkRevoked,
    Listener,
    Order,
    StoreBusy,
)
from drivers.conversing import Converser
from edge.causes import CAUSES
from edge.settings.families import known_drivers, load_driver
from tests.drivers.memory_link import MemoryLink, running
from tests.drivers.sites import CALLERS, SAYS_ONCE, SITES, CallingSite, Site

SHARED = {
    "base",
    "conversing",
    "orders",
    "room",
    "enrolment",
    "evaluation",
    "hints",
    "http",
    "sighting",
    "tape",
}
"""The door, and what drivers share."""
FOUND = sorted(
    {*known_drivers(), *(module.name for module in pkgutil.iter_modules(drivers.__path__))} - SHARED
)


CONVERSING = [name for name in FOUND if issubclass(load_driver(name), Converser)]
"""They keep a line open: tests/tablets/."""
CALLING = [name for name in FOUND if issubclass(load_driver(name), Listener) and name not in CONVERSING]
ASKED = [name for name in FOUND if name not in (*CALLING, *CONVERSING)]
KEEPING = [name for name in ASKED if name not in SAYS_ONCE]


@pytest.fixture(params=ASKED)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    assert request.param in SITES, f"driver {request.param} has no site in tests/drivers/sites.py"
    with SITES[request.param]() as made:
        yield made


@pytest.fixture(params=KEEPING)
def keeping_site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """A device with a log of its own."""
    with SITES[request.param]() as made:
        yield made


@pytest.fixture(params=sorted(SAYS_ONCE))
def once_site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """A device that keeps nothing."""
    with SITES[request.param]() as made:
        yield made


@pytest.fixture(params=CALLING)
def caller(request: pytest.FixtureRequest) -> CallingSite:
    assert request.param in CALLERS, f"driver {request.param} has no site in tests/drivers/sites.py"
    return CALLERS[request.param]()


def test_there_is_a_driver_of_either_sort() -> None:
    assert "zk" in ASKED
    assert "adms" in CALLING


@pytest.mark.parametrize("name", CALLING)
def test_options_of_one_that_calls_refuse_bad_values_by_name(name: str) -> None:
    site, kind = CALLERS[name](), load_driver(name).Options
    kind(**site.good_options)
    for key, value in site.bad_options.items():
        with pytest.raises(ValueError, match=key):
            kind(**{**site.good_options, key: value})


def test_one_that_calls_is_known_by_the_head_of_its_request(caller: CallingSite) -> None:
    driver = caller.driver()
    assert driver.identify(replace(caller.fact(1), body=b"")) == driver.serial
    assert driver.identify(caller.foreign()) is None
    assert driver.patience_s > 0


def test_what_a_caller_brings_is_on_disk_before_the_answer_and_known_again(caller: CallingSite) -> None:
    first, again = MemoryLink(), MemoryLink()
    for link in (first, again):
        driver = caller.driver()
        for number in range(3):
            assert driver.handle(caller.fact(number), link).status == 200
            assert len(link.facts) == number + 1
    assert first.facts == again.facts, "same fact, same key"
    assert {reading.serial for reading in first.readings} == {first.observations[0].serial} == {driver.serial}


@pytest.mark.parametrize("error", [IntakeClosed("disk full"), StoreBusy("slow"), LinkRevoked("late")])
def test_an_emit_that_raises_leaves_the_caller_without_an_answer(
    caller: CallingSite, error: Exception
) -> None:
    driver, link = caller.driver(), MemoryLink(failures=[error])
    with pytest.raises(type(error)):
        driver.handle(caller.fact(1), link)
    assert link.readings == []
    assert link.cursor is None
    driver.handle(caller.fact(1), link)
    assert len(link.facts) == 1


def test_orders_a_caller_does_not_know_are_answered_once(caller: CallingSite) -> None:
    driver, link, answers = caller.driver(), MemoryLink(), list[str]()
    driver.handle(caller.fact(1), link)
    link.waiting = [Order("dance", answers.append)]
    driver.ordered(link)
    driver.ordered(link)
    assert answers == ["unsupported"]


def test_one_that_calls_stops_within_three_seconds(caller: CallingSite) -> None:
    with running(caller.driver(), MemoryLink()) as work:
        pass
    assert work.error is None


@pytest.mark.parametrize("name", ASKED)
def test_options_have_defaults_or_names_and_refuse_bad_values_by_name(name: str) -> None:
    with SITES[name]() as site:
        kind = load_driver(name).Options
        named = {field.name: "192.0.2.1" for field in fields(kind) if field.default is MISSING}
        good = getattr(site, "good_options", named)
        kind(**good)
        for key, value in site.bad_options.items():
            with pytest.raises(ValueError, match=key):
                kind(**{**good, key: value})


def test_the_constructor_opens_nothing(site: Site) -> None:
    threads, files = {*threading.enumerate()}, {*os.listdir("/proc/self/fd")}
    kept = site.driver()
    assert site.connections() == 0
    assert {*threading.enumerate()} <= threads, kept  # those of another test may end meanwhile
    assert {*os.listdir("/proc/self/fd")} <= files, kept


def test_what_a_device_that_keeps_nothing_says_is_emitted_once(once_site: Site) -> None:
    for number in range(3):
        once_site.record(number)
    link = MemoryLink()
    with running(once_site.driver(), link) as work:
        work.until(lambda: len(link.facts) == 3)
    told = [(reading.kind, reading.key) for reading in link.readings]
    assert len(set(told)) == len(told)
    assert {reading.serial for reading in link.readings} == {link.observations[0].serial}
    with running(once_site.driver(), link) as work:
        work.until(lambda: len(link.observations) > 1)
    assert len(link.readings) == len(told), "another life says nothing again"


def test_what_the_device_records_is_emitted_once_and_known_again(keeping_site: Site) -> None:
    site = keeping_site
    for number in range(3):
        site.record(number)
    first, again = MemoryLink(), MemoryLink()
    for link in (first, again):
        with running(site.driver(), link) as work:
            work.until(lambda link=link: len(link.facts) == 3)  # type: ignore[misc]
    assert first.facts == again.facts, "same fact, same key"
    assert {reading.serial for reading in first.readings} == {first.observations[0].serial}


@pytest.mark.parametrize("error", [IntakeClosed("disk full"), StoreBusy("slow"), LinkRevoked("late")])
def test_an_emit_that_raises_passes_and_the_same_reading_comes_later(site: Site, error: Exception) -> None:
    site.record(1)
    link = MemoryLink(failures=[error])
    with running(site.driver(), link) as work:
        assert work.ended() is error
    assert link.readings == []
    assert link.cursor is None
    with running(site.driver(), link) as work:
        work.until(lambda: len(link.facts) == 1)


def test_it_stops_within_three_seconds_while_it_waits(site: Site) -> None:
    link = MemoryLink()
    with running(site.driver(), link) as work:
        work.until(lambda: link.observations)
    assert work.error is None


def test_it_stops_within_three_seconds_while_the_device_is_silent(site: Site) -> None:
    site.hush()
    link = MemoryLink()
    with running(site.driver(), link) as work:
        work.until(lambda: site.connections())
    assert work.error is None or isinstance(work.error, DeviceOffline)
    assert link.readings == []


def test_a_peer_that_drops_is_offline_and_the_next_life_goes_on(site: Site) -> None:
    site.record(1)
    link = MemoryLink()
    with running(site.driver(), link) as work:
        work.until(lambda: len(link.facts) == 1)
        site.drop()
        error = work.ended()
    assert isinstance(error, DeviceOffline)
    assert error.cause in CAUSES
    site.record(2)
    with running(site.driver(), link) as work:
        work.until(lambda: len(link.facts) == 2)


def test_a_silent_peer_is_offline_in_the_end(keeping_site: Site) -> None:
    site = keeping_site
    site.hush()
    with running(site.driver(), MemoryLink()) as work:
        error = work.ended()
    assert isinstance(error, DeviceError)
    assert error.cause in CAUSES
    assert issubclass(type(site.driver()), Driver)
