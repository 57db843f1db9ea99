"""What goes upstream next, and what may be retired. Pure: told of every fact, it reads no clock and no disk.

Rules: a row is retired by the receipts of every application in `confirm`, or by the broker's PUBACK where
none is asked to confirm; whatever is not retired is sent again. Two lanes: fresh rows go at once, one to a
message; the backlog follows in parcels as large as the consumers take. Both share one sliding window.
Positions are those of the store (epoch number and sequence in one integer).
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from edge.ahead import Ahead
from edge.store import Row, epoch_of, position

BROKER = ""
"""Stands among the applications where nobody else confirms."""
WINDOW_MAX = 100
WINDOW_FIRST = 4.0
IN_FLIGHT_MAX_S = 2.0
PARCEL_MAX = 200
FRESH_MAX = 200
"""More rows at once than this are a backlog, not news."""
STALL_S = (10.0, 3600.0)
"""(first, longest) wait for a receipt before everything unconfirmed is sent again."""
REPLAY_AGAIN_S = 5.0
STRIKES_MAX = 3
CONVICTED_MAX = 3
"""So many rows in a row broke the connection: now it may be the broker's fault, and waits grow again."""

Span = tuple[int, int]
"""First and last position, both included."""
Read = Callable[[int, int], Sequence[Row]]
"""`read(after, limit)`: the next rows of the log."""
Parcel = Sequence[Row]
"""The rows of one message; named by the position of its first."""


class Flight(NamedTuple):
    """A parcel at the broker that is not answered yet."""

    parcel: Parcel
    sent_at: float


@dataclass(frozen=True, slots=True)
class Fitting:
    """A receipt that fits our chain, in positions of our log."""

    n: int
    upto: int
    also: tuple[Span, ...]
    want: tuple[Span, ...]
    refused: tuple[str, ...] = ()
    """What the application cannot use: number and reason."""
    head: str = ""
    """Chain hash at `upto`, hex: the application's word, and ours."""


def _never(_position: int) -> bool:
    return False


@dataclass(slots=True)
class Confirmation:
    """What one application holds: everything up to `upto`, and the spans `also` above it."""

    n: int = 0
    upto: int = 0
    also: tuple[Span, ...] = ()

    def covers(self, position: int) -> bool:
        """Whether the application has this one."""
        if position <= self.upto or not self.also:
            return position <= self.upto
        return any(first <= position <= last for first, last in self.also)


