"""Whether the hall was open: weekday, both ends, the grace; nothing is said where no hours are told."""

from datetime import datetime

import pytest

from edge.documents.shapes import Hours
from edge.evaluation.hours import open_at

WEEK = [
    Hours(days=(1, 2, 3, 4, 5), start="08:30", end="12:00"),
    Hours(days=(1, 5), start="14:00", end="17:00"),
]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-20T08:30", True),
        ("2026-11-20T08:00", True),
        ("2026-11-20T07:59", False),
        ("2026-11-20T12:30", True),
        ("2026-11-20T12:31", False),
        ("2026-11-20T13:29", False),
        ("2026-11-20T13:30", True),
        ("2026-11-20T17:30:59", True),
        ("2026-11-20T17:31", False),
        ("2026-11-19T15:00", False),
        ("2026-11-21T10:00", False),
        ("2026-11-23T10:00", True),
    ],
)
def test_open_by_weekday_and_time_with_half_an_hour_of_grace(at: str, expected: bool) -> None:
    assert open_at(WEEK, 30, datetime.fromisoformat(at)) is expected
    assert open_at([], 30, datetime.fromisoformat(at)) is None
