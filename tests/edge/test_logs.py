"""A line that comes again and again is counted instead of written, and no other line suffers."""

import logging

from edge.process.logs import KEYS_MAX, MINUTE_S, PER_MINUTE, Limit


class Clock:
    at = 100.0

    def now(self) -> float:
        return self.at


def record(text: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord("edge.store", logging.ERROR, "", 0, text, values, None)


def passing(limit: Limit, times: int, text: str, *values: object) -> list[str]:
    """What is written of so many."""
    records = [record(text, *values) for _ in range(times)]
    return [each.getMessage() for each in records if limit.filter(each)]


def test_a_storm_is_cut_and_counted_and_others_are_heard() -> None:
    clock = Clock()
    limit = Limit(clock.now)
    assert passing(limit, 1000, "commit failed: %s", "I/O") == ["commit failed: I/O"] * PER_MINUTE
    assert passing(limit, 1, "commit failed: %s", "full") == ["commit failed: full"]
    assert passing(limit, 2, "%s: %s", "fp-2", "offline") == ["fp-2: offline"] * 2
    clock.at += MINUTE_S
    assert passing(limit, 2, "commit failed: %s", "I/O") == [
        f"commit failed: I/O (suppressed {1000 - PER_MINUTE})",
        "commit failed: I/O",
    ]
    clock.at += MINUTE_S
    assert passing(limit, 1, "commit failed: %s", "I/O") == ["commit failed: I/O"]


def test_ever_new_words_are_a_storm_too() -> None:
    limit = Limit(Clock().now)
    written = [passing(limit, 1, "bad packet %s", number) for number in range(10 * KEYS_MAX)]
    assert sum(map(len, written)) <= KEYS_MAX + PER_MINUTE
