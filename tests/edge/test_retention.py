"""What has aged: by nights lived through and by the calendar, whichever is longer."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from edge.duty.retention import NIGHTS_MAX, Diary, Night, aged, lived

FIRST = date(2026, 1, 1)


def diary(*days: int) -> Diary:
    """A hall that lived through these days after FIRST and stored ten events a day."""
    found = Diary("e1")
    for number, day in enumerate(days, 1):
        found = lived(found, Night((FIRST + timedelta(days=day)).isoformat(), number * 10))
    return found


def latest(day: int, nights: int) -> str:
    return (FIRST + timedelta(days=day - nights)).isoformat()


def test_what_is_older_than_the_period_has_aged_to_the_night() -> None:
    year = diary(*range(400))
    assert aged(year, latest(399, 180), 180) == 2200
    assert aged(year, latest(399, 399), 399) == 10
    assert aged(year, latest(399, 400), 400) == 0


def test_a_jump_of_400_days_ages_nothing() -> None:
    jumped = diary(*range(100), 500)
    assert aged(jumped, latest(500, 180), 180) == 0


def test_a_hall_that_slept_keeps_longer_and_a_clock_that_fell_back_too() -> None:
    slept = diary(*range(100), *range(300, 400))
    assert aged(slept, latest(399, 180), 180) == 200
    fell_back = diary(*range(1000, 1200), *range(50))
    assert aged(fell_back, latest(49, 180), 180) == 0


def test_the_same_night_twice_is_one() -> None:
    once = diary(*range(200))
    assert lived(once, Night(once.nights[-1].day, 99_999)) == once


def test_the_diary_does_not_grow_for_ever() -> None:
    assert len(diary(*range(NIGHTS_MAX + 50)).nights) == NIGHTS_MAX


@given(st.lists(st.integers(0, 3000), max_size=300), st.integers(1, 200), st.integers(0, 3000))
def test_however_the_clock_jumped_nothing_younger_than_the_period_ages(
    days: list[int], nights: int, today: int
) -> None:
    book = diary(*days)
    head = aged(book, latest(today, nights), nights)
    since = [night for night in book.nights if night.head > head]
    assert head == 0 or len(since) >= nights
    assert all(night.head != head or night.day <= latest(today, nights) for night in book.nights)
