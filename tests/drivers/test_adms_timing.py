"""What tells the clock of a terminal that pushes: only what was made just now."""

from datetime import datetime, timedelta

import pytest

from drivers.adms.timing import STEADY_S, Timing
from tests.drivers.adms_site import NOON

KNOWN = "2026-11-20T08:00:00"


def steady(seconds: float = STEADY_S) -> Timing:
    """A terminal that has called every ten seconds for so long."""
    timing = Timing(25)
    for now_s in range(0, int(seconds) + 10, 10):
        timing.called(1000.0 + now_s)
    return timing


def at(minutes: float) -> tuple[str, datetime]:
    """A record `minutes` after noon by a clock that is ten minutes late, and our time when it comes."""
    now = NOON + timedelta(minutes=minutes)
    return (now - timedelta(minutes=10)).replace(tzinfo=None).isoformat(), now


def test_a_new_record_that_bears_our_time_tells_at_once() -> None:
    timing = Timing(25)
    assert timing.told("2026-11-20T11:59:30", 3, "", NOON) == "2026-11-20T11:59:30"
    assert timing.offset == timedelta(seconds=-30)
    assert timing.told("2026-11-20T11:59:30", 1, "2026-11-20T11:59:30", NOON) is None, "sent again"


def test_a_clock_that_is_off_is_believed_at_the_second_record() -> None:
    timing, seen, known = steady(), [], KNOWN
    for minute in (0, 5, 9):
        newest, now = at(minute)
        seen.append(timing.told(newest, 1, known, now))
        known = newest
    assert seen == [None, "2026-11-20T11:55:00", None]
    assert timing.offset == timedelta(minutes=-10)


@pytest.mark.parametrize("pause_s", [30.0, 3600.0])
def test_a_punch_that_waited_for_the_network_tells_nothing(pause_s: float) -> None:
    timing = steady()
    timing.called(1000.0 + STEADY_S + pause_s)
    timing.called(1000.0 + STEADY_S + pause_s + 10)
    newest, now = at(0)
    assert timing.told(newest, 1, KNOWN, now) is None
    later, now = at(1)
    assert timing.told(later, 1, newest, now) is None, "it has not called for long enough since"


def test_a_punch_that_waited_for_us_tells_nothing() -> None:
    timing = steady()
    newest, now = at(0)
    assert timing.told(newest, 1, KNOWN, now) is None
    timing.broke()
    timing.called(1000.0 + STEADY_S + 20)
    later, now = at(1)
    assert timing.told(later, 1, newest, now) is None


@pytest.mark.parametrize(("count", "known"), [(2, KNOWN), (1, "")])
def test_history_tells_nothing(count: int, known: str) -> None:
    timing = steady()
    for minute in (0, 5):
        newest, now = at(minute)
        assert timing.told(newest, count, known, now) is None
    assert timing.told("", 0, known, now) is None


def test_two_late_punches_of_different_age_tell_nothing() -> None:
    timing = steady()
    assert timing.told("2026-11-20T09:00:00", 1, KNOWN, NOON) is None
    assert timing.told("2026-11-20T09:30:00", 1, "2026-11-20T09:00:00", NOON) is None
    assert timing.offset == timedelta()


@pytest.mark.parametrize("known", ["2026-11-20T12:02:00", "2099-01-01T00:00:00"])
def test_a_record_of_the_future_does_not_silence_the_clock_for_ever(known: str) -> None:
    timing = Timing(25)
    assert timing.told("2026-11-20T11:59:58", 1, known, NOON) == "2026-11-20T11:59:58"
    assert timing.offset == timedelta(seconds=-2)
    assert timing.told("2026-11-20T10:00:00", 1, known, NOON) is None, "what is sent again tells nothing"
