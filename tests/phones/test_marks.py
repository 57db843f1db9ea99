"""What a code proves, how long an opening lasts, and how many may come: decided without a clock or a disk."""

from datetime import datetime, timedelta

import pytest

from edge.phones.limits import NAMES_MAX, SPAN_S, Limits
from edge.phones.marks import LIFE, MARK_LENGTH, Opened, fits, mark, opened_by, ticket

KEY, OTHER = b"k" * 32, b"o" * 32
AT = datetime.fromisoformat("2026-11-20T09:00:00")
OPENED = Opened("0" * 31 + "1", AT.isoformat(timespec="seconds"))


def test_a_mark_is_of_one_window_and_one_key() -> None:
    own = mark(KEY, "A01")
    assert len(own) == MARK_LENGTH
    assert fits(KEY, "A01", own)
    for key, window, told in (
        (KEY, "A02", own),
        (OTHER, "A01", own),
        (KEY, "A01", own[:-1]),
        (KEY, "A01", "码"),
    ):
        assert not fits(key, window, told)
    assert mark(KEY, "A01\nA02") != mark(KEY, "A01")


def test_a_ticket_is_of_one_window_and_one_key_and_ends() -> None:
    told = ticket(KEY, "A01", OPENED)
    assert opened_by(KEY, "A01", told, AT + LIFE) == OPENED
    assert opened_by(KEY, "A01", told, AT + LIFE + timedelta(seconds=1)) is None
    assert opened_by(KEY, "A02", told, AT) is None
    assert opened_by(OTHER, "A01", told, AT) is None


@pytest.mark.parametrize("wrong", ["", ".", "..", "x", "0.0.0", "é.2026-11-20T09:00:00.0"])
def test_what_is_no_ticket_opens_nothing(wrong: str) -> None:
    assert opened_by(KEY, "A01", wrong, AT) is None


def test_a_ticket_cannot_be_given_another_name_or_time() -> None:
    session, at, proof = ticket(KEY, "A01", OPENED).split(".")
    later = (AT + timedelta(hours=5)).isoformat(timespec="seconds")
    for forged in (f"{'2' * 32}.{at}.{proof}", f"{session}.{later}.{proof}"):
        assert opened_by(KEY, "A01", forged, AT) is None


def test_so_many_may_come_in_ten_minutes_and_no_more() -> None:
    limits = Limits()
    assert [limits.come("address", "x", 3, now_s) for now_s in (0.0, 1.0, 2.0, 3.0)] == [
        True,
        True,
        True,
        False,
    ]
    assert limits.come("address", "y", 3, 3.0), "another is not held back"
    assert limits.come("window", "x", 3, 3.0)
    assert not limits.come("address", "x", 3, SPAN_S)
    assert limits.come("address", "x", 3, SPAN_S + 0.5), "the first of them is long ago"
    assert not limits.come("address", "x", 3, SPAN_S + 0.6)


def test_a_crowd_costs_no_memory() -> None:
    limits = Limits()
    for n in range(NAMES_MAX + 100):
        limits.come("address", str(n), 3, 0.0)
    assert len(limits._times) == NAMES_MAX  # noqa: SLF001
