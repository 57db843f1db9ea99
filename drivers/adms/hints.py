"""What was pushed and not yet seen in the terminal's own log. Pure.

A push proves nothing: anybody in the network can claim to be the terminal. It counts once the terminal
lists the same record in answer to a question of ours; what was pushed before the question and is not in the
whole answer, is missing: a person must look.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from drivers.base import Reading

HEARD_MAX = 2000
"""More than that are not told apart, and the newest are kept: old ones that no log will ever show hold up no
proof. The store knows of each by itself."""
LOOSE_MAX = 64
"""So many keys are as good as any text; more are packed."""
TIME = len("2026-11-20T08:00:00")
"""A key begins with the device time of its record."""


class Span(NamedTuple):
    """The device times of the first and the last of what waits."""

    first: str
    last: str


class Keys:
    """Different keys of readings, in order: as sets those of 200 terminals were 15 MB, as plain text 3 MB."""

    __slots__ = ("_loose", "_packed")

    def __init__(self) -> None:
        self._loose: list[str] = []
        self._packed = b""

    def __bool__(self) -> bool:
        return bool(self._loose or self._packed)

    def __iter__(self) -> Iterator[str]:
        packed = zlib.decompress(self._packed).decode().split("\n") if self._packed else []
        return iter(sorted({*packed, *self._loose}))

    def add(self, keys: Iterable[str]) -> None:
        """These too."""
        self._loose.extend(keys)
        if len(self._loose) > LOOSE_MAX:
            self.hold(self)

    def hold(self, keys: Iterable[str]) -> None:
        """These, and no others."""
        found = sorted({*keys})[-HEARD_MAX:]
        few = len(found) <= LOOSE_MAX
        self._loose = found if few else []
        self._packed = b"" if few else zlib.compress("\n".join(found).encode(), 1)


class Hints:
    """Those of one life."""

    def __init__(self) -> None:
        self._heard, self._asked, self._missing = Keys(), Keys(), Keys()

    def hear(self, readings: Iterable[Reading]) -> None:
        """Something was pushed, and is stored as unconfirmed."""
        self._heard.add(reading.key for reading in readings)

    def show(self, readings: Iterable[Reading]) -> None:
        """The terminal lists it in its log."""
        waiting = [keys for keys in (self._heard, self._asked, self._missing) if keys]
        shown = {reading.key for reading in readings} if waiting else set()
        for keys in waiting:
            keys.hold(key for key in keys if key not in shown)

    def span(self, since: str) -> Span | None:
        """What a question about all from `since` on must cover; None where nothing waits."""
        times = [key[:TIME] for key in self._heard if key[:TIME] >= since]
        return Span(min(times), max(times)) if times else None

    def ask(self, since: str) -> None:
        """A question covers all that was heard so far and is not older than `since`."""
        heard = list(self._heard)
        self._asked.hold(key for key in heard if key[:TIME] >= since)
        self._heard.hold(key for key in heard if key[:TIME] < since)

    def judge(self) -> None:
        """The answer is whole: what it did not show is missing."""
        self._missing.add(self._asked)
        self._asked.hold(())

    def give_up(self) -> None:
        """There is no whole answer: it waits for the next question."""
        self._heard.add(self._asked)
        self._asked.hold(())

    def told(self) -> str:
        """How many are missing, and the first of them."""
        missing = list(self._missing)
        return f"{len(missing)}: {missing[0]}" if missing else ""
