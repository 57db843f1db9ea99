"""A flood of pushes is slowed down, and loses nothing; what people punch, and what we asked for, passes."""

import pytest

from drivers.adms import driver as module
from drivers.adms import pace
from drivers.adms.pace import Pace
from edge.ports.server import BODY_MAX
from tests.drivers.adms_site import commands, driver, link, records, request, upload


def test_a_first_contact_passes_and_a_flood_does_not() -> None:
    made = Pace()
    assert all(made.takes(200, second / 10) for second in range(pace.BURST // 200))
    assert not made.takes(10_000, 60.0)
    assert made.takes(5_000, 121.0), "a minute later"
    assert BODY_MAX // len("1\t2026-11-20 08:00:00\t0\n") < pace.BURST, "no body is refused for ever"


def test_people_who_punch_are_never_slowed_down() -> None:
    made = Pace(left=100.0)
    assert all(made.takes(1, second / 50) for second in range(50 * 3600)), "fifty a second, for an hour"


def test_what_is_beyond_the_pace_is_kept_by_the_terminal_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    site, here = driver(), link()
    site._pace.left = 10.0
    assert site.handle(upload(records(0, 10)), here).body == b"OK:10"
    assert site.handle(upload(records(10, 10)), here).status == 503
    assert (len(here.readings), here.notes) == (10, {"push_flood": ""})
    ((name, _),) = commands(site.handle(request("getrequest"), here).body)
    asked = site.handle(upload(records(0, 20), f"&PackCnt=1&PackIdx=1&CmdId={name}"), here)
    assert asked.body == b"OK:20", "what we asked for is no flood"
    now[0] += 60.0
    assert site.handle(upload(records(10, 10)), here).body == b"OK:10"
    assert here.notes == {}
