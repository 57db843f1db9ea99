"""A vendor tablet that is asked for new ratings after a cursor, and now and then for its whole list.

The cursor is stored in the commit of the ratings it stands for; a rating that comes again is the same fact.
The whole list shows what a cursor cannot: ratings that came late, and a list that was reset. A tablet that
disregards the cursor, or begins with the newest, is said to do so wherever that could hide a rating.
"""

from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from drivers.base import EMIT_MAX, DeviceOffline, Link, Observation, Order, Poller, Reading, Reject
from drivers.evaluation.door import Evaluator
from drivers.evaluation.patterns import Nonsense, Pattern, Told, heard, word
from drivers.evaluation.vendor import UNKNOWN, moment, readings
from drivers.tablet_http.options import HttpTabletOptions
from drivers.tablet_http.walk import Page, Place, Walk, lost, page

if TYPE_CHECKING:
    from drivers.tablet_http.asking import Asking

WHOLE_EVERY_S = 3600.0
HELD_MAX = 20_000
"""Ratings remembered in a life, so that what is told again costs nothing."""
PAGES_MAX = 500
SERIAL_MAX = 64
LOOK_S = 0.5
SHOWN_S = 86_400.0
"""So long a list that was reset is shown."""


class HttpTablet(Poller, Evaluator):
    """One tablet."""

    Options: ClassVar[type[HttpTabletOptions]] = HttpTabletOptions
    options: HttpTabletOptions

    def __init__(self, options: HttpTabletOptions) -> None:
        super().__init__(options)
        self._asking: Asking | None = None
        self._place = Place("", options.first)
        self._held: dict[str, None] = {}
        self._whole_s: float | None = None
        self._orders: list[Order] = []
        self._fault: tuple[str, str] | None = None
        self._reset: tuple[float, str] | None = None
        self._unknown = set[str]()

    @property
    def windows(self) -> tuple[str, ...]:
        """See `Evaluator`."""
        return (self.options.window,)

    def run(self, link: Link) -> None:
        """See `Poller`; a stop in the middle of a wait is no error."""
        from drivers.http.line import Stopped  # requests is loaded only where a device is asked

        with suppress(Stopped):
            super().run(link)

    def connect(self, link: Link) -> None:
        """Nothing is asked yet: the first page tells who it is."""
        from drivers.tablet_http.asking import Asking

        self._asking = Asking(self.options, link.stop)

    def poll(self, link: Link) -> None:
        """Ask for what is new; for the whole list at first, where that is due, and where it is ordered."""
        due = self._whole_s is None or monotonic() - self._whole_s >= WHOLE_EVERY_S
        whole = self._look(link, whole=due or bool(self._orders))
        orders, self._orders = self._orders, []
        for order in orders:
            order.done("ok" if whole else "incomplete")

    def pause(self, link: Link) -> None:
        """Wait for the next round or for an order."""
        ends = monotonic() + self.options.poll_seconds
        while (left := ends - monotonic()) > 0 and not link.stop.is_set() and not self._orders:
            order = link.orders(min(LOOK_S, left))
            if order and order.name == "reread":
                self._orders.append(order)
            elif order:
                order.done("unsupported")

    def close(self) -> None:
        """Let the tablet go."""
        asking, self._asking = self._asking, None
        for order in self._orders:
            order.done("failed")
        if asking:
            asking.close()

    def _look(self, link: Link, whole: bool) -> bool:
        """Read page after page, from the cursor or from the beginning; whether the end was reached."""
        walk = Walk(self.options.first if whole else self._place.after, self.options.limit)
        while not walk.over and walk.pages < PAGES_MAX:
            if link.stop.is_set():
                return False
            found = self._page(link, walk.after)
            walk.step(found)
            first_read = not self._place.name
            self._take(link, found, self._place.moved(found) if first_read or not whole else self._place)
        self._fault = walk.fault
        if whole and walk.complete:
            self._whole_s = monotonic()
            self._mind_reset(link, walk)
        self._observe(link, None)
        return walk.complete

    def _page(self, link: Link, after: str) -> Page:
        """One answer; who gave it, and its clock, are told to the Link before anything of it is taken."""
        assert self._asking is not None  # noqa: S101 - between `connect` and `close`
        whole, record = self.options.shapes
        told = _told(self._asking.page(after), whole)
        serial = (word(told.get("serial")) or "")[:SERIAL_MAX]
        serial = serial if serial and serial.isprintable() else self.options.own_serial
        if serial != self._place.serial:
            self._held.clear()
            self._place = Place.parse(link.cursor, serial, self.options.first)
        self._observe(link, moment(told.get("clock"), self.options.utc_offset_minutes))
        return page(told["records"], record, self.options, serial, link.now())

    def _take(self, link: Link, found: Page, place: Place) -> None:
        """What is new of a page goes to disk, with the place it leads to."""
        fresh = [each for each in found.ratings if each.name not in self._held]
        told = [reading for each in fresh for reading in readings(each, self.options, self._place.serial)]
        rejects = [each for each in found.rejects if each.sha256 not in self._held]
        self._unknown |= {each.sha256 for each in rejects if each.reason == UNKNOWN}
        self._emit(link, told, place, rejects)
        self._held |= dict.fromkeys([each.name for each in fresh] + [each.sha256 for each in rejects])
        for name in list(self._held)[: len(self._held) - HELD_MAX]:
            del self._held[name]

    def _emit(self, link: Link, told: list[Reading], place: Place, rejects: Sequence[Reject]) -> None:
        while len(told) > EMIT_MAX:
            link.emit(told[:EMIT_MAX], link.cursor)
            del told[:EMIT_MAX]
        if told or rejects or place.text() != link.cursor:
            link.emit(told, place.text(), rejects=rejects)
        self._place = place

    def _mind_reset(self, link: Link, walk: Walk) -> None:
        """After a look at everything: is the rating we know last still there?"""
        place = self._place
        end = Place(place.serial, walk.after, walk.last.name, walk.last.at) if walk.last else None
        if not place.name or place.name in walk.seen:
            self._emit(link, [], end or place, ())
            return
        gap = lost(place, walk.oldest, link.now(), self.options.utc_offset_minutes)
        self._reset = (monotonic(), f"{place.at} → {gap.device_time}")
        self._emit(link, [gap], end or Place(place.serial, self.options.first), ())

    def _observe(self, link: Link, clock: str | None) -> None:
        notes = dict([self._fault]) if self._fault else {}
        if self._unknown:
            notes["level_unknown"] = str(len(self._unknown))
        if self._reset and monotonic() - self._reset[0] < SHOWN_S:
            notes["list_reset"] = self._reset[1]
        link.observed(Observation(self._place.serial, "tablet", device_clock=clock, notes=notes))


def _told(body: bytes, shape: Pattern) -> Told:
    """What an answer tells; DeviceOffline without a word of it, since it may be about a citizen."""
    try:
        told = shape.read(heard(body))
    except Nonsense:
        told = None
    if told is None or not isinstance(told["records"], list):
        raise DeviceOffline("answer_unreadable", f"{len(body)} bytes that are not as page says")
    return told
