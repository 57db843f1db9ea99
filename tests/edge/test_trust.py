"""Who vouches for a clock, and how far a device's is off: every rule, with its edge."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge.clock.offsets import Jump, Offset, at_stamp, measured, shifted
from edge.clock.trust import BUILT, HELD_S, Boot, Kept, Sample, objection, source, suspicion, within, word

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2027, 3, 1, 12, 0, tzinfo=ZONE)
HERE = Sample(NOON, 5000.0, "boot-1")


def later(seconds: float, step_s: float = 0.0, boot: str = "boot-1") -> Sample:
    return Sample(NOON + timedelta(seconds=seconds + step_s), 5000.0 + seconds, boot)


def test_the_kernel_or_the_configuration_is_believed() -> None:
    assert source(HERE, True, False, Kept(), None) == "kernel"
    assert source(HERE, False, True, Kept(), None) == "system"
    assert source(HERE, False, False, Kept(), None) == ""


@pytest.mark.parametrize(
    ("sample", "holds"),
    [
        (later(0), True),
        (later(40 * 86_400), True),
        (later(60, step_s=1.9), True),
        (later(60, step_s=2.1), False),
        (later(60, step_s=-3600), False),
        (later(60, boot="boot-2"), False),
    ],
)
def test_a_confirmation_holds_until_a_step_or_a_reboot(sample: Sample, holds: bool) -> None:
    told = source(sample, False, False, Kept(confirmed=word(HERE)), None)
    assert told == ("technician" if holds else "")


def test_the_kernels_word_holds_for_a_week_without_a_step() -> None:
    held = word(HERE)
    assert source(later(HELD_S), False, False, Kept(), held) == "held"
    assert source(later(HELD_S + 1), False, False, Kept(), held) == ""
    assert source(later(60, step_s=60), False, False, Kept(), held) == ""


@pytest.mark.parametrize("always", [True, False])
def test_no_time_before_the_release_or_the_newest_believed_is_now(always: bool) -> None:
    early = Sample(BUILT - timedelta(seconds=1), 30.0, "boot-1")
    assert source(early, True, always, Kept(confirmed=word(early)), word(early)) == ""
    kept = Kept(newest=NOON, confirmed=word(later(-1)))
    assert source(later(-1), True, always, kept, None) == ""
    assert source(later(0), True, always, kept, None) == "kernel"
    assert objection(NOON, NOON + timedelta(seconds=1)) == "before_newest"
    assert objection(BUILT - timedelta(1), None) == "before_build"
    assert objection(NOON, None) == ""


@pytest.mark.parametrize(
    ("offsets", "off"),
    [
        ([], None),
        ([-90_000], None),
        ([-90_000, -91_000], -90_000),
        ([-90_000, -91_000, 200], -90_000),
        ([-90_000, 300, 200], None),
        ([-90_000, 90_000], None),
        ([3_600_000, 3_600_500, 3_599_000, 10, 20], 3_599_000),
        ([-59_000, -59_500], None),
    ],
)
def test_terminals_raise_suspicion_where_most_of_them_agree(offsets: list[int], off: int | None) -> None:
    assert suspicion(offsets) == off


@pytest.mark.parametrize(
    ("hours", "moment", "inside"),
    [
        ("02:00-05:00", time(2, 0), True),
        ("02:00-05:00", time(4, 59, 59), True),
        ("02:00-05:00", time(5, 0), False),
        ("22:00-05:00", time(23, 30), True),
        ("22:00-05:00", time(4, 0), True),
        ("22:00-05:00", time(12, 0), False),
    ],
)
def test_quiet_hours_may_pass_midnight(hours: str, moment: time, inside: bool) -> None:
    assert within(hours, moment) is inside


def test_a_step_of_ours_moves_no_terminal() -> None:
    offset = Offset(-96_000, HERE.began, 5000.0, 5000.0)
    assert shifted(offset, later(60).began) == -96_000
    assert shifted(offset, later(60, step_s=3600).began) == -96_000 - 3_600_000
    assert shifted(None, HERE.began) is None


def test_a_measurement_moves_what_is_known_only_as_far_as_it_must() -> None:
    first, jump = measured(1000, HERE, None, None)
    assert (first.ms, jump) == (1000, None)
    assert measured(1400, later(60), first, None)[0].ms == 1000
    assert measured(1800, later(60), first, None)[0].ms == 1300
    far, jump = measured(-60_000, later(60), first, None)
    assert (far.ms, jump) == (-60_000, Jump(first, 5060.0))


def test_a_record_is_dated_by_the_clock_that_stamped_it() -> None:
    known = Offset(0, HERE.began, 5000.0, 4000.0)
    after, jump = measured(-3_600_000, later(60), known, None)
    now = later(70)

    def offset(seconds: float) -> int | None:
        return at_stamp(NOON + timedelta(seconds=seconds), now, after, jump)

    assert offset(30) == 0, "before the jump was found"
    assert offset(-900) == 0, "read late, made while the old clock ran"
    assert offset(65 - 3600) == -3_600_000, "after it"
    assert offset(-86_400) == -3_600_000, "long ago: nobody knows, so the clock of now"
    assert at_stamp(NOON, now, after, None) == -3_600_000
    assert at_stamp(NOON, now, None, jump) is None


def test_the_boot_is_dated_by_the_wall_clock() -> None:
    assert HERE.began == Boot("boot-1", round((NOON.timestamp() - 5000) * 1000))
