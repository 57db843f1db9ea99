"""What goes upstream next, and what may be retired. Pure: told of every fact, it reads no clock and no disk.

Rules: a row is retired by the receipts of every application in `confirm`, or by the broker's PUBACK where
none is asked to confirm; what is in flight is a sliding window; whatever is not retired is sent again.
Positions are those of the store (epoch number and sequence in one integer).
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from edge.store.reads import Row

BROKER = ""
"""Stands among the applications where nobody else confirms."""
WINDOW_MAX = 100
WINDOW_FIRST = 4.0
IN_FLIGHT_MAX_S = 2.0
STALL_S = (10.0, 3600.0)
"""(first, longest) wait for a receipt before everything unconfirmed is sent again."""
REPLAY_AGAIN_S = 5.0

Span = tuple[int, int]
"""First and last position, both included."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """A receipt that fits our chain, in positions of our log."""

    n: int
    upto: int
    also: tuple[Span, ...]
    want: tuple[Span, ...]


@dataclass(slots=True)
class Confirmation:
    """What one application holds: everything up to `upto`, and the spans `also` above it."""

    n: int = 0
    upto: int = 0
    also: tuple[Span, ...] = ()

    def covers(self, position: int) -> bool:
        """Whether the application has this one."""
        return position <= self.upto or any(first <= position <= last for first, last in self.also)


@dataclass(slots=True)
class Outbox:
    """The state of sending in one life of the daemon; owned by the uplink's thread.

    `confirmations` has one entry for each name in `confirm`, or BROKER alone.
    """

    confirmations: dict[str, Confirmation]
    limit: int = WINDOW_MAX
    sent: int = 0
    window: float = WINDOW_FIRST
    in_flight: dict[int, float] = field(default_factory=dict)
    _replay: deque[Span] = field(default_factory=deque)
    _replayed: dict[Span, float] = field(default_factory=dict)
    _stall_s: float = STALL_S[0]
    _progress_at: float = 0.0
    _slowed_at: float = 0.0

    def __post_init__(self) -> None:
        self.sent = max(self.sent, self.retired)

    @property
    def retired(self) -> int:
        """Up to here every application has everything."""
        return min(confirmation.upto for confirmation in self.confirmations.values())

    def next(self, read: Callable[[int, int], Sequence[Row]], newest: int) -> list[Row]:
        """The rows to publish now, as far as the window has room; `read(after, limit)` reads the log."""
        room = int(min(self.window, self.limit)) - len(self.in_flight)
        rows: list[Row] = []
        while room > len(rows) and self._replay:
            first, last = self._replay.popleft()
            found = [row for row in read(first - 1, room - len(rows)) if row.position <= last]
            rows += found
            if found and found[-1].position < last:
                self._replay.appendleft((found[-1].position + 1, last))
        while room > len(rows) and self.sent < newest:
            found = list(read(self.sent, room - len(rows)))
            self.sent = found[-1].position if found else newest
            rows += [row for row in found if not self._covered(row.position)]
        return rows

    def published(self, position: int, now: float) -> None:
        """A row was handed to the broker connection."""
        self.in_flight[position] = now

    def acknowledged(self, position: int, now: float) -> None:
        """The broker took a row (PUBACK): room in the window, and retired where nobody else confirms."""
        sent_at = self.in_flight.pop(position, None)
        if sent_at is not None:
            self._adapt(now - sent_at, now)
        broker = self.confirmations.get(BROKER)
        if broker is not None:
            broker.upto = max(broker.upto, min([self.sent, *(first - 1 for first in self.in_flight)]))

    def refused(self, position: int) -> None:
        """The broker answered a row with a failure: it is kept and goes first when sending goes on."""
        self.in_flight.pop(position, None)
        self.sent = min(self.sent, position - 1)

    def disconnected(self) -> None:
        """What was in flight has an unknown fate: it is sent again first."""
        if self.in_flight:
            self.sent = min(self.sent, min(self.in_flight) - 1)
        self.in_flight.clear()
        self.window = WINDOW_FIRST

    def unanswered_s(self, now: float) -> float:
        """How long the oldest row in flight has waited for its PUBACK."""
        return now - min(self.in_flight.values(), default=now)

    def confirmed(self, app: str, receipt: Fitting, now: float) -> bool:
        """Obey a receipt that fits our chain; False when it is old. A lower `upto` is a restored consumer."""
        confirmation = self.confirmations.get(app)
        if confirmation is None or receipt.n <= confirmation.n:
            return False
        if receipt.upto < confirmation.upto:
            self.sent = min(self.sent, receipt.upto)
        if receipt.upto > confirmation.upto:
            self._stall_s = STALL_S[0]
        self._progress_at = now
        confirmation.n, confirmation.upto, confirmation.also = receipt.n, receipt.upto, receipt.also
        self.sent = max(self.sent, self.retired)
        self._want(receipt.want, now)
        return True

    def resend_if_stalled(self, now: float, newest: int) -> bool:
        """Send everything unconfirmed again when receipts are due and none came; waits double."""
        idle = self.in_flight or self._replay or self.sent < newest or self.retired >= newest
        if BROKER in self.confirmations or idle:
            self._progress_at = max(self._progress_at, now if idle else 0.0)
            return False
        if now - self._progress_at < self._stall_s:
            return False
        self._stall_s = min(self._stall_s * 2, STALL_S[1])
        self._progress_at = now
        self.sent = self.retired
        return True

    def receipts_due_soon(self) -> None:
        """A consumer said that it is there: look for its receipt at the shortest interval again."""
        self._stall_s = STALL_S[0]

    def _want(self, want: Sequence[Span], now: float) -> None:
        """Queue what an application misses, unless it was replayed a moment ago or is still to be sent."""
        self._replayed = {span: at for span, at in self._replayed.items() if now - at < REPLAY_AGAIN_S}
        for first, last in want:
            span = (first, min(last, self.sent))
            if span[0] <= span[1] and span not in self._replayed:
                self._replayed[span] = now
                self._replay.append(span)

    def _covered(self, position: int) -> bool:
        return all(confirmation.covers(position) for confirmation in self.confirmations.values())

    def _adapt(self, took_s: float, now: float) -> None:
        """Grow by one a PUBACK; halve when a message waited longer than the window may hold."""
        if took_s <= IN_FLIGHT_MAX_S:
            self.window = min(self.window + 1, self.limit)
        elif now - self._slowed_at > IN_FLIGHT_MAX_S:
            self.window, self._slowed_at = max(1.0, self.window / 2), now
