"""How far the backlog runs ahead: a slow consumer is sent what it confirms in two seconds."""

import pytest

from edge.uplink.ahead import AHEAD_FIRST, AHEAD_MAX, AHEAD_MIN, LAG_MAX_S, Ahead


def drained(ahead: Ahead, rows_per_s: float, seconds: float) -> float:
    """A consumer of that pace is kept as busy as `ahead` allows; the lag at the end."""
    now, position, lag = 0.0, 0, 0.0
    while now < seconds:
        position += ahead.limit
        lag = ahead.limit / rows_per_s
        ahead.sent(position, now)
        now += lag
        ahead.confirmed(position, now)
    return lag


@pytest.mark.parametrize("rows_per_s", [300, 1_000, 5_000])
def test_with_a_slow_consumer_what_is_under_way_is_soon_little(rows_per_s: int) -> None:
    assert drained(Ahead(), rows_per_s, 60) <= LAG_MAX_S


def test_with_a_fast_consumer_it_grows_to_what_a_broker_surely_holds() -> None:
    ahead = Ahead()
    drained(ahead, 50_000, 5)
    assert ahead.limit == AHEAD_MAX


def test_it_never_stands_still() -> None:
    ahead = Ahead()
    drained(ahead, 1, 100_000)
    assert ahead.limit == AHEAD_MIN


def test_a_receipt_below_what_is_watched_says_nothing() -> None:
    ahead = Ahead()
    ahead.sent(1000, 0.0)
    ahead.sent(2000, 5.0)
    ahead.confirmed(999, 9.0)
    assert ahead.limit == AHEAD_FIRST
    ahead.confirmed(1500, 9.0)
    assert ahead.limit == AHEAD_FIRST // 2
