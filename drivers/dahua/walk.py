"""One walk through the records of a span of time, request by request, in whatever order they come.

Pure but for the question it is given.

A reply that is as long as it may be says nothing of what follows: its span is cut in two, and each half is
asked for, until a reply is shorter. How much a firmware hands out at most is not believed but found out: the
first time a reply is longer than any that was proved whole, what should be empty beside it is asked for too.
"""

from collections.abc import Callable
from dataclasses import dataclass

from drivers.dahua.lines import Found
from drivers.dahua.records import Access, access

COUNT = 100
COUNT_MAX = 25_600
GROWS = 4
SLACK_S = 60
"""So far a record may lie outside what was asked for: firmwares round."""
Ask = Callable[[int, int, int], Found]


@dataclass(slots=True)
class Limits:
    """What is known of a firmware in this life. proved: so many records came whole; most: no more ever came.

    blind: it cannot be asked by time.
    """

    proved: int = 0
    most: int = COUNT_MAX
    blind: bool = False


class Walk:
    """From `begin` to `end` on the wall clock.

    whole_to: up to here all was handed out. fault: why not all was.
    """

    def __init__(self, ask: Ask, begin: int, end: int, shift_s: int, limits: Limits) -> None:
        self._ask, self._shift_s, self._limits = ask, shift_s, limits
        self._all = begin, end
        self._spans = [self._all]
        self._count = COUNT
        self.whole_to = begin
        self.fault = ""

    @property
    def done(self) -> bool:
        """Nothing is left to ask."""
        return not self._spans

    def step(self) -> list[Access]:
        """The records of one more request, as they came."""
        begin, end = self._spans[-1]
        reply = self._ask(begin, end, self._count)
        records = [access(told, self._shift_s) for told in reply.records]
        came = [record.at for record in records if record.at is not None]
        times = sorted(came)
        limits, many = self._limits, len(records)
        if times and not limits.blind and not begin - SLACK_S <= times[0] <= times[-1] <= end + SLACK_S:
            limits.blind, self._spans = True, [self._all]
            return records
        if reply.told != many and (reply.told is not None or not many):
            self.fault = f"it counts {reply.told} records and hands out {many}"
        if limits.proved < many < min(self._count, limits.most) and not limits.blind:
            self._prove(begin, end, times, many)
        if many >= min(self._count, limits.most):
            self._cut(begin, end, came)
        else:
            self._take(end, many, reply.total)
        return records

    def _prove(self, begin: int, end: int, times: list[int], many: int) -> None:
        """Is there nothing beside these? Else a reply of this length is as long as it may be."""
        beside = [(times[-1] + 1, end), (begin, times[0] - 1)] if times else []
        more = any(self._ask(*span, 1).records for span in beside if span[0] <= span[1])
        self._limits.most, self._limits.proved = (many, 0) if more else (self._limits.most, many)

    def _take(self, end: int, many: int, total: int | None) -> None:
        """The span is whole."""
        if self._limits.blind and many and many * GROWS == self._count:
            self.fault = f"it hands out {many} records again, however many are asked for"
        if total is not None and total > many:
            self.fault = f"it hands out {many} of {total} records"
        self._spans.pop()
        self._count = COUNT
        self.whole_to = end

    def _cut(self, begin: int, end: int, came: list[int]) -> None:
        """The older half is asked for first; where a span cannot be cut, more is asked for at once."""
        if begin < end and not self._limits.blind:
            middle = max(begin, min(_middle(begin, end, came), end - 1))
            self._spans[-1:] = [(middle + 1, end), (begin, middle)]
        elif self._count < min(COUNT_MAX, self._limits.most):
            self._count *= GROWS
        else:
            self.fault = f"it hands out no more than {min(self._count, self._limits.most)} records"
            self._spans.pop()
            self._count = COUNT


def _middle(begin: int, end: int, came: list[int]) -> int:
    """Where to cut, so that one half holds little less than a reply may."""
    if came and came == sorted(came):
        return came[-1] - 1
    if came and came == sorted(came, reverse=True):
        return came[-1]
    return (begin + end) // 2
