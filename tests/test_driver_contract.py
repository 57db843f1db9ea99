"""What every driver must do, whatever its device: the rules of `drivers/base.py`, for each driver found."""

import os
import pkgutil
import threading
from collections.abc import Iterator
from dataclasses import MISSING, fields

import pytest

import drivers
from drivers.base import DeviceError, DeviceOffline, Driver, IntakeClosed, LinkRevoked, StoreBusy
from edge.causes import CAUSES
from edge.config import known_drivers, load_driver
from tests.drivers.memory_link import MemoryLink, running
from tests.drivers.sites import SITES, Site

FOUND = sorted(
    {*known_drivers(), *(module.name for module in pkgutil.iter_modules(drivers.__path__))} - {"base", "http"}
)
"""`base` is the door, `http` what drivers share."""


@pytest.fixture(params=FOUND)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    assert request.param in SITES, f"driver {request.param} has no site in tests/drivers/sites.py"
    with SITES[request.param]() as made:
        yield made


def test_there_is_a_driver() -> None:
    assert "zk" in FOUND


@pytest.mark.parametrize("name", FOUND)
def test_options_have_defaults_or_names_and_refuse_bad_values_by_name(name: str) -> None:
    with SITES[name]() as site:
        kind = load_driver(name).Options
        good = {field.name: "192.0.2.1" for field in fields(kind) if field.default is MISSING}
        kind(**good)
        for key, value in site.bad_options.items():
            with pytest.raises(ValueError, match=key):
                kind(**{**good, key: value})


def test_the_constructor_opens_nothing(site: Site) -> None:
    before = threading.active_count(), len(os.listdir("/proc/self/fd"))
    kept = site.driver()
    assert site.connections() == 0
    assert (threading.active_count(), len(os.listdir("/proc/self/fd"))) == before, kept


def test_what_the_device_records_is_emitted_once_and_known_again(site: Site) -> None:
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


def test_a_silent_peer_is_offline_in_the_end(site: Site) -> None:
    site.hush()
    with running(site.driver(), MemoryLink()) as work:
        error = work.ended()
    assert isinstance(error, DeviceError)
    assert error.cause in CAUSES
    assert issubclass(type(site.driver()), Driver)