@dataclass(slots=True)
class Outbox:
    """The state of sending in one life of the daemon; owned by the uplink's thread.

    confirmations: one for each name in `confirm`, or BROKER alone. parcel_max: PARCEL_MAX where all of them
    take batches, else 1. sent: the live lane stands here; what is older and still to be sent is `behind`.
    parked: what was set aside, and why.
    """

    confirmations: dict[str, Confirmation]
    limit: int = WINDOW_MAX
    parcel_max: int = 1
    sent: int = 0
    window: float = WINDOW_FIRST
    in_flight: dict[int, Flight] = field(default_factory=dict)
    behind: deque[Span] = field(default_factory=deque)
    parked: dict[int, str] = field(default_factory=dict)
    ahead: Ahead = field(default_factory=Ahead)
    _wanted: dict[str, deque[Span]] = field(default_factory=dict)
    _wanted_at: dict[str, float] = field(default_factory=dict)
    _strikes: Counter[int] = field(default_factory=Counter)
    _convicted: int = 0
    _stall_s: float = STALL_S[0]
    _progress_at: float = 0.0
    _slowed_at: float = 0.0

    @property
    def retired(self) -> int:
        """Up to here every application has everything."""
        return min(confirmation.upto for confirmation in self.confirmations.values())

    def fall_behind(self, newest: int) -> None:
        """What is stored up to here and was not yet sent is no longer fresh: it joins the backlog."""
        if self.sent < newest:
            self.behind.append((self.sent + 1, newest))
            self.sent = newest

    def begin_anew(self, newest: int) -> None:
        """What is not retired stands under other numbers now, up to `newest`: nothing of it was sent."""
        for gone in (self.in_flight, self.behind, self.parked, self._wanted, self._strikes):
            gone.clear()
        for confirmation in self.confirmations.values():
            confirmation.also = ()
        self.sent = self.retired
        self.fall_behind(newest)

    def next(self, read: Read, newest: int) -> list[Parcel]:
        """The messages to publish now, as far as the window has room: fresh rows first."""
        if newest - self.sent > FRESH_MAX:
            self.fall_behind(newest)
        room = (1 if self._strikes else int(min(self.window, self.limit))) - len(self.in_flight)
        parcels: list[Parcel] = []
        while room > len(parcels) and self.sent < newest:
            rows = self._fresh(read, room - len(parcels), newest)
            parcels += [(row,) for row in rows if not self._covered(row.position)]
        for app, spans in self._wanted.items():
            while room > len(parcels) and spans:
                covers = self.confirmations[app].covers if app != BROKER else _never
                parcels += filter(None, [self._stretch(read, spans, covers)])
        while room > len(parcels) and self.behind and not self._too_far_ahead():
            parcels += filter(None, [self._stretch(read, self.behind, self._covered, self.retired)])
        return parcels

    def published(self, parcel: Parcel, now: float) -> None:
        """A parcel was handed to the broker connection."""
        self.in_flight[parcel[0].position] = Flight(parcel, now)
        if self.behind and parcel[-1].position < self.behind[0][0]:
            self.ahead.sent(parcel[-1].position, now)

    def acknowledged(self, first: int, now: float) -> None:
        """The broker took a parcel (PUBACK): room in the window, and retired where nobody else confirms."""
        flight = self.in_flight.pop(first, None)
        if flight is not None:
            self._strikes.pop(first, None)
            self._convicted = 0
            self._adapt(now - flight.sent_at, now)
        broker = self.confirmations.get(BROKER)
        if broker is not None:
            open_ends = [*self.in_flight, *self.parked, *(span[0] for span in self.behind)]
            broker.upto = max(broker.upto, min([self.sent, *(place - 1 for place in open_ends)]))

    def refused(self, parcel: Parcel, why: str) -> None:
        """The broker answered a parcel with a failure, or it is too large: the rest goes on without it.

        A parcel of many goes again row by row; a single row is parked until `unpark`.
        """
        self.in_flight.pop(parcel[0].position, None)
        self._strikes.pop(parcel[0].position, None)
        if len(parcel) == 1:
            self.parked[parcel[0].position] = why
        else:
            self._row_by_row(parcel)

    def unpark(self) -> None:
        """Try again what was set aside."""
        for place in sorted(self.parked, reverse=True):
            self.behind.appendleft((place, place))
        self.parked.clear()
        self._strikes.clear()

    def disconnected(self) -> None:
        """What was in flight has an unknown fate: it is sent again, now one message at a time.

        So the next message with which a connection ends is alone in flight, and known: a parcel then goes row
        by row, and a row with which three connections ended is taken for poison and parked. A PUBACK clears.
        """
        alone = len(self.in_flight) == 1
        for first, flight in sorted(self.in_flight.items(), reverse=True):
            self._strikes[first] += 1
            if not alone:
                self.behind.appendleft((first, flight.parcel[-1].position))
            elif len(flight.parcel) > 1 or self._strikes[first] < STRIKES_MAX:
                self._row_by_row(flight.parcel)
            else:
                self.refused(flight.parcel, f"{STRIKES_MAX} connections ended with it")
                self._convicted += 1
        self.in_flight.clear()
        self.window = WINDOW_FIRST

    @property
    def isolating(self) -> bool:
        """Whether few more connections will show which message ends them."""
        return bool(self._strikes) and self._convicted < CONVICTED_MAX

    def unanswered_s(self, now: float) -> float:
        """How long the oldest parcel in flight has waited for its PUBACK."""
        return now - min((flight.sent_at for flight in self.in_flight.values()), default=now)

    def confirmed(self, app: str, receipt: Fitting, now: float) -> bool:
        """Obey a receipt that fits our chain; False when it is old. A lower `upto` is a restored consumer."""
        confirmation = self.confirmations.get(app)
        if confirmation is None or receipt.n <= confirmation.n:
            return False
        rewound = receipt.upto < confirmation.upto
        if receipt.upto > confirmation.upto:
            self._stall_s = STALL_S[0]
        if (receipt.upto, receipt.also) != (confirmation.upto, confirmation.also):
            self._progress_at = now
        confirmation.n, confirmation.upto, confirmation.also = receipt.n, receipt.upto, receipt.also
        self.sent = max(self.sent, self.retired)
        self.ahead.confirmed(self.retired, now)
        if rewound:
            self._again(receipt.upto)
        self.want(app, receipt.want, now)
        return True

    def resend_if_stalled(self, now: float, newest: int) -> bool:
        """Send everything unconfirmed again when receipts are due and none came; waits grow."""
        sending = bool(self.behind) and not self._too_far_ahead()
        wanted = any(self._wanted.values())
        busy = self.in_flight or wanted or sending or self.sent < newest or self.retired >= newest
        if BROKER in self.confirmations or busy:
            self._progress_at = max(self._progress_at, now if busy else 0.0)
            return False
        if now - self._progress_at < self._stall_s or self._all_missing_are_parked(newest):
            return False
        self._stall_s = min(self._stall_s * 2, STALL_S[1])
        self._progress_at = now
        self._again(self.retired)
        return True

    def receipts_due_soon(self) -> None:
        """A consumer said that it is there: look for its receipt at the shortest interval again."""
        self._stall_s = STALL_S[0]

    def _fresh(self, read: Read, limit: int, newest: int) -> list[Row]:
        rows = [row for row in read(self.sent, limit) if row.position <= newest]
        self.sent = rows[-1].position if rows else newest
        return rows

    def _stretch(
        self, read: Read, spans: deque[Span], covered: Callable[[int], bool], floor: int = 0
    ) -> Parcel:
        """The next parcel of some spans, which it shortens; empty where a stretch is held or parked."""
        first, last = spans.popleft()
        rows = [row for row in read(max(first - 1, floor), self.parcel_max) if row.position <= last]
        if rows and rows[-1].position < last:
            spans.appendleft((rows[-1].position + 1, last))
        parcel = [row for row in rows if not covered(row.position) and row.position not in self.parked]
        if not parcel or parcel[0].position != first:
            self._strikes.pop(first, None)
        return parcel

    def _row_by_row(self, parcel: Parcel) -> None:
        """Send these again, each alone in its message."""
        self.behind.extendleft((row.position, row.position) for row in reversed(parcel))

    def _again(self, after: int) -> None:
        """Everything sent above `after` is to be sent once more."""
        self.behind = deque((first, min(last, after)) for first, last in self.behind if first <= after)
        self._strikes = Counter({first: n for first, n in self._strikes.items() if first <= after})
        if after < self.sent:
            self.behind.append((after + 1, self.sent))

    def want(self, app: str, want: Sequence[Span], now: float) -> None:
        """What an application misses now, in place of what it missed before; not twice in a moment.

        Where nobody confirms, plain subscribers ask as BROKER.
        """
        if want and now - self._wanted_at.get(app, -REPLAY_AGAIN_S) < REPLAY_AGAIN_S:
            return
        self._wanted[app] = deque((first, min(last, self.sent)) for first, last in want if first <= self.sent)
        if want:
            self._wanted_at[app] = now

    def _too_far_ahead(self) -> bool:
        """Whether the backlog waits for receipts: a broker drops what it must hold for too long."""
        first = self.behind[0][0]
        held = max(self.retired, position(epoch_of(first), 0))
        return BROKER not in self.confirmations and first - held > self.ahead.limit

    def _all_missing_are_parked(self, newest: int) -> bool:
        for held in self.confirmations.values():
            missing = newest - held.upto - sum(last - first + 1 for first, last in held.also)
            if missing != sum(not held.covers(place) for place in self.parked):
                return False
        return True

    def _covered(self, position: int) -> bool:
        for confirmation in self.confirmations.values():  # noqa: SIM110 - of each row: `all` takes twice as long
            if not confirmation.covers(position):
                return False
        return True

    def _adapt(self, took_s: float, now: float) -> None:
        """Grow by one a PUBACK; halve when a message waited longer than the window may hold."""
        if took_s <= IN_FLIGHT_MAX_S:
            self.window = min(self.window + 1, self.limit)
        elif now - self._slowed_at > IN_FLIGHT_MAX_S:
            self.window, self._slowed_at = max(1.0, self.window / 2), now
