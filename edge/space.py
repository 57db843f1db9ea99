"""How much room the disk has, and what follows: warn, purge early, refuse intake. Pure.

A mark is a share of the disk or a number of bytes, whichever is less: a share alone would warn of a large
disk that lasts for years, bytes alone would never let a small one be used. A level is left only at EASE times
its mark, so that it does not flap.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Level = Literal["ok", "warn", "purge", "refuse"]
LEVELS: tuple[Level, ...] = ("ok", "warn", "purge", "refuse")
Trouble = Literal["full", "read_only", "failing"]
"""Why the last commit failed."""


class Mark(NamedTuple):
    """Below `percent` of the whole and below `most`, a level begins."""

    percent: int
    most: int


BYTES: dict[Level, Mark] = {
    "refuse": Mark(5, 64 << 20),
    "purge": Mark(10, 512 << 20),
    "warn": Mark(20, 2 << 30),
}
FILES: dict[Level, Mark] = {"refuse": Mark(2, 100), "warn": Mark(5, 10_000)}
"""Of inodes; purging frees none. Both from the worst level to the least."""
EASE = 1.25

WAL_MAX = 16 << 20
"""Bytes; a longer WAL means that somebody reads and does not end."""

SAMPLE_EVERY_S = 600.0
SAMPLES_MAX = 1008
SPAN_MIN_S = 6 * 3600.0
"""What shrank for less than this says nothing of a day."""
DAYS_MAX = 3650.0
DAY_S = 86_400.0


class Room(NamedTuple):
    """Of a file system: bytes and inodes, free for us and in all; `files` = 0 where it has no such limit."""

    free: int
    total: int
    files_free: int = 0
    files: int = 0


class Standing(NamedTuple):
    """The level now, and whether it is inodes that run out."""

    level: Level = "ok"
    by_files: bool = False


def standing(room: Room, before: Level = "ok") -> Standing:
    """The level that follows `before`."""
    by_bytes = _level(room.free, room.total, BYTES, before)
    by_files = _level(room.files_free, room.files, FILES, before)
    worse = LEVELS.index(by_files) > LEVELS.index(by_bytes)
    return Standing(by_files if worse else by_bytes, worse)


def _level(free: int, total: int, marks: dict[Level, Mark], before: Level) -> Level:
    if not total:
        return "ok"
    for level, mark in marks.items():
        held = LEVELS.index(level) <= LEVELS.index(before)
        if free < limit(mark, total) * (EASE if held else 1):
            return level
    return "ok"


def limit(mark: Mark, total: int) -> int:
    """Where the level of a mark begins, on a disk of `total`."""
    return min(mark.most, total * mark.percent // 100)


class Sample(NamedTuple):
    """Free bytes at a monotonic second."""

    at: float
    free: int


def remember(samples: Sequence[Sample], now: Sample) -> tuple[Sample, ...]:
    """The samples with this one, if it is time for one."""
    if samples and now.at - samples[-1].at < SAMPLE_EVERY_S:
        return tuple(samples)
    return (*samples, now)[-SAMPLES_MAX:]


def days_left(samples: Sequence[Sample], total: int) -> float | None:
    """Days until intake is refused, if it goes on filling as it did; None = it does not, or not known."""
    if len(samples) < 2 or (span := samples[-1].at - samples[0].at) < SPAN_MIN_S:
        return None
    lost = samples[0].free - samples[-1].free
    left = max(0, samples[-1].free - limit(BYTES["refuse"], total))
    days = left * span / (lost * DAY_S) if lost > 0 else DAYS_MAX
    return days if days < DAYS_MAX else None


def cause(at: Standing, read_only: bool, trouble: Trouble | None, wal_bytes: int) -> str:
    """The worst that is wrong with the disk, as a word of `edge/causes/`."""
    if read_only or trouble == "read_only":
        return "storage_read_only"
    if trouble == "failing":
        return "storage_failing"
    if at.level == "refuse" and at.by_files:
        return "inodes_gone"
    if at.level == "refuse" or trouble == "full":
        return "disk_full"
    if wal_bytes > WAL_MAX:
        return "wal_grows"
    words = {"ok": "ok", "warn": "inodes_low" if at.by_files else "disk_low", "purge": "disk_nearly_full"}
    return words[at.level]
