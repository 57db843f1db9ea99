"""How far a device's clock is off, over steps of ours and jumps of its own; what time a fact has. Pure.

Everything is held against the clock that runs since the boot, so a step of our wall clock changes no device's
offset but by itself. A measurement is good to half a second, for clocks show whole ones: what is known moves
only as far as the new one asks, so that the order of a device's events is kept.
"""

from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from edge.catalogue.carried import TimeQuality
from edge.clock.trust import STEP_S, Boot, Sample

GOOD_TO_MS = 500
JUMP_MS = 5000
SLACK_S = 3.0
DRIFT_AFTER_S = 6 * 3600.0
"""A clock that shows whole seconds tells its drift to some four seconds a day after this, then better."""

OFFSET_TOLERATED_MS = 60_000
"""Up to here a terminal's clock counts as right (protocols §8.8)."""
OFFSET_LOST_MS = 86_400_000
"""Beyond a day the clock was lost, not late: corrected, yet suspect."""
FUTURE_TOLERATED = timedelta(minutes=5)
EARLIEST_YEAR = 2015
"""A fact that seems older was stamped by a clock that had fallen back."""


class Offset(NamedTuple):
    """A device's clock minus ours, ms, by our clock as it was in `boot`.

    uptime_s, since_s: when that was measured last, and first without a jump since; seconds after the boot.
    """

    ms: int
    boot: Boot
    uptime_s: float
    since_s: float


class Jump(NamedTuple):
    """A device's clock jumped: the last measurement before, and when that was found."""

    before: Offset
    found_s: float


def judge_time(
    device_time: datetime, offset_ms: int | None, now: datetime, trusted: bool
) -> tuple[datetime, TimeQuality]:
    """The best time of a fact, whole seconds, and how far to believe it. All times with zone, or none.

    `offset_ms` = device clock minus true clock, as measured at this contact.
    """
    if not trusted:
        return device_time, "unsynced"
    if offset_ms is None:
        return device_time, "suspect"
    if abs(offset_ms) <= OFFSET_TOLERATED_MS:
        return device_time, "synced" if _plausible(device_time, now) else "suspect"
    corrected = device_time - timedelta(seconds=round(offset_ms / 1000))
    if not _plausible(corrected, now):
        return device_time, "suspect"
    return corrected, "corrected" if abs(offset_ms) <= OFFSET_LOST_MS else "suspect"


def _plausible(time: datetime, now: datetime) -> bool:
    return time.year >= EARLIEST_YEAR and time - now <= FUTURE_TOLERATED


def clock_offset_ms(device_clock: str | None, zone: tzinfo, now: datetime) -> int | None:
    """Device clock minus `now`, ms; its display is cut to whole seconds, so half a second is added."""
    if device_clock is None:
        return None
    try:
        shown = datetime.fromisoformat(device_clock).replace(tzinfo=zone)
    except ValueError:
        return None
    return int((shown - now).total_seconds() * 1000) + 500


def shifted(offset: Offset | None, now: Boot) -> int | None:
    """The offset by our clock of this moment."""
    if offset is None:
        return None
    step_ms = now.wall_ms - offset.boot.wall_ms
    return offset.ms - step_ms if abs(step_ms) > STEP_S * 1000 else offset.ms


def measured(ms: int, sample: Sample, known: Offset | None, jump: Jump | None) -> tuple[Offset, Jump | None]:
    """What is known after a measurement, and the last jump."""
    expected, at = shifted(known, sample.began), sample.uptime_s
    fresh = Offset(ms, sample.began, at, at)
    if expected is None or known is None:
        return fresh, jump
    if abs(ms - expected) > JUMP_MS:
        return fresh, Jump(known, at)
    settled = min(max(expected, ms - GOOD_TO_MS), ms + GOOD_TO_MS)
    return Offset(settled, sample.began, at, known.since_s), jump


def at_stamp(told: datetime, sample: Sample, known: Offset | None, jump: Jump | None) -> int | None:
    """The offset of the clock that stamped a record: that before the jump, where only that one fits.

    The old one ran until the jump was found at the latest, the new one since it was last not there at the
    earliest. `told` has the device's zone.
    """
    now_ms = shifted(known, sample.began)
    if jump is None or now_ms is None:
        return now_ms
    old_ms = shifted(jump.before, sample.began)

    def made_s(offset_ms: int) -> float:
        return told.timestamp() - (offset_ms + sample.began.wall_ms) / 1000

    old, last = jump.before, sample.uptime_s + SLACK_S
    is_new = old.uptime_s - SLACK_S <= made_s(now_ms) <= last
    is_old = old_ms is not None and old.since_s - SLACK_S <= made_s(old_ms) <= jump.found_s + SLACK_S
    return old_ms if is_old and not is_new else now_ms


def drift(first: Offset, ms: int, sample: Sample) -> float | None:
    """Seconds a day that a device's clock gains, since `first`; None before that can be told."""
    before, elapsed_s = shifted(first, sample.began), sample.uptime_s - first.uptime_s
    if before is None or first.boot.id != sample.began.id or elapsed_s < DRIFT_AFTER_S:
        return None
    return (ms - before) / 1000 * 86_400 / elapsed_s
