"""Whether a wall clock may be believed, by what was seen of it and said for it. Pure.

Never before this release was built, nor before the newest time saved while it was believed. What somebody
vouched for holds as long as nobody steps the clock and the machine does not reboot; the monotonic clock
shows a step. Terminals may raise suspicion and nothing more.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Literal, NamedTuple

import msgspec

BUILT = datetime(2026, 11, 1, tzinfo=UTC)
"""No moment before this release can be now."""
STEP_S = 2.0
"""A wall clock that moved by more against the monotonic one was stepped."""
HELD_S = 7 * 86_400.0
"""How long the kernel's word holds after its source fell silent: the drift stays below a minute."""
SUSPECT_MS = 60_000
AGREE_MS = 30_000

Source = Literal["kernel", "technician", "system", "held", ""]
"""Who vouches for the clock; `held` = the kernel did a while ago, "" = nobody."""
Objection = Literal["before_build", "before_newest", ""]


class Boot(NamedTuple):
    """One boot of the machine. `wall_ms`: when it began by the present wall clock, ms since 1970."""

    id: str
    wall_ms: int


class Sample(NamedTuple):
    """Our clocks, read together: wall clock, and seconds since the boot `boot`."""

    wall: datetime
    uptime_s: float
    boot: str

    @property
    def began(self) -> Boot:
        """This boot, as the wall clock dates it now."""
        return Boot(self.boot, round((self.wall.timestamp() - self.uptime_s) * 1000))


class Word(msgspec.Struct, frozen=True):
    """Somebody vouched for the wall clock at this moment."""

    boot: str
    wall_ms: int
    uptime_s: float


class Unsynced(msgspec.Struct, frozen=True):
    """From this position of the log on there are events of this boot whose time is not known yet."""

    boot: str
    position: int


class Kept(msgspec.Struct, frozen=True):
    """What outlives the process. `newest`: the newest time saved while the clock was believed, ISO."""

    newest: datetime | None = None
    confirmed: Word | None = None
    unsynced: Unsynced | None = None


def word(sample: Sample) -> Word:
    """The word of somebody who says that the clock is right now."""
    return Word(sample.boot, sample.began.wall_ms, sample.uptime_s)


def holds(said: Word | None, sample: Sample) -> bool:
    """Whether the word still stands: the same boot, and no step since."""
    if said is None or said.boot != sample.boot:
        return False
    return abs(sample.began.wall_ms - said.wall_ms) <= STEP_S * 1000


def objection(wall: datetime, newest: datetime | None) -> Objection:
    """Why this cannot be the time, whoever says so; "" where nothing speaks against it."""
    if wall < BUILT:
        return "before_build"
    return "before_newest" if newest and wall < newest else ""


def source(sample: Sample, kernel: bool, always: bool, kept: Kept, held: Word | None) -> Source:
    """Who vouches for the clock. `kernel`: it says synchronised now. `held`: when it said so last."""
    if objection(sample.wall, kept.newest):
        return ""
    if kernel:
        return "kernel"
    if always:
        return "system"
    if holds(kept.confirmed, sample):
        return "technician"
    recent = held is not None and sample.uptime_s - held.uptime_s <= HELD_S
    return "held" if recent and holds(held, sample) else ""


def suspicion(offsets_ms: Sequence[int]) -> int | None:
    """By how much our clock seems off (ms, + = behind): what several and most terminals agree on."""
    if len(offsets_ms) < 2:
        return None
    middle = sorted(offsets_ms)[len(offsets_ms) // 2]
    agreeing = [offset for offset in offsets_ms if abs(offset - middle) <= AGREE_MS]
    several = len(agreeing) >= 2 and len(agreeing) * 2 > len(offsets_ms)
    return middle if several and abs(middle) > SUSPECT_MS else None


def within(hours: str, moment: time) -> bool:
    """Whether a time of day lies in `HH:MM-HH:MM`, which may pass midnight."""
    first, last = (time.fromisoformat(part) for part in hours.split("-"))
    moment = moment.replace(second=0, microsecond=0)
    return first <= moment < last if first <= last else moment >= first or moment < last
