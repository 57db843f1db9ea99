"""What looks odd is flagged, and nothing else is: what is not known is not odd."""

from dataclasses import dataclass
from typing import Any

import pytest

from edge.documents.shapes import Oddities
from edge.evaluation.flags import Before, Seen, flags

ODD = Oddities(too_fast_ms=1000, burst_count=3, burst_s=60, repeat_s=60)
CALM = Seen(1000.0, 4000, "assigned", "synced")


def before(*moments: float) -> list[Before]:
    return [Before(f"s{n}", at_s) for n, at_s in enumerate(moments)]


@dataclass(frozen=True)
class Case:
    change: dict[str, Any]
    expected: tuple[str, ...]


@pytest.mark.parametrize(
    "case",
    [
        Case({}, ()),
        Case({"dwell_ms": 999}, ("too_fast",)),
        Case({"dwell_ms": 1000}, ()),
        Case({"dwell_ms": None}, ("uninvited",)),
        Case({"before": before(950, 960)}, ()),
        Case({"before": before(950, 960, 970)}, ("burst",)),
        Case({"before": before(940, 960, 970)}, ()),
        Case({"before": before(1010, 1020, 1030)}, ("burst",)),
        Case({"open": None}, ()),
        Case({"open": True}, ()),
        Case({"open": False}, ("off_hours",)),
        Case({"post": "nobody"}, ("no_staff_on_post",)),
        Case({"post": "several"}, ()),
        Case({"post": "not_known"}, ()),
        Case({"post": "signed_on"}, ()),
        Case({"repeated": True}, ("repeat_session",)),
        Case({"dwell_ms": None, "before": before(950)}, ("repeat_session", "uninvited")),
        Case({"dwell_ms": None, "before": before(940)}, ("uninvited",)),
        Case({"dwell_ms": None, "before": before(1010)}, ("uninvited",)),
        Case({"before": before(990)}, ()),
        Case({"quality": "suspect"}, ("clock_suspect",)),
        Case({"quality": "unsynced"}, ("clock_suspect",)),
        Case({"quality": "corrected"}, ()),
    ],
)
def test_each_flag_stands_exactly_where_its_rule_holds(case: Case) -> None:
    assert flags(CALM._replace(**case.change), ODD) == case.expected


def test_all_flags_stand_together_in_the_order_of_the_catalogue() -> None:
    worst = Seen(1000.0, 10, "nobody", "suspect", before(990, 991, 992), False, True)
    assert flags(worst, ODD) == (
        "too_fast",
        "burst",
        "off_hours",
        "no_staff_on_post",
        "repeat_session",
        "clock_suspect",
    )
