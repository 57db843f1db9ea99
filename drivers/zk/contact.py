"""One contact with a terminal that said who it is: rounds, live events, orders.

A round asks the counter. The log is read at the first round, when the counter changed, on an order, and at
each round while the counter cannot tell. The clock is sampled around each read, and once a minute. It is set
only on the order `set_time`, right after a read, and measured again at once: what the read brought was
stamped by the old clock, what comes later by the new one. People too are changed right after a read: some
logs name a person by the row of the user table alone.
"""

from datetime import datetime
from time import monotonic

from drivers.base import STAFF, Link, Observation, Order
from drivers.zk.beside import Beside
from drivers.zk.commands import ATTENDANCE_EVENT, Commands, Identity
from drivers.zk.frames import Packet
from drivers.zk.options import ZkOptions
from drivers.zk.people import People
from drivers.zk.punches import readings
from drivers.zk.reader import Reader
from drivers.zk.records import Record, Sizes, decode_live
from drivers.zk.wire import SLICE_S, Wire

CLOCK_EVERY_S = 60.0
LIVE_LATE_S = 5.0
"""A live event that is older, or newer, by the clock as last seen: the clock is asked again."""
BLIND_READ_S = 600.0
"""How often a log is read whole where neither counter nor tail can tell what is new."""
ORDERS = ("reread", "set_time", *STAFF)
NEARLY_FULL = 0.98
"""From here on the counter may stand still while new records push out old ones."""


class Contact:
    """One connection that is open and authorized, from the first observation on."""

    def __init__(
        self, wire: Wire, commands: Commands, identity: Identity, link: Link, options: ZkOptions
    ) -> None:
        self._wire, self._commands, self._identity, self._link = wire, commands, identity, link
        self._poll_s = options.poll_seconds
        self._reader = Reader(wire, link, identity.serial, options, self._look)
        self._people = People(wire, commands, options.encoding, lambda: self._reader.layout)
        self._beside = Beside(wire, commands, link, identity.serial, options.encoding)
        self._orders: list[Order] = []
        self._notes: dict[str, str] = {}
        self._counter: int | None = None
        self._blind = False
        self._read_at = self._clock_at = 0.0
        self._news = False
        self._sizes: Sizes | None = None
        self._shown: str | None = None
        self._observe(commands.sizes(), self._clock())
        commands.register()

    def poll(self) -> None:
        """One round. Where the counter can be believed, its standing still proves that nothing is missing."""
        self._news = False
        clock = self._clock() if monotonic() - self._clock_at >= CLOCK_EVERY_S else None
        sizes = self._commands.sizes()
        if self._orders or self._must_read(sizes):
            reread, first = self._ordered("reread"), self._counter is None
            self._read(sizes)
            self._observe(sizes, self._clock())
            self._set_time()
            self._change_people()
            if reread or not first:  # a new contact brings the punches; the rest has a round's time
                self._beside.look(sizes, self._seen, now=reread)
            return
        self._beside.look(sizes, self._seen)
        self._observe(sizes, clock)
        if clock and not self._blind and not self._notes:
            self._link.emit([], self._link.cursor, clock)

    def pause(self) -> None:
        """Listen until the next round is due, or there is an order, or news only the log can tell."""
        end = monotonic() + self._poll_s
        while (left := end - monotonic()) > 0 and not self._link.stop.is_set():
            self._take_orders()
            if self._orders or self._news:
                return
            self._hear(self._wire.events(min(SLICE_S, left)))

    def leave(self) -> None:
        """Answer the orders that can no longer be carried out."""
        for name in ORDERS:
            self._answer_orders(name, "failed")

    def _must_read(self, sizes: Sizes | None) -> bool:
        if self._counter is None or _count(sizes) != self._counter:
            return True
        overdue = monotonic() - self._read_at >= BLIND_READ_S
        return self._blind and (self._reader.tail_works or overdue)

    def _read(self, sizes: Sizes | None) -> None:
        began = self._clock()
        self._observe(sizes, began)
        counter, users = _count(sizes), sizes.users if sizes else 0
        complete = self._reader.read(counter, users, began, whole=self._ordered("reread"))
        read = self._reader.records
        self._counter, self._read_at = counter, monotonic()
        self._blind = not counter or counter != read or _nearly_full(sizes)
        self._notes = {} if complete else {"counter_disagrees": f"{counter} counted, {read} read"}
        self._answer_orders("reread", "ok" if complete else "incomplete")

    def _set_time(self) -> None:
        for order in [order for order in self._orders if order.name == "set_time"]:
            moment = order.clock()
            done = moment is not None and self._commands.set_clock(moment)
            self._observe(self._commands.sizes(), self._clock())
            self._orders.remove(order)
            order.done("ok" if done else "failed" if moment else "refused")

    def _change_people(self) -> None:
        for order in [order for order in self._orders if order.name in STAFF]:
            result = self._people.carry_out(order)
            self._orders.remove(order)
            order.done(result)

    def _clock(self) -> str | None:
        self._clock_at = monotonic()
        self._shown = self._commands.clock()
        return self._shown

    def _look(self) -> None:
        """Tell the clock as it is now."""
        self._observe(self._sizes, self._clock())

    def _seen(self) -> str | None:
        """The clock as it is now, told too: what is heard after it is dated by it."""
        self._look()
        return self._shown

    def _observe(self, sizes: Sizes | None, clock: str | None) -> None:
        who = self._identity
        counts, self._sizes = _counts(sizes), sizes
        told = (who.serial, who.model, who.firmware, clock, counts, self._notes, self._beside.settings)
        self._link.observed(Observation(*told))

    def _hear(self, events: list[Packet]) -> None:
        """Emit what the log will say of these events; where it cannot be known, look at once.

        What happens now and bears another time than the clock should show: then the clock has jumped.
        """
        told = [self._told(event) for event in events]
        records = dict.fromkeys(record for record in told if record)  # a doubled datagram is no second punch
        self._news = None in told
        if records:
            if any(self._out_of_time(record) for record in records):
                self._look()
            self._link.emit(readings(self._identity.serial, list(records), {}), self._link.cursor)

    def _out_of_time(self, record: Record) -> bool:
        since = monotonic() - self._clock_at
        if self._shown is None:
            return False
        off = datetime.fromisoformat(record.time) - datetime.fromisoformat(self._shown)
        return abs(off.total_seconds() - since) > LIVE_LATE_S

    def _told(self, event: Packet) -> Record | None:
        layout = self._reader.layout
        if layout is None or event.session != ATTENDANCE_EVENT:
            return None
        return decode_live(layout, event.data)

    def _take_orders(self) -> None:
        while (order := self._link.orders(0)) is not None:
            if order.name in ORDERS:
                self._orders.append(order)
            else:
                order.done("unsupported")

    def _ordered(self, name: str) -> bool:
        return any(order.name == name for order in self._orders)

    def _answer_orders(self, name: str, result: str) -> None:
        answered = [order for order in self._orders if order.name == name]
        self._orders = [order for order in self._orders if order.name != name]
        for order in answered:
            order.done(result)


def _count(sizes: Sizes | None) -> int:
    return sizes.records if sizes else 0


def _nearly_full(sizes: Sizes | None) -> bool:
    return sizes is not None and 0 < sizes.records_max * NEARLY_FULL <= sizes.records


def _counts(sizes: Sizes | None) -> dict[str, int]:
    if sizes is None:
        return {}
    return {
        "logs": sizes.records,
        "log_max": sizes.records_max,
        "users": sizes.users,
        "users_max": sizes.users_max,
    }
