"""The wall clock of one daemon, moved while it runs; what is monotonic stays so. See `clock.c`."""

import functools
import os
import shutil
import subprocess
import sysconfig
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")


@functools.cache
def lacking() -> str:
    """Why it cannot be moved here, or ""."""
    if shutil.which("gcc") is None:
        return "gcc is not installed"
    if not sysconfig.get_config_var("HAVE_SEM_CLOCKWAIT"):
        return "this Python waits by the wall clock"
    return ""


class MovedClock:
    """The clock of the processes that get `environment`; true until it is set."""

    def __init__(self, folder: Path) -> None:
        self._library, self._offset = folder / "clock.so", folder / "clock.offset"
        command = [
            "gcc",
            "-shared",
            "-fPIC",
            "-O2",
            "-Wall",
            "-Werror",
            "-o",
            str(self._library),
            str(SOURCE),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    @property
    def environment(self) -> Mapping[str, str]:
        """What the process needs."""
        return {"LD_PRELOAD": str(self._library), "CLOCK_OFFSET_FILE": str(self._offset)}

    def set(self, moment: datetime, synchronised: bool | None = None) -> int:
        """It is `moment` (with zone) now, and goes on from there; returns by how many seconds it is off.

        synchronised: what the kernel says of it; None = what it says here.
        """
        off = int(moment.timestamp() - time.time())
        draft = self._offset.with_suffix(".new")
        draft.write_text(str(off) if synchronised is None else f"{off} {0 if synchronised else 5}")
        os.replace(draft, self._offset)
        return off
