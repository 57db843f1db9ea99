"""What the guardian decides: lost records, another terminal, a log that fills, a clock that drifts."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge.forecast import days_left, nearly_full
from edge.gaps import Before, gap
from edge.offsets import Offset, drift
from edge.register import Entry, Identity, Register
from edge.tally import Counted, Tally
from edge.trust import Boot, Sample

NOW, FULL_TO = "2026-11-25T09:00:00+08:00", "2026-11-25T08:00:00+08:00"


def fact(time: str) -> str:
    return f"SN1|{time}|7|0|attendance.punch"


def log(*times: str, rejected: int = 0) -> Counted:
    tally = Tally()
    tally.add([(time, fact(time), 1) for time in times], rejected)
    return tally.counted("SN1", "2026-11-25T09:00:00")


OLD, NEW = [f"2026-11-2{day}T08:00:00" for day in (1, 2, 3)], "2026-11-25T08:30:00"
HAD = tuple(map(fact, reversed(OLD)))


@pytest.mark.parametrize(
    ("before", "counted", "oldest", "found"),
    [
        (Before(FULL_TO, ()), log(), None, None),
        (Before(FULL_TO, HAD), log(*OLD), OLD[0] + "+08:00", None),
        (Before(FULL_TO, HAD), log(*OLD, NEW), OLD[0] + "+08:00", None),
        (Before(FULL_TO, HAD), log(OLD[2], NEW), OLD[2] + "+08:00", None),
        (Before(FULL_TO, HAD), log(OLD[0]), OLD[0] + "+08:00", None),
        (Before(FULL_TO, HAD), log(), None, (FULL_TO, NOW, "log_cleared")),
        (Before(FULL_TO, HAD), log(NEW), NEW + "+08:00", (FULL_TO, NEW + "+08:00", "log_cleared")),
        (
            Before(FULL_TO, HAD),
            log("2000-01-01T00:10:00"),
            "2000-01-01T00:10:00+08:00",
            (FULL_TO, NOW, "log_cleared"),
        ),
        (Before(None, HAD), log(NEW), NEW + "+08:00", (NOW, NOW, "log_cleared")),
        (
            Before(FULL_TO, HAD),
            log(NEW, rejected=8),
            NEW + "+08:00",
            (FULL_TO, NEW + "+08:00", "overwritten"),
        ),
    ],
)
def test_a_gap(
    before: Before, counted: Counted, oldest: str | None, found: tuple[str, str, str] | None
) -> None:
    told = gap(before, counted, 10, oldest, NOW)
    assert (told[:3] if told else None) == found


@pytest.mark.parametrize(
    ("known", "seen", "other"),
    [
        (("", ""), ("SN1", "F18"), False),
        (("SN1", "F18"), ("SN1", "F18"), False),
        (("SN1", "F18"), ("SN1", ""), False),
        (("SN1", ""), ("SN1", "F18"), False),
        (("SN1", "F18"), ("SN2", "F18"), True),
        (("SN1", "F18"), ("SN1", "SpeedFace"), True),
    ],
)
def test_another_terminal(known: tuple[str, str], seen: tuple[str, str], other: bool) -> None:
    assert Identity(*seen).other_than(Identity(*known)) is other


def test_the_register_outlives_its_process_and_a_broken_file_is_an_empty_one(tmp_path: Path) -> None:
    Register(tmp_path).keep("fp-1", identity=Identity("SN1", "F18"))
    Register(tmp_path).keep("fp-1", out="repair", since=NOW)
    assert Register(tmp_path).entry("fp-1") == Entry(identity=Identity("SN1", "F18"), out="repair", since=NOW)
    (tmp_path / "terminals.json").write_text("{")
    assert Register(tmp_path).entry("fp-1") == Entry()


TODAY = date(2026, 11, 25)


def punches(a_day: int, days: int) -> dict[str, int]:
    return {(TODAY - timedelta(days=back)).isoformat(): a_day for back in range(1, days + 1)}


@pytest.mark.parametrize(
    ("records", "counts", "days"),
    [
        (punches(100, 30), {"logs": 9000, "log_max": 10_000}, 10.0),
        (punches(100, 2), {"logs": 9000, "log_max": 10_000}, 10.0),
        (punches(100, 30), {"logs": 10_000, "log_max": 10_000}, 0.0),
        (punches(100, 7) | {(TODAY - timedelta(days=20)).isoformat(): 1}, {"logs": 0, "log_max": 700}, 14.0),
        ({}, {"logs": 0, "log_max": 10_000}, None),
        ({"2000-01-01": 50}, {"logs": 50, "log_max": 10_000}, None),
        (punches(100, 30), {"logs": 9000}, None),
        (punches(100, 30), {"logs": 9000, "log_max": 0}, None),
    ],
)
def test_when_a_log_is_full(
    records: Mapping[str, int], counts: Mapping[str, int], days: float | None
) -> None:
    assert days_left(records, TODAY, counts) == days


@pytest.mark.parametrize(
    ("counts", "full"),
    [
        ({}, False),
        ({"logs": 5, "log_max": 0}, False),
        ({"logs": 799, "log_max": 1000}, False),
        ({"logs": 800, "log_max": 1000}, True),
    ],
)
def test_when_a_log_is_nearly_full(counts: Mapping[str, int], full: bool) -> None:
    assert nearly_full(counts) is full


BOOT = Boot("b", 1_000_000)


@pytest.mark.parametrize(
    ("first_ms", "ms", "hours", "boot", "told"),
    [
        (500, 2500, 24, BOOT, 2.0),
        (500, -500, 12, BOOT, -2.0),
        (500, 2500, 5, BOOT, None),
        (500, 2500, 24, Boot("other", 1_000_000), None),
        (500, 2500 - 60_000, 24, Boot("b", 1_060_000), 2.0),
    ],
)
def test_drift(first_ms: int, ms: int, hours: int, boot: Any, told: float | None) -> None:
    """In the last our own clock was stepped by a minute meanwhile: that is no drift of the terminal's."""
    wall = datetime.fromtimestamp(boot.wall_ms / 1000 + hours * 3600, UTC)
    sample = Sample(wall, hours * 3600.0, boot.id)
    found = drift(Offset(first_ms, BOOT, 0.0, 0.0), ms, sample)
    assert found == (None if told is None else pytest.approx(told))
