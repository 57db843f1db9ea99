"""Levels, stars, codes and tags: both directions of the official codes, and what contradicts itself."""

from typing import get_args

import msgspec
import pytest

from drivers.base import Fact, Reading
from drivers.evaluation.codes import SCHEMES, decode, encode
from drivers.evaluation.levels import LEVELS, NAMES, STARS, Level, bad, level_of
from edge.catalogue.evaluation import Submitted
from edge.catalogue.supervision import CODES
from edge.events import BadReading, event_type, normalize, topic_kind
from edge.urgency import urgent
from tests.evaluation.said import NOW, ORIGIN, rating

WORST_FIRST = ("very_dissatisfied", "dissatisfied", "basically_satisfied", "satisfied", "very_satisfied")


def test_levels_stars_and_names_agree() -> None:
    assert tuple(reversed(LEVELS)) == WORST_FIRST
    assert [STARS[level] for level in WORST_FIRST] == [1, 2, 3, 4, 5]
    assert [level_of(stars) for stars in range(1, 6)] == list(WORST_FIRST)
    assert NAMES.keys() == STARS.keys() == set(get_args(Level))
    for wrong in (0, 6, -1):
        with pytest.raises(ValueError, match="1 to 5"):
            level_of(wrong)


@pytest.mark.parametrize(
    ("scheme", "codes"),
    [("gbt39046", "54321"), ("stars", "12345"), ("from_zero", "43210")],
)
def test_the_official_codes_run_in_both_directions(scheme: str, codes: str) -> None:
    """Written out from the worst to the best, as the sources print them (domain §0.1, §2.2)."""
    assert [encode(scheme, level) for level in LEVELS] == list(reversed(codes))
    for code, level in zip(codes, WORST_FIRST, strict=True):
        assert decode(scheme, code) == level


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_code_read_back_is_the_same_and_another_is_none(scheme: str) -> None:
    assert len(set(SCHEMES[scheme].values())) == len(LEVELS)
    for level in LEVELS:
        assert decode(scheme, encode(scheme, level)) == level
    for foreign in ("", "6", "-2", "55", "x"):
        assert decode(scheme, foreign) is None


@pytest.mark.parametrize("stars", [1, 2, 3, 4, 5])
def test_the_last_two_levels_are_bad_and_overtake(stars: int) -> None:
    draft = normalize(rating(stars), ORIGIN, NOW)
    assert urgent(draft.kind, draft.data) is bad(stars) is (stars <= 2)


def test_a_complaint_overtakes_whatever_it_says() -> None:
    assert urgent("complaint.filed", b"{}")


@pytest.mark.parametrize(
    "wrong",
    [
        {"level": "satisfied"},
        {"stars": 6},
        {"stars": 0},
        {"tags": ("413",)},
        {"tags": ("51",)},
        {"tags": ("510", "108")},
        {"assess_number": 3},
        {"scale": 7},
        {"channel": "system_default"},
        {"comment": "x" * 501},
        {"level": "excellent"},
    ],
)
def test_a_rating_that_contradicts_itself_is_no_event(wrong: dict[str, Fact]) -> None:
    good = rating(5, tags=("510", "517"))
    normalize(good, ORIGIN, NOW)
    with pytest.raises(BadReading):
        normalize(good._replace(facts={**good.facts, **wrong}), ORIGIN, NOW)


def test_a_rating_says_what_it_was_given() -> None:
    draft = normalize(rating(1, tags=("115",), comment="慢", quality_flags=("burst",)), ORIGIN, NOW)
    told = msgspec.json.decode(draft.data, type=Submitted)
    assert (told.level, told.stars, told.tags, told.comment) == ("very_dissatisfied", 1, ("115",), "慢")
    assert (told.device_id, told.device_time, told.quality_flags) == (
        "pads-1f",
        rating(1).device_time,
        ("burst",),
    )
    assert topic_kind(event_type(draft.kind)) == "eval"


def test_an_inspection_has_items_of_the_checklist() -> None:
    assert len(CODES) == len(set(CODES)) == 25
    facts = {"inspection_no": "1", "inspector": "leader", "mode": "covert", "recorded_by": "2001"}

    def told(code: str) -> Reading:
        items = ({"code": code, "target": "A03", "result": "fail"},)
        return Reading(
            "inspection.recorded", "office-1", "k", rating(1).device_time, {**facts, "items": items}
        )

    normalize(told("B10"), ORIGIN, NOW)
    with pytest.raises(BadReading, match="checklist"):
        normalize(told("B11"), ORIGIN, NOW)
