"""What follows from the room that is left: levels that do not flap, days left, the trouble named first."""

import pytest

from edge.causes import CAUSES
from edge.space import (
    DAY_S,
    SAMPLE_EVERY_S,
    SAMPLES_MAX,
    WAL_MAX,
    Level,
    Room,
    Sample,
    Standing,
    cause,
    days_left,
    remember,
    standing,
)

MB, GB = 1 << 20, 1 << 30


@pytest.mark.parametrize(
    ("free", "total", "level"),
    [
        (3 * GB, 64 * GB, "ok"),
        (2 * GB - 1, 64 * GB, "warn"),
        (512 * MB - 1, 64 * GB, "purge"),
        (64 * MB - 1, 64 * GB, "refuse"),
        (0, 64 * GB, "refuse"),
        (11 * MB, 64 * MB, "warn"),
        (13 * MB, 64 * MB, "ok"),
        (6 * MB, 64 * MB, "purge"),
        (3 * MB, 64 * MB, "refuse"),
    ],
)
def test_a_level_begins_at_a_share_or_at_bytes_whichever_is_less(free: int, total: int, level: Level) -> None:
    assert standing(Room(free, total)) == (level, False)


def test_a_level_ends_only_a_quarter_above_where_it_began() -> None:
    for free, level in ((64 * MB, "refuse"), (79 * MB, "refuse"), (80 * MB, "purge"), (641 * MB, "warn")):
        assert standing(Room(free, 64 * GB), "refuse").level == level
    assert standing(Room(3 * GB, 64 * GB), "refuse").level == "ok"
    assert standing(Room(70 * MB, 64 * GB), "purge").level == "purge"


def test_inodes_warn_and_refuse_alike_and_purging_is_not_their_cure() -> None:
    def at(files_free: int, files: int = 1_000_000) -> Standing:
        return standing(Room(60 * GB, 64 * GB, files_free, files))

    assert at(20_000) == ("ok", False)
    assert at(9_999) == ("warn", True)
    assert at(99) == ("refuse", True)
    assert at(0, 0) == ("ok", False), "a file system that does not count files"
    assert standing(Room(0, 64 * GB, 9_999, 1_000_000)) == ("refuse", False)


def test_days_left_are_known_after_hours_and_only_where_it_fills() -> None:
    day = [Sample(0.0, 10 * GB), Sample(DAY_S / 2, 9 * GB)]
    assert days_left(day, 64 * GB) == pytest.approx((9 * GB - 64 * MB) / (2 * GB))
    assert days_left(day[:1], 64 * GB) is None
    assert days_left([Sample(0.0, 10 * GB), Sample(3600.0, 9 * GB)], 64 * GB) is None
    assert days_left([Sample(0.0, 9 * GB), Sample(DAY_S, 10 * GB)], 64 * GB) is None
    assert days_left([Sample(0.0, 9 * GB), Sample(DAY_S, 9 * GB - 1)], 64 * GB) is None
    assert days_left([Sample(0.0, GB), Sample(DAY_S, MB)], 64 * GB) == 0


def test_one_sample_is_kept_each_ten_minutes_and_not_for_ever() -> None:
    samples: tuple[Sample, ...] = ()
    for second in range(0, 3600, 5):
        samples = remember(samples, Sample(float(second), second))
    assert [sample.at for sample in samples] == [0, 600, 1200, 1800, 2400, 3000]
    for number in range(2 * SAMPLES_MAX):
        samples = remember(samples, Sample(10_000 + number * SAMPLE_EVERY_S, 1))
    assert len(samples) == SAMPLES_MAX


def test_the_worst_is_named_and_every_word_is_told() -> None:
    refuse, purge, warn, well = Standing("refuse"), Standing("purge"), Standing("warn"), Standing()
    named = {
        cause(refuse, True, "failing", 99 * MB): "storage_read_only",
        cause(well, False, "read_only", 0): "storage_read_only",
        cause(refuse, False, "failing", 99 * MB): "storage_failing",
        cause(Standing("refuse", True), False, "full", 99 * MB): "inodes_gone",
        cause(refuse, False, None, 99 * MB): "disk_full",
        cause(well, False, "full", 0): "disk_full",
        cause(purge, False, None, WAL_MAX + 1): "wal_grows",
        cause(purge, False, None, WAL_MAX): "disk_nearly_full",
        cause(warn, False, None, 0): "disk_low",
        cause(Standing("warn", True), False, None, 0): "inodes_low",
        cause(well, False, None, 0): "ok",
    }
    assert all(found == expected for found, expected in named.items())
    assert set(named) <= set(CAUSES)
