"""What a visit to a device said, as a file for support: one JSON object a line, `t` in seconds.

    {"recording": 1, "driver": "zk", "release": "0.1.0", "at": "2026-11-26T09:00:00+08:00"}
    {"t": 0.004, "dir": ">", "packet": "e803…"}            ZK: a packet without its TCP frame
    {"t": 0.005, "dir": "<", "command": 1501, …, "withheld": {"why": "person", "length": 1008, …}}
    {"t": 0.1, "dir": "<", "status": 200, "body": "…"}     HTTP: an answer
    {"t": 2.3, "dir": "<", "method": "POST", "path": …}    a terminal that calls: its request

What may stand in it is decided by the driver (`drivers/tape.py`): here nothing can be left out any more.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

import msgspec

from drivers.tape import Direction, Entry

ENTRIES_MAX, BYTES_MAX = 5_000, 16 << 20


class Recording:
    """A tape in memory; what comes after its end is counted and left out."""

    def __init__(self, driver: str, release: str, at: str, bytes_max: int = BYTES_MAX) -> None:
        self._began, self._bytes_max = monotonic(), bytes_max
        self._head: Entry = {"recording": 1, "driver": driver, "release": release, "at": at}
        self._entries: list[tuple[float, Direction, Entry]] = []
        self._bytes = 0
        self.missed = 0

    @property
    def entries(self) -> int:
        """How many there are."""
        return len(self._entries)

    @property
    def withheld(self) -> int:
        """How many of them do not say what was said."""
        return sum("withheld" in entry for _, _, entry in self._entries)

    def keep(self, direction: Direction, entry: Entry) -> None:
        """See `drivers.tape.Tape`."""
        size = len(_line(entry))
        if self.entries >= ENTRIES_MAX or self._bytes + size > self._bytes_max:
            self.missed += 1
            return
        self._entries.append((round(monotonic() - self._began, 4), direction, entry))
        self._bytes += size

    def text(self) -> str:
        """All of it."""
        entries = [_line({"t": moment, "dir": way, **entry}) for moment, way, entry in self._entries[:]]
        missed = [_line({"missed": self.missed})] if self.missed else []
        return "".join([_line(self._head), *entries, *missed])


class Recorded(msgspec.Struct, frozen=True):
    """What the daemon answers when it has recorded: the file, and how much of it there is."""

    text: str
    entries: int
    withheld: int


def write(path: Path, text: str) -> None:
    """A new file for the one who asked alone; OSError, also where there is one already."""
    made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(made, "w", encoding="utf-8") as file:
        file.write(text)


def _line(told: Mapping[str, object]) -> str:
    return json.dumps(told, ensure_ascii=True) + "\n"
