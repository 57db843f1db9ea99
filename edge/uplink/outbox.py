"""What goes upstream next, and in which lane. Pure: told of every fact, it reads no clock and no disk.

Rules: whatever is not retired is sent again. Lanes over one sliding window: urgent rows before all others,
even where the line is full; fresh rows at once, one to a message; what was asked for again; the backlog in
parcels as large as the consumers take. Positions are those of the store (epoch and sequence in one integer).
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from edge.store import Number
from edge.uplink.ahead import Ahead
from edge.uplink.aside import Aside
from edge.uplink.confirmations import BROKER, PASSES_MAX, Confirmation, Fitting, Passed, Span
from edge.uplink.stall import Stall
from edge.uplink.window import WINDOW_MAX, Parcel, Window

PARCEL_MAX = 200
FRESH_MAX = 200
"""More rows at once than this are a backlog, not news."""
REPLAY_AGAIN_S = 5.0
URGENT_MAX = 1000
STRIKES_MAX = 3
CONVICTED_MAX = 3
"""So many rows in a row broke the connection: now it may be the broker's fault, and waits grow again."""

Read = Callable[[int, int], Sequence[Number]]
"""`read(after, limit)`: the next numbers of the log."""


@dataclass(slots=True)
class Outbox:
    """The state of sending in one life of the daemon; owned by the uplink's thread.

    confirmations: one for each name in `confirm`, or BROKER alone. parcel_max: PARCEL_MAX where all of them
    take batches, else 1. sent: the live lane stands here; `behind`: older, still to send. `urgent` is first
    (URGENT_MAX wait); `replay` goes again though it is confirmed.
    """

    confirmations: dict[str, Confirmation]
    parcel_max: int = 1
    sent: int = 0
    window: Window = field(default_factory=Window)
    aside: Aside = field(default_factory=Aside)
    urgent: deque[int] = field(default_factory=lambda: deque(maxlen=URGENT_MAX))
    replay: deque[Span] = field(default_factory=deque)
    behind: deque[Span] = field(default_factory=deque)
    ahead: Ahead = field(default_factory=Ahead)
    _overtook: set[int] = field(default_factory=set)
    _missing: dict[str, deque[Span]] = field(default_factory=dict)
    _asked_at: dict[str, float] = field(default_factory=dict)
    _passed: Passed = field(default_factory=Passed)
    _strikes: Counter[int] = field(default_factory=Counter)
    _convicted: int = 0
    _stall: Stall = field(default_factory=Stall)

    @property
    def retired(self) -> int:
        """Up to here every application has everything."""
        return min(confirmation.upto for confirmation in self.confirmations.values())

    def hurry(self, positions: Iterable[int]) -> None:
        """These cannot wait; what the live lane has passed already, and is not behind, is under way."""
        for place in positions:
            if place > self.sent or any(first <= place <= last for first, last in self.behind):
                self.urgent.append(place)

    def fall_behind(self, newest: int) -> None:
        """What is stored up to here and was not yet sent is no longer fresh: it joins the backlog."""
        if self.sent < newest:
            self.behind.append((self.sent + 1, newest))
            self.sent = newest

    def next(self, read: Read, newest: int, most: int = WINDOW_MAX) -> list[Parcel]:
        """The messages to publish now, `most` at once, as the window has room: in flight from here on."""
        parcels: list[Parcel] = []
        try:
            self._fill(parcels, read, newest, most)
        finally:  # also where a read failed: what was taken from a lane is sent again
            self.window.hand_out(parcels)
        return parcels

    def _fill(self, parcels: list[Parcel], read: Read, newest: int, most: int) -> None:
        if newest - self.sent > FRESH_MAX:
            self.fall_behind(newest)
        room, urgent_room = min(most, self.window.room), min(most, self.window.urgent_room)
        if self._strikes:
            room = urgent_room = 1 - len(self.window.in_flight)
        while self.urgent and urgent_room > len(parcels):
            parcels += self._hurried(read)
        while room > len(parcels) and self.sent < newest:
            rows = self._fresh(read, room - len(parcels), newest)
            parcels += [(row,) for row in rows if not self._held(row.position)]
        for spans, skip in self._lanes():
            while room > len(parcels) and spans and not (spans is self.behind and self._too_far_ahead()):
                floor = self.retired if spans is self.behind else 0
                parcels += filter(None, [self._stretch(read, spans, skip, floor)])

    def published(self, parcel: Parcel, now: float) -> None:
        """A parcel was handed to the broker connection."""
        self.window.published(parcel, now)
        if self.behind and parcel[-1].position < self.behind[0][0]:
            self.ahead.sent(parcel[-1].position, now)

    def acknowledged(self, first: int, now: float, heard: bool = True) -> None:
        """The broker took a parcel (PUBACK), `heard` by somebody: room, and retired where nobody confirms."""
        if parcel := self.window.answered(first, now):
            self._strikes.pop(first, None)
            self._convicted = 0
            if heard and (BROKER in self.confirmations or self._covered(first)):
                self.aside.delivered(first)
            places = (row.position for row in parcel if row.body and not self.aside.withholds(row.position))
            for place in self._passed.acknowledged(places, self.confirmations.values()):
                self._set_aside(place, f"{PASSES_MAX} times acknowledged and never confirmed")
        if (broker := self.confirmations.get(BROKER)) is not None:
            open_ends = [*self.window.in_flight, *self.aside.mute, *(span[0] for span in self.behind)]
            broker.upto = max(broker.upto, min([self.sent, *(place - 1 for place in open_ends)]))
            self._overtook = {place for place in self._overtook if place > broker.upto}

    def refused(self, parcel: Parcel, why: str) -> None:
        """The broker answered a parcel with a failure, or it is too large: the rest goes on without it.

        A parcel of many goes again row by row; a single row is parked, and withheld from now on.
        """
        first = parcel[0].position
        self.window.in_flight.pop(first, None)
        self._strikes.pop(first, None)
        if len(parcel) > 1:
            self._row_by_row(parcel)
        elif self.aside.withholds(first) or not parcel[0].body:
            self.aside.mute.add(first)
        else:
            self._set_aside(first, why)

    def unmute(self) -> None:
        """Try again where the broker took neither a row nor word of it."""
        for place in reversed(self.aside.unmute()):
            self._later(place, place)

    def requeue(self, positions: Iterable[int]) -> None:
        """Send the originals of what is parked, each under its own number."""
        self.replay.extend((place, place) for place in self.aside.requeue(positions))

    def disconnected(self, blameless: bool = False) -> None:
        """What was in flight has an unknown fate: it is sent again, now one message at a time.

        So the next message with which a connection ends is alone in flight, and known: a parcel then goes row
        by row, and a row with which three connections ended is taken for poison and parked. A PUBACK clears.
        blameless: the end has a known reason that is none of them.
        """
        alone = len(self.window.in_flight) == 1
        for first, flight in self.window.lost():
            if not blameless:
                self._strikes[first] += 1
            if blameless or not alone:
                self._later(first, flight.parcel[-1].position)
            elif len(flight.parcel) > 1 or self._strikes[first] < STRIKES_MAX:
                self._row_by_row(flight.parcel)
            else:
                self.refused(flight.parcel, f"{STRIKES_MAX} connections ended with it")
                self._convicted += 1

    def acquit(self) -> None:
        """No message was to blame for the connections that ended."""
        self._strikes.clear()

    @property
    def isolating(self) -> bool:
        """Whether few more connections will show which message ends them."""
        return bool(self._strikes) and self._convicted < CONVICTED_MAX

    def confirmed(self, app: str, receipt: Fitting, now: float) -> bool:
        """Obey a receipt that fits our chain; False when it is old. A lower `upto` is a restored consumer."""
        confirmation = self.confirmations.get(app)
        if confirmation is None or receipt.n <= confirmation.n:
            return False
        came, rewound = receipt.upto > confirmation.upto, receipt.upto < confirmation.upto
        if (receipt.upto, receipt.also) != (confirmation.upto, confirmation.also):
            self._stall.progress_at = now
        confirmation.n, confirmation.upto, confirmation.also = receipt.n, receipt.upto, receipt.also
        self.sent = max(self.sent, self.retired)
        self.ahead.confirmed(self.retired, now)
        if came:
            self._stall.came(self.ahead.lag_s)
        self._overtook = {place for place in self._overtook if not self._covered(place)}
        if rewound:
            self._again(receipt.upto)
        self.want(app, receipt.want, now)
        self.aside.told_by(app, receipt.refused, receipt.withheld)
        return True

    def want(self, app: str, want: Sequence[Span], now: float) -> None:
        """What an application misses now, in place of what it missed before; not twice in a moment.

        What it asks for though it says that it holds it, it gets all the same; so does BROKER, which speaks
        for plain subscribers.
        """
        if want and now - self._asked_at.get(app, -REPLAY_AGAIN_S) < REPLAY_AGAIN_S:
            return
        spans = [(first, min(last, self.sent)) for first, last in want if first <= self.sent]
        held = [span for span in spans if app == BROKER or self.confirmations[app].covers(span[0])]
        self.replay.extend(span for span in held if span not in self.replay)
        self._missing[app] = deque(span for span in spans if span not in held)
        if want:
            self._asked_at[app] = now

    def resend_if_stalled(self, now: float, newest: int) -> bool:
        """Send everything unconfirmed again when receipts are due and none came; waits grow."""
        sending = bool(self.behind) and not self._too_far_ahead()
        wanted = bool(self.replay) or any(self._missing.values())
        busy = self.window.in_flight or wanted or sending or self.sent < newest or self.retired >= newest
        if BROKER in self.confirmations or busy:
            self._stall.progress_at = max(self._stall.progress_at, now if busy else 0.0)
            return False
        held, mute = self.confirmations.values(), self.aside.mute
        if not self._stall.due(now) or all(each.lacks_only(mute, newest) for each in held):
            return False
        self._stall.resent(now)
        self._again(self.retired)
        return True

    def receipts_due_soon(self) -> None:
        """A consumer is there: look for its receipt soon, and send again what was queued and not heard."""
        self._stall.soon()
        self.requeue(self.aside.requeued)

    def _hurried(self, read: Read) -> list[Parcel]:
        place = self.urgent[0]
        rows = [row for row in read(place - 1, 1) if row.position == place and not self._held(place)]
        self.urgent.popleft()
        if rows:
            self._overtook.add(place)
            return [rows]
        self._strikes.pop(place, None)
        return []

    def _fresh(self, read: Read, limit: int, newest: int) -> list[Number]:
        rows = [row for row in read(self.sent, limit) if row.position <= newest]
        self.sent = rows[-1].position if rows else newest
        return rows

    def _lanes(self) -> list[tuple[deque[Span], Callable[[int], bool]]]:
        """What follows the fresh rows, in this order, and of each what is not sent."""
        asked = [(spans, self.confirmations[app].covers) for app, spans in self._missing.items() if app]
        return [(self.replay, self.aside.mute.__contains__), *asked, (self.behind, self._held)]

    def _stretch(self, read: Read, spans: deque[Span], skip: Callable[[int], bool], floor: int) -> Parcel:
        """The next parcel of some spans, which it shortens; empty where a stretch is held or mute."""
        first, last = spans[0]
        rows = read(max(first - 1, floor), self.parcel_max)
        spans.popleft()
        if rows and rows[-1].position > last:
            rows = [row for row in rows if row.position <= last]
        elif rows and rows[-1].position < last:
            spans.appendleft((rows[-1].position + 1, last))
        highest = max(confirmation.highest for confirmation in self.confirmations.values())
        if first <= highest or self._overtook or self.aside.mute:  # else each row is to go, unlooked at
            rows = [row for row in rows if not skip(row.position) and row.position not in self.aside.mute]
        if not rows or rows[0].position != first:
            self._strikes.pop(first, None)
        return rows

    def _set_aside(self, place: int, why: str) -> None:
        self.aside.park(place, why)
        self._later(place, place)

    def _later(self, first: int, last: int) -> None:
        """Send this parcel once more, in the lane it came from."""
        self._overtook.discard(first)
        if first in self.aside.requeued or self._covered(first):
            self.replay.appendleft((first, last))
        elif first > self.sent:
            self.urgent.appendleft(first)
        else:
            self.behind.appendleft((first, last))

    def _row_by_row(self, parcel: Parcel) -> None:
        """Send these again, each alone in its message."""
        for row in reversed(parcel):
            self._later(row.position, row.position)

    def _again(self, after: int) -> None:
        """Everything sent above `after` is to be sent once more."""
        self.behind = deque((first, min(last, after)) for first, last in self.behind if first <= after)
        self._strikes = Counter({first: n for first, n in self._strikes.items() if first <= after})
        self._overtook = {place for place in self._overtook if place > self.sent}
        if after < self.sent:
            self.behind.append((after + 1, self.sent))

    def _too_far_ahead(self) -> bool:
        """Whether the backlog waits for receipts."""
        return BROKER not in self.confirmations and self.ahead.too_far(self.behind[0][0], self.retired)

    def _covered(self, place: int) -> bool:
        return all(confirmation.covers(place) for confirmation in self.confirmations.values())

    def _held(self, place: int) -> bool:
        """Whether a row need not be sent: everybody has it, or it overtook and is under way."""
        return place in self._overtook or self._covered(place)
