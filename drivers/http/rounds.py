"""The rounds of a driver whose device keeps a log and is asked over HTTP: news, clock, counts, orders.

Each round asks for what is new. The clock is asked once a minute before a round, and before news is stored;
the counts every ten minutes. Over a new connection it is asked again who answers: another device may stand
there now. A read of the whole log is cut into pieces, between which news has its turn. The clock is set only
on the order `set_time`, right after a read, and measured again at once. A device that says that there is
news is asked at once, yet not without a pause (`REST_S`): whoever calls in its name must not keep it busy.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from drivers.base import STAFF, VOID, DeviceOffline, Link, Observation, Order, Person, Poller
from drivers.hints import LOOK
from drivers.http.options import BODY_MAX, HttpOptions
from drivers.tape import tape_of

if TYPE_CHECKING:
    from drivers.http.client import Client

CLOCK_EVERY_S = 60.0
COUNTS_EVERY_S = 600.0
ORDERS = ("reread", "set_time", *STAFF)
LOOK_S = 0.5
REST_S = 0.5
"""The least pause before a round that a call brings forward."""


class Identity(NamedTuple):
    """Who answers."""

    serial: str
    model: str
    firmware: str


class People(Protocol):
    """Who is known to a device; each answers `ok`, or a word and `: detail`."""

    def push(self, person: Person) -> str:
        """Put a person there, or give a known one name and card; what is enrolled stays."""

    def revoke(self, user: str) -> str:
        """Remove a person; `absent` where nobody is known by that number."""


class Device(Protocol):
    """What a device can be asked about itself."""

    @property
    def people(self) -> People:
        """Who is known to it."""

    def identity(self) -> Identity:
        """Who it is; DeviceRefused for what is no such device."""

    def clock(self) -> str | None:
        """Its naive wall clock; None where it does not tell."""

    def set_clock(self, moment: str) -> bool:
        """Set its naive wall clock; False when it does not take it."""

    def counts(self) -> dict[str, int]:
        """How much it holds, as far as it tells."""


class Log(Protocol):
    """What it recorded; each call emits."""

    @property
    def notes(self) -> Mapping[str, str]:
        """Cause -> detail of what is wrong with the last read."""

    @property
    def rereading(self) -> bool:
        """A whole read was begun and has not ended."""

    def catch_up(self) -> bool:
        """Emit what is new; True when everything was read and nothing speaks against that."""

    def begin_again(self) -> None:
        """From now on `read_again` reads the whole log: each record once, beside what is new meanwhile."""

    def read_again(self) -> bool | None:
        """Read a piece of it; None = there is more, True = it was read whole, False = it broke off."""


class Rounds:
    """One life with a device that said who it is, from the first observation on."""

    def __init__(self, client: "Client", device: Device, link: Link, poll_s: float) -> None:
        self._client, self._device, self._link, self._poll_s = client, device, link, poll_s
        self.who = device.identity()
        self._opened = client.opened
        self._orders: list[Order] = []
        self._news = False
        self._counts: Mapping[str, int] = {}
        self._notes: Mapping[str, str] = {}
        self._settings: Mapping[str, int | None] = {}
        self.shown: str | None = None
        """The device's clock when it was asked last."""
        self._counted_at = -COUNTS_EVERY_S
        self._clock_at = 0.0
        self._complete = False
        self._pass_began: str | None = None
        self._began = self.look()

    def look(self) -> str | None:
        """Tell the Link the clock as it is now."""
        self._clock_at = monotonic()
        self.shown = clock = self._device.clock()
        self._observe(clock)
        return clock

    def poll(self, log: Log) -> None:
        """One round; what it proves is told with the device's clock of its beginning."""
        self._news = False
        self._same_device()
        due = not self._complete or monotonic() - self._clock_at >= CLOCK_EVERY_S
        began, self._began = self._began or (self.look() if due else None), None
        self._complete = log.catch_up()
        self._notes = log.notes
        self._observe(None)
        if self._complete and began and not log.rereading:
            self._link.emit([], self._link.cursor, began)
        self._set_time()
        self._change_people()
        self._read_again(log)

    def pause(self, log: Log) -> None:
        """Wait until the next round is due, or there is news, an order, or a read that has not ended."""
        began = monotonic()
        while (left := self._poll_s - (monotonic() - began)) > 0 and not self._link.stop.is_set():
            self._take_orders()
            if self._orders or log.rereading or (self._news and monotonic() - began >= REST_S):
                return
            self._take(self._link.orders(min(LOOK_S, left)))

    def leave(self) -> None:
        """Answer the orders that can no longer be carried out."""
        for name in ORDERS:
            self._answer(name, "failed")

    def _set_time(self) -> None:
        for order in [order for order in self._orders if order.name == "set_time"]:
            result = self._set(order)  # where the line breaks, the order is still there to be answered
            self._orders.remove(order)
            order.done(result)
            self.look()

    def _set(self, order: Order) -> str:
        moment = order.clock()
        if moment is None:
            return "refused"
        return "ok" if self._device.set_clock(moment) else "failed"

    def _change_people(self) -> None:
        for order in [order for order in self._orders if order.name in STAFF]:
            self._same_device(ask=True)
            person, people = order.person(), self._device.people
            if person is None:
                result = VOID
            else:
                result = people.push(person) if order.name == "staff_push" else people.revoke(person.user)
            self._orders.remove(order)
            order.done(result)

    def _read_again(self, log: Log) -> None:
        if not log.rereading:
            if not any(order.name == "reread" for order in self._orders):
                return
            self._pass_began = self.look()
            log.begin_again()
        whole = log.read_again()
        if whole is None:
            return
        if whole and self._complete and self._pass_began:
            self._link.emit([], self._link.cursor, self._pass_began)
        self._answer("reread", "ok" if whole else "incomplete")

    def _same_device(self, ask: bool = False) -> None:
        """ask: also over a connection that seems to stand; another device gets no order."""
        if self._client.opened == self._opened and not ask:
            return
        who, self._opened = self._device.identity(), self._client.opened
        if who.serial != self.who.serial:
            raise DeviceOffline("connection_lost", f"{who.serial} answers instead of {self.who.serial}")

    def _observe(self, clock: str | None) -> None:
        if monotonic() - self._counted_at >= COUNTS_EVERY_S:
            self._counted_at, self._counts = monotonic(), self._device.counts()
        self._link.observed(Observation(*self.who, clock, self._counts, self._notes, self._settings))

    def know(self, settings: Mapping[str, int | None]) -> None:
        """Its settings are these."""
        if settings != self._settings:
            self._settings = settings
            self._observe(None)

    @property
    def counts(self) -> Mapping[str, int]:
        """How much it holds, as it said last."""
        return self._counts

    def _take_orders(self) -> None:
        while (order := self._link.orders(0)) is not None:
            self._take(order)

    def _take(self, order: Order | None) -> None:
        if order is None:
            return
        if order.name in ORDERS:
            self._orders.append(order)
            return
        self._news = self._news or order.name == LOOK
        order.done("ok" if order.name == LOOK else "unsupported")

    def _answer(self, name: str, result: str) -> None:
        """Answer the orders of one name."""
        answered = [order for order in self._orders if order.name == name]
        self._orders = [order for order in self._orders if order.name != name]
        for order in answered:
            order.done(result)


