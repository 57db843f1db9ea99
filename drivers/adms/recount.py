"""A cheap look at the whole log: a sum of what was counted before, then only what came since. Pure.

VERIFY SUM tells how many records a terminal holds of a period. It names none, so it confirms no push and
moves no watermark: it decides how much is asked for, and nothing else. Who answers it wrongly costs a whole
read; who answers as expected, though old records have come or gone, hides them until the next whole read,
WHOLE_EVERY_S at most.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

WHOLE_EVERY_S = 7 * 86_400.0
SUM_S = 20.0
"""So long an answer is waited for: it is one line, and the account waits for all that follows."""
SUM = "VERIFY SUM ATTLOG StartTime=2000-01-01 00:00:00\tEndTime={} 23:59:59"


class Sum(NamedTuple):
    """A sum that was asked for: how many are expected before `day`."""

    name: str
    day: str
    expected: int
    asked_s: float


class Recount:
    """Of one life. since: the day the look under way begins with; "" = the first record, None = not clear."""

    def __init__(self) -> None:
        self.since: str | None = None
        self._answers = True
        self._days: Counter[str] = Counter()
        self._day = ""
        self._whole_s = 0.0
        self._sum: Sum | None = None
        self._counting: Counter[str] | None = None

    def question(self, name: str, now_s: float) -> list[tuple[str, str]] | None:
        """What to ask first, under `name`; [] while an answer is awaited; None once `since` is clear."""
        if self.since is None and self._sum is None:
            expected = sum(count for day, count in self._days.items() if day < self._day)
            if self._answers and expected and now_s - self._whole_s < WHOLE_EVERY_S:
                self._sum = Sum(name, self._day, expected, now_s)
                return [(name, SUM.format(date.fromisoformat(self._day) - timedelta(days=1)))]
            self.since = ""
        if self._sum and now_s - self._sum.asked_s >= SUM_S:
            self._settled(self._sum, "", answered=False)
        return None if self.since is not None else []

    def told(self, name: str, code: int, values: Mapping[str, str]) -> None:
        """What the terminal says to a question."""
        if self._sum and self._sum.name == name:
            self._settled(self._sum, values.get("AttlogSum", "").strip(), answered=code >= 0)

    def _settled(self, asked: Sum, told: str, answered: bool) -> None:
        self._answers = answered
        self.since = asked.day if answered and told == str(asked.expected) else ""
        self._sum = None

    def begins(self) -> None:
        """The first pack of the log is here."""
        since = self.since or ""
        self._counting = Counter({day: count for day, count in self._days.items() if day < since})

    def count(self, times: Iterable[str]) -> None:
        """Records of a pack, by their device times."""
        if self._counting is not None:
            self._counting.update(time[:10] for time in times)

    def void(self) -> None:
        """What is under way can no longer be counted, and what was counted before is in doubt."""
        self._days, self._counting = Counter(), None

    def ended(self, until: str, now_s: float) -> None:
        """The look is over, and was complete up to `until` by the terminal's clock; "" where it was not.

        The next one begins with the day of the newest record, so that its answer is never empty.
        """
        if not until or not self._counting:
            self.void()
        else:
            self._days, self._counting = self._counting, None
            self._day = min(until[:10], max(self._days))
            self._whole_s = self._whole_s if self.since else now_s
        self.since = None
