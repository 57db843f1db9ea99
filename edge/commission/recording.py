"""What a visit to a device said, as a file for support: one JSON object a line, `t` in seconds.

    {"recording": 1, "driver": "zk", "release": "0.1.0", "at": "2026-11-26T09:00:00+08:00"}
    {"t": 0.004, "dir": ">", "packet": "e803…"}            ZK: a packet without its TCP frame
    {"t": 0.005, "dir": "<", "command": 1501, …, "withheld": {"why": "person", "length": 1008, …}}
    {"t": 0.1, "dir": "<", "status": 200, "body": "…"}     HTTP: an answer

What may stand in it is decided by the driver (`drivers/tape.py`): here nothing can be left out any more.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

from drivers.tape import Direction

ENTRIES_MAX, BYTES_MAX = 5_000, 16 << 20


class Recording:
    """A tape in memory; what comes after its end is counted and left out."""

    def __init__(self, driver: str, release: str, at: str) -> None:
        self._began = monotonic()
        self._lines = [_line({"recording": 1, "driver": driver, "release": release, "at": at})]
        self._bytes = 0
        self.entries = self.withheld = self.missed = 0

    def keep(self, direction: Direction, entry: Mapping[str, object]) -> None:
        """See `drivers.tape.Tape`."""
        line = _line({"t": round(monotonic() - self._began, 4), "dir": direction, **entry})
        if self.entries >= ENTRIES_MAX or self._bytes + len(line) > BYTES_MAX:
            self.missed += 1
            return
        self._lines.append(line)
        self._bytes += len(line)
        self.entries += 1
        self.withheld += "withheld" in entry

    def write(self, path: Path) -> None:
        """A new file for the one who asked alone; OSError, also where there is one already."""
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(made, "w", encoding="utf-8") as file:
            file.writelines(self._lines)
            if self.missed:
                file.write(_line({"missed": self.missed}))


def _line(told: Mapping[str, object]) -> str:
    return json.dumps(told, ensure_ascii=True) + "\n"
