"""Our own clock: what time it is, and whether to believe it. `edge/clock/trust.py` decides, here it is read.

What must outlive the process lies in `clock.json` beside the database, written when it changes: a
confirmation, the beginning and the end of an unsynced time, and the newest time while the hall is busy.
"""

import ctypes
import logging
import os
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec

from edge.clock import trust
from edge.clock.trust import Boot, Kept, Objection, Sample, Source, Unsynced, Word
from edge.whole import read_kept, write_whole

LOG = logging.getLogger(__name__)

TIME_ERROR = 5
"""Return value of adjtimex(2) while the kernel's clock is not synchronised."""
FILE = "clock.json"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SAMPLE_TRIES = 3
SAMPLE_S = 0.01
"""Both clocks are read again when that took longer."""


def boot_id() -> str:
    """Which boot of the machine this is; where nobody tells, one of this process alone."""
    if told := os.environ.get("HALL_EDGE_BOOT_ID"):  # the unit hides /proc/sys from us
        return told
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return uuid4().hex


def kernel_synchronised() -> bool:
    """Whether the kernel says that its clock follows a time source (adjtimex(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    state: int = libc.adjtimex(ctypes.create_string_buffer(512))
    return state not in (-1, TIME_ERROR)


class WallClock:
    """The hall's wall clock. `trusted` decides time quality, and whether the uplink may connect.

    Without a `folder` nothing is kept. Any thread may call.
    """

    def __init__(
        self, zone: ZoneInfo, trusted: Literal["kernel", "system"], folder: Path | None = None
    ) -> None:
        self._zone, self._always = zone, trusted == "system"
        self._path = folder / FILE if folder else None
        self._boot = boot_id()
        self._lock = threading.Lock()
        self._held: Word | None = None
        self.kept = self._read()

    def now(self) -> datetime:
        """This moment, in the hall's zone."""
        return datetime.now(self._zone)

    def zone(self, name: str = "") -> ZoneInfo:
        """The zone of a device, or the hall's where it has none of its own."""
        return ZoneInfo(name) if name else self._zone

    def text(self) -> str:
        """This moment as ISO 8601, whole seconds."""
        return self.now().isoformat(timespec="seconds")

    def trusted(self) -> bool:
        """Whether what `now` says may be believed."""
        return bool(self.source())

    def source(self) -> Source:
        """Who vouches for it now."""
        return self.look()[1]

    def look(self) -> tuple[Sample, Source]:
        """This moment, and who vouches for it."""
        sample, kernel = self.sample(), kernel_synchronised()
        told = trust.source(sample, kernel, self._always, self.kept, self._held)
        if told == "kernel":
            self._held = trust.word(sample)
        return sample, told

    def sample(self) -> Sample:
        """Wall clock and time since the boot, read together."""
        for _ in range(SAMPLE_TRIES):
            before, wall = time.clock_gettime(time.CLOCK_BOOTTIME), self.now()
            after = time.clock_gettime(time.CLOCK_BOOTTIME)
            if after - before < SAMPLE_S:
                break
        return Sample(wall, (before + after) / 2, self._boot)

    def boot(self) -> Boot:
        """This boot, as the wall clock dates it now."""
        return self.sample().began

    def confirm(self, back: bool = False) -> Objection:
        """Somebody vouches for the present time; returns why that cannot be, or "".

        back: the newest time saved was itself wrong and is forgotten.
        """
        sample = self.sample()
        found = trust.objection(sample.wall, None if back else self.kept.newest)
        if not found:
            self._keep(newest=sample.wall, confirmed=trust.word(sample))
        return found

    def save_newest(self) -> None:
        """From now on no earlier time is believed; only while this one is."""
        sample, told = self.look()
        if told and (self.kept.newest is None or sample.wall > self.kept.newest):
            self._keep(newest=sample.wall)

    def save_unsynced(self, position: int | None) -> None:
        """Note where events begin whose time is not known yet; None when it has become known."""
        self._keep(unsynced=None if position is None else Unsynced(self._boot, position))

    @property
    def unsynced_from(self) -> int | None:
        """What `save_unsynced` noted in this boot."""
        noted = self.kept.unsynced
        return noted.position if noted and noted.boot == self._boot else None

    def _keep(self, **changes: object) -> None:
        with self._lock:
            self.kept = msgspec.structs.replace(self.kept, **changes)
            if self._path is None:
                return
            try:
                write_whole(self._path, msgspec.json.encode(self.kept))
            except OSError as error:  # a full disk must not stop the hall; it is written with the next change
                LOG.error("%s cannot be written: %s", self._path, error)

    def _read(self) -> Kept:
        kept = (
            read_kept(self._path, Kept, "it is as if nobody had confirmed the time") if self._path else None
        )
        return kept or Kept()
