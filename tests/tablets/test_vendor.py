"""A vendor's rating → ours: both directions of the official codes, and nothing guessed."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import Reject
from drivers.evaluation.levels import LEVELS, STARS
from drivers.evaluation.vendor import Rating, VendorOptions, moment, rating, readings

NOW = "2026-11-20T09:00:00"
MAP = {"A": "very_satisfied", "B": "satisfied", "C": "dissatisfied", "0": "none"}
GOOD: dict[str, Any] = {"id": 17, "code": "5", "at": "2026-11-20 08:59:58"}
SAYS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=3)
RECORDS = st.dictionaries(
    st.sampled_from(
        ["id", "code", "at", "session", "project_no", "item_code", "tags", "comment", "dwell_ms"]
    ),
    SAYS,
)


def options(**given: Any) -> VendorOptions:
    return VendorOptions(window="A01", **(given or {"scheme": "stars"}))


def understood(told: dict[str, Any], **given: Any) -> Rating:
    found = rating(told, options(**given), "T1", NOW)
    assert isinstance(found, Rating), found
    return found


def aside(told: dict[str, Any], **given: Any) -> Reject:
    found = rating(told, options(**given), "T1", NOW)
    assert isinstance(found, Reject), found
    return found


@pytest.mark.parametrize(
    ("scheme", "best", "worst"), [("stars", "5", "1"), ("gbt39046", "1", "5"), ("from_zero", "0", "4")]
)
def test_the_same_digit_means_what_this_device_means(scheme: str, best: str, worst: str) -> None:
    for code, level in ((best, "very_satisfied"), (worst, "very_dissatisfied")):
        found = understood({**GOOD, "code": code}, scheme=scheme)
        assert (found.level, found.facts["stars"], found.facts["raw_code"]) == (
            level,
            STARS[found.level],
            code,
        )


def test_an_own_map_has_its_own_scale() -> None:
    found = understood({**GOOD, "code": "C"}, levels=MAP)
    assert (found.level, found.facts["stars"], found.facts["scale"]) == ("dissatisfied", 2, 3)
    assert rating({**GOOD, "code": "0"}, options(levels=MAP), "T1", NOW) is None, "said to be no rating"


@pytest.mark.parametrize("code", ["6", "0", "", "5.0", 5.0, True, None, ["5"], "５", " 5", "5" * 100])
def test_a_code_that_is_not_in_the_map_is_put_aside_with_what_was_read(code: Any) -> None:
    told = {**GOOD, "code": code, "comment": "我叫王某"}
    found = aside(told)
    assert found.raw is not None
    assert b"2026-11-20 08:59:58" in found.raw
    assert b"comment" not in found.raw, "free text may be about a person"
    assert found.sha256 == aside(told).sha256


def test_a_copy_is_the_same_fact_and_a_restarted_counter_is_not() -> None:
    (_, first), (_, again) = (readings(understood(dict(GOOD)), options(), "T1") for _ in range(2))
    assert first.key == again.key
    other = understood({**GOOD, "at": "2026-11-21 08:00:00"})
    assert other.name != understood(GOOD).name, "17 again, after a reset"
    assert rating(GOOD, options(), "T2", NOW) != rating(GOOD, options(), "T1", NOW), "of another tablet"


def test_an_id_that_is_unique_names_the_rating_whatever_time_a_copy_bears() -> None:
    kind = {"scheme": "stars", "ids": "unique"}
    copies = [understood({**GOOD, "at": at}, **kind) for at in ("2026-11-20 08:59:58", "2026-11-20 09:10:00")]
    assert copies[0].name == copies[1].name
    keys = {reading.key for each in copies for reading in readings(each, options(**kind), "T1")}
    assert len(keys) == 1
    untimed = understood({"id": 17, "code": "5"}, **kind)
    assert (untimed.name, untimed.at, untimed.told_at) == (copies[0].name, NOW, False)


def test_tags_are_those_of_the_dictionary_or_nothing() -> None:
    told = {**GOOD, "tags": "510|511,101;510"}
    assert understood(told).facts["tags"] == ()
    assert understood(told, scheme="stars", tags="national").facts["tags"] == ("510", "511")
    mapped = understood({**GOOD, "tags": ["a", "b", 7]}, scheme="stars", tag_codes={"a": "517", "7": "205"})
    assert mapped.facts["tags"] == ("517",), "one of two stars does not fit five"


@pytest.mark.parametrize(
    "told",
    [
        "2026-11-20 08:25:00",
        "2026-11-20T08:25:00",
        "2026-11-20T08:25:00.123",
        "2026-11-20T00:25:00Z",
        "20261120T082500",
        "20261120082500",
        1_795_134_300,
        1_795_134_300_123,
        "1795134300123",
    ],
)
def test_a_time_is_read_as_devices_write_it(told: object) -> None:
    assert moment(told, 480) == "2026-11-20T08:25:00"


@pytest.mark.parametrize(
    "told", ["", "2026-11-20", "08:25", "20261320082500", 12345, True, None, "0001-01-01T00:00:00Z", [], 1e12]
)
def test_what_is_no_time_is_none(told: object) -> None:
    assert moment(told, 480) is None


@settings(max_examples=150)
@given(RECORDS)
def test_whatever_a_record_holds_it_is_a_rating_of_the_map_or_put_aside(told: dict[str, Any]) -> None:
    chosen = options()
    found = rating(told, chosen, "T1", NOW)
    if isinstance(found, Rating):
        assert chosen.meanings[str(found.facts["raw_code"])] == found.level
        assert all(tag[0] == str(found.facts["stars"]) for tag in found.facts["tags"])  # type: ignore[union-attr]
        assert [each.kind for each in readings(found, chosen, "T1")] == [
            "evaluation.invited",
            "evaluation.submitted",
        ]
    else:
        assert isinstance(found, Reject)


@given(st.sampled_from(LEVELS), st.sampled_from(["stars", "gbt39046", "from_zero"]))
def test_every_level_of_a_scheme_comes_back(level: str, scheme: str) -> None:
    chosen = options(scheme=scheme)
    (code,) = [each for each, meaning in chosen.meanings.items() if meaning == level]
    assert understood({**GOOD, "code": code}, scheme=scheme).level == level


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "levels"),
        ({"scheme": "stars", "levels": MAP}, "levels"),
        ({"scheme": "5"}, "scheme"),
        ({"levels": {"1": "good"}}, "levels"),
        ({"levels": {"1": "satisfied"}}, "levels"),
        ({"scheme": "stars", "ids": "x"}, "ids"),
        ({"scheme": "stars", "tag_codes": {"a": "9"}}, "tag_codes"),
        ({"scheme": "stars", "utc_offset_minutes": 900}, "utc_offset_minutes"),
    ],
)
def test_options_complain_by_name(given: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}"):
        VendorOptions(window="A01", **given)
