"""What looks odd is flagged, and nothing else is: what is not known is not odd."""

from dataclasses import dataclass
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.catalogue.evaluation import QualityFlag
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


def test_what_the_device_found_itself_stands_beside_the_others() -> None:
    assert flags(CALM._replace(open=False), ODD, ("clock_suspect", "x")) == ("off_hours", "clock_suspect")


SEEN = st.builds(
    Seen,
    at_s=st.integers(0, 200).map(float),
    dwell_ms=st.none() | st.integers(0, 3000),
    post=st.sampled_from(["nobody", "several", "signed_on", "not_known"]),
    quality=st.sampled_from(["synced", "corrected", "suspect", "unsynced"]),
    before=st.lists(st.integers(0, 200), max_size=8).map(lambda times: before(*times)),
    open=st.none() | st.booleans(),
    repeated=st.booleans(),
)


@given(SEEN, st.randoms(use_true_random=False), st.integers(-1000, 1000), st.integers(0, 200))
def test_flags_are_of_the_ratings_not_of_their_order_or_clock(
    seen: Seen, chance: Random, moved: int, more: int
) -> None:
    found = flags(seen, ODD)
    assert list(found) == [each for each in get_args(QualityFlag) if each in found], "in order, each once"
    mixed = list(seen.before)
    chance.shuffle(mixed)
    assert flags(seen._replace(before=mixed), ODD) == found
    later = [each._replace(at_s=each.at_s + moved) for each in seen.before]
    assert flags(seen._replace(at_s=seen.at_s + moved, before=later), ODD) == found
    assert set(found) <= set(flags(seen._replace(before=[*seen.before, Before("new", float(more))]), ODD))
    unknown = seen._replace(open=None, post="not_known", quality="synced")
    assert not {"off_hours", "no_staff_on_post", "clock_suspect"} & set(flags(unknown, ODD))


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
