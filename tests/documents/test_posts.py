"""Who is at a window: signed on, else the only one assigned, else nobody; kept over restarts."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from edge.documents.posts import Duty, Held, SignOn, on_duty
from edge.documents.shapes import Assignment, Staff
from edge.documents.sign_ons import FILE, SignOns

ZONE = timezone(timedelta(hours=8))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def assigned(staff: str, window: str, start: str, end: str) -> Assignment:
    return Assignment(staff_no=staff, window_no=window, start=start, end=end)


HELD = Held(
    {"1003": Staff(staff_no="1003", name="走", active=False)},
    assignments=(
        assigned("1001", "A01", "2026-11-20", "2026-11-21"),
        assigned("1002", "A02", "2026-11-20T08:30", "2026-11-20T12:00"),
        assigned("1003", "A02", "2026-11-20", "2026-11-20"),
        assigned("1004", "A03", "2026-11-20", "2026-11-20"),
        assigned("1005", "A03", "2026-11-20", "2026-11-20"),
    ),
)


def duty(window: str, when: str, *sign_ons: tuple[str, str, str], held: Held = HELD) -> Duty:
    made = [SignOn(at(moment).isoformat(), where, who) for moment, where, who in sign_ons]
    return on_duty(window, at(when), ZONE, made, held)


@pytest.mark.parametrize(
    ("window", "when", "expected"),
    [
        ("A01", "2026-11-20T09:00", Duty("1001", "assigned")),
        ("A01", "2026-11-21T23:59", Duty("1001", "assigned")),
        ("A01", "2026-11-22T00:00", Duty(None, "nobody")),
        ("A02", "2026-11-20T08:30", Duty("1002", "assigned")),
        ("A02", "2026-11-20T12:00", Duty(None, "nobody")),
        ("A03", "2026-11-20T09:00", Duty(None, "several")),
        ("A09", "2026-11-20T09:00", Duty(None, "nobody")),
    ],
)
def test_the_only_one_assigned_at_that_time_else_nobody(window: str, when: str, expected: Duty) -> None:
    assert duty(window, when) == expected


def test_without_assignments_nothing_is_said_of_an_empty_window() -> None:
    assert duty("A01", "2026-11-20T09:00", held=Held()) == Duty(None, "not_known")


def test_who_signed_on_wins_from_then_until_somebody_else_does_or_leaves() -> None:
    marks = (
        ("2026-11-20T09:00", "A01", "1002"),
        ("2026-11-20T10:00", "A01", "1004"),
        ("2026-11-20T11:00", "A01", ""),
    )
    seen = [
        duty("A01", f"2026-11-20T{time}", *marks).staff_no for time in ("08:59", "09:00", "10:30", "11:00")
    ]
    assert seen == ["1001", "1002", "1004", "1001"]


def test_signing_on_elsewhere_and_midnight_end_it() -> None:
    marks = (("2026-11-20T09:00", "A03", "1004"), ("2026-11-20T10:00", "A02", "1004"))
    assert duty("A03", "2026-11-20T09:30", *marks) == Duty("1004", "signed_on")
    assert duty("A03", "2026-11-20T10:00", *marks) == Duty(None, "several")
    assert duty("A02", "2026-11-20T23:59", *marks) == Duty("1004", "signed_on")
    assert duty("A02", "2026-11-21T00:01", *marks) == Duty(None, "nobody")


def test_a_day_is_the_halls_day() -> None:
    mark = [SignOn("2026-11-19T23:30:00+00:00", "A09", "1001")]
    assert on_duty("A09", at("2026-11-20T08:00"), ZONE, mark, HELD).staff_no == "1001"


def test_sign_ons_survive_a_restart_and_a_torn_line(tmp_path: Path) -> None:
    signs = SignOns(tmp_path)
    signs.add("A01", "1001", at("2026-11-20T09:00"))
    signs.add("A01", "1002", at("2026-11-20T10:00"))
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'["2026-11-20T11:0')
    again = SignOns(tmp_path)
    assert again.all() == signs.all()
    again.add("A01", "", at("2026-11-20T12:00"))
    third = SignOns(tmp_path)
    assert [each.staff_no for each in third.all()] == ["1001", "1002", ""]


def test_a_day_later_is_still_known_and_a_week_later_no_more(tmp_path: Path) -> None:
    SignOns(tmp_path).add("A01", "1001", at("2026-11-20T09:00"))
    SignOns(tmp_path).add("A01", "1002", at("2026-11-21T09:00"))
    assert len(SignOns(tmp_path).all()) == 2
    SignOns(tmp_path).add("A01", "1003", at("2026-11-28T09:00"))
    assert [each.staff_no for each in SignOns(tmp_path).all()] == ["1003"]


def test_a_rating_bears_whole_seconds_and_belongs_to_who_signed_on_in_its_own() -> None:
    mark = [SignOn("2026-11-20T09:00:10.700+08:00", "A01", "1004")]
    told = [on_duty("A01", at(f"2026-11-20T09:00:{second}"), ZONE, mark, HELD).why for second in ("09", "10")]
    assert told == ["assigned", "signed_on"]