class HttpPoller(Poller, ABC):
    """A driver whose device is asked over HTTP; a family says how to ask, and how to read its log."""

    body_max: ClassVar[int] = BODY_MAX
    """Bytes of an answer."""

    def __init__(self, options: HttpOptions) -> None:
        self._options = options
        self._client: Client | None = None
        self._rounds: Rounds | None = None
        self._log: Log | None = None

    @abstractmethod
    def ask(self, client: "Client") -> Device:
        """The questions of the family."""

    @abstractmethod
    def log(self, device: Device, link: Link, who: Identity, look: Callable[[], object]) -> Log:
        """Its log; `look` tells the Link the clock as it is now."""

    def run(self, link: Link) -> None:
        """See `Poller`; a stop in the middle of a wait is no error."""
        from drivers.http.line import Stopped  # requests is loaded only where a device is asked

        with suppress(Stopped):
            super().run(link)

    def connect(self, link: Link) -> None:
        """Log in and tell who it is."""
        from drivers.http.client import Client

        self._client = Client(self._options, link.stop, self.body_max, tape_of(link))
        device = self.ask(self._client)
        self._rounds = Rounds(self._client, device, link, self._options.poll_seconds)
        self._log = self.log(device, link, self._rounds.who, self._rounds.look)

    def beside(self, _counts: Mapping[str, int], _clock: str | None) -> Mapping[str, int | None]:
        """One question beside the log, if one is due; the settings known so far. A family may have none."""
        return {"duplicate_period_s": None, "cyclic_delete": None}

    def poll(self, link: Link) -> None:
        """Ask for what is new."""
        if self._rounds and self._log:
            self._rounds.poll(self._log)
            self._rounds.know(self.beside(self._rounds.counts, self._rounds.shown))

    def pause(self, link: Link) -> None:
        """Wait for the next round or for an order."""
        if self._rounds and self._log:
            self._rounds.pause(self._log)

    def close(self) -> None:
        """Answer what is left and let the device go."""
        rounds, self._rounds = self._rounds, None
        client, self._client = self._client, None
        if rounds:
            rounds.leave()
        if client:
            client.close()
