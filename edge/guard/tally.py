"""What a device holds, counted by day as it is emitted: the terminal's side of the account. Pure.

A count stands only when the pass over everything was complete; then it says how many records bear each day
(identical ones each by itself), and which facts those are, as hashes that need no text.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import NamedTuple

KEPT_MAX = 32_768
"""Facts remembered of one terminal, those of the newest days: 256 KB."""
Mark = int


def mark(fact: str) -> Mark:
    """A fact as 64 bits, in this process alone: the keyed hash by which it stands in sets anyway."""
    return hash(fact)


class Counted(NamedTuple):
    """A complete count. began: the device's naive clock when the pass began.

    records: day (of its clock) -> records. facts: day -> marks of different facts, the newest days alone.
    rejected: records that made no sense, so bear no day. oldest: the earliest time there, "" if none.
    """

    serial: str
    began: str
    records: Mapping[str, int]
    facts: Mapping[str, Iterable[Mark]]
    rejected: int
    oldest: str = ""

    @property
    def total(self) -> int:
        """All records on the device."""
        return sum(self.records.values()) + self.rejected

    def on(self, day: str) -> frozenset[Mark] | None:
        """The facts of a day; None where that is not remembered."""
        if day in self.facts or day not in self.records:
            return frozenset(self.facts.get(day, ()))
        return None


class Tally:
    """A pass that is under way."""

    def __init__(self) -> None:
        self._records: Counter[str] = Counter()
        self._facts: dict[str, array[int]] = {}
        self._rejected = 0
        self._oldest = ""

    @classmethod
    def after(cls, counted: Counted, day: str) -> "Tally":
        """One that need not pass over what lies before `day`: that is as it was counted."""
        made = cls()
        made._records.update({each: count for each, count in counted.records.items() if each < day})
        made._facts = {each: array("q", facts) for each, facts in counted.facts.items() if each < day}
        made._oldest = counted.oldest if counted.oldest[:10] < day else ""
        return made

    def add(self, punches: Iterable[tuple[str, str, int]], rejected: int) -> None:
        """Records as `(device time, fact, copies)`, and how many more made no sense."""
        self._rejected += rejected
        for day, of_day in groupby(punches, lambda punch: punch[0][:10]):
            found = list(of_day)
            self._oldest = min([self._oldest or found[0][0], *[told for told, _, _ in found]])
            self._records[day] += sum(copies for _, _, copies in found)
            self._facts.setdefault(day, array("q")).extend(mark(fact) for _, fact, _ in found)

    def counted(self, serial: str, began: str) -> Counted:
        """The pass was complete."""
        kept: dict[str, array[int]] = {}
        room = KEPT_MAX
        for day in sorted(self._facts, reverse=True):
            room -= len(self._facts[day])
            if room < 0:
                break
            kept[day] = self._facts[day]
        return Counted(serial, began, dict(self._records), kept, self._rejected, self._oldest)
