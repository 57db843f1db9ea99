"""Reads the event log of one terminal into a Link, page by page; a cursor moves with each commit.

A page begins with the newest event that is known, which proves that it is still the same log. The end is a
page without news that is at one with itself, or the answer «nothing» to the number after the newest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import uuid4

from drivers.base import DeviceRefused, Link, Reading, Reject
from drivers.hikvision.alarms import alarm
from drivers.hikvision.events import Item, is_punch, reading, rejected
from drivers.hikvision.isapi import Isapi
from drivers.hikvision.known import Known, holes, standing
from drivers.hikvision.page import Page

PAGES_A_ROUND = 20
"""Of a log that is read again, between two looks for news."""
PLACES_MAX = 20_000
"""Pages by place in one reading: far more than any terminal holds."""


class Reader:
    """The log of the terminal `serial`; `known` is what we have of it."""

    def __init__(
        self, isapi: Isapi, link: Link, serial: str, minors: frozenset[int], look: Callable[[], object]
    ) -> None:
        """`look` tells the Link the terminal's clock, before news: it may just have jumped."""
        self._isapi, self._link, self._minors, self._look = isapi, link, minors, look
        self.known = Known.parse(link.cursor, serial)
        self.fault = ""
        """What the last answer that cannot be believed contradicted."""
        self._by_number = True
        self._again: int | None = None
        self._limit, self._doubted = 0, False
        link.reading(whole=not self.known.last)

    @property
    def notes(self) -> Mapping[str, str]:
        """What is wrong with the last read."""
        told = {"answers_contradict": self.fault} if self.fault else {}
        if self.known.holes:
            told["log_gap"] = ", ".join(f"{first}-{last}" for first, last in self.known.holes)
        return told

    @property
    def rereading(self) -> bool:
        """A whole read was begun and has not ended."""
        return self._again is not None

    def catch_up(self) -> bool:
        """Emit what is new; True when everything was read and nothing speaks against that."""
        self.fault = ""
        while self._by_number and not self._link.stop.is_set():
            page = self._isapi.page(self.known.last or 1)
            if self.known.last == 0 and not page.items:
                page = self._isapi.page(1)  # «nothing» at the first contact is believed the second time
                if not page.items:
                    self.fault = page.fault
                    return page.believed
            if (ended := self._step(page)) is not None:
                return ended
        return not self._link.stop.is_set() and self._by_place()

    def begin_again(self) -> None:
        """From now on `read_again` reads the whole log, up to what is known at this moment."""
        self._again, self._limit, self._doubted = 1, self.known.last, False
        self._link.reading(whole=True)

    def read_again(self, pages: int = PAGES_A_ROUND) -> bool | None:
        """Read some pages of what is known already; at the end, what is still missing counts as gone."""
        if not self._by_number:
            self._again = None
            return self._by_place(whole=True)
        for _ in range(pages):
            if self._again is None or self._link.stop.is_set():
                return None
            page = self._isapi.page(self._again)
            if not page.items:
                page = self._isapi.page(self._again)
            events = tuple(event for event in page.items if event.number <= self._limit)
            self._emit(events, page.loose, self.known)
            self._doubted |= bool(page.fault)
            ended = page.items[-1].number >= self._limit if page.items else page.believed
            if ended or not page.items:
                return self._read_to_the_end(ended and not self._doubted)
            self._again = page.items[-1].number + 1
        return None

    def _read_to_the_end(self, whole: bool) -> bool:
        self._again = None
        if whole:
            self._emit((), (), replace(self.known, holes=()))
        else:
            self._link.reading(whole=False)
        return whole

    def _begin_anew(self) -> None:
        """Another log stands there now."""
        self.known, self._again = self.known.anew(), None
        self._link.reading(whole=True)

    def _step(self, page: Page) -> bool | None:
        """Take one page; None = go on, else whether the end was reached in good order."""
        if page.fault == "it ignores beginSerialNo":
            self._by_number, self.fault = False, page.fault
            return None
        match standing(self.known, page):
            case "shifted":
                raise DeviceRefused("zone_changed", f"event {self.known.last}: {page.items[0].time}")
            case "other":
                self._begin_anew()
                return None
            case "empty":
                return self._vanished()
            case "gone":
                page = self._between(page)
        news = tuple(event for event in page.items if event.number > self.known.last)
        if not news:
            return self._ended(page)
        self._take(news, page)
        return None

    def _take(self, news: tuple[Item, ...], page: Page) -> None:
        missing = holes(self.known, news)
        if missing:
            again = self._isapi.page(self.known.last or 1)
            both = {event.number: event for event in (*again.items, *news) if event.number > self.known.last}
            news = tuple(both[number] for number in sorted(both))
            missing = holes(self.known, news)
        if not page.more:
            self._look()
        self._emit(news, page.loose, self.known.upto(news[-1]).missing(missing))

    def _between(self, page: Page) -> Page:
        """The newest known event is gone: were those between it and the page's first handed out too?"""
        first, after = page.items[0], self.known.last + 1
        if first.number == after or first.front == self.known.last:
            return page
        found = self._isapi.page(after, first.number - 1)
        between = tuple(event for event in found.items if event.number < first.number)
        if between:
            return Page(between, (*page.loose, *found.loose), more=True)
        if first.front is None:
            self.known = self.known.missing([(after, first.number - 1)])
        return page

    def _vanished(self) -> bool | None:
        """Nothing from the newest known event on: asked once more, then from the beginning."""
        for begin in (self.known.last, 1):
            page = self._isapi.page(begin)
            if page.fault:
                self.fault = page.fault
                return False
            if page.items and page.items[-1].number >= self.known.last:
                return None
        if page.items:
            self._begin_anew()
            return None
        return True

    def _ended(self, page: Page) -> bool:
        """No news: is that the end of the log?"""
        if not page.believed:
            after = self._isapi.page(self.known.last + 1)
            if after.items or not after.believed:
                self.fault = page.fault or after.fault or "it says that more follows, and nothing does"
                return False
        self._emit((), page.loose, self.known)
        return not self.known.holes

    def _by_place(self, whole: bool = False) -> bool:
        """The same where events cannot be asked for by number; the cursor moves at the end alone."""
        known, search, position = self.known, uuid4().hex, 0
        since, newest, met = 0 if whole else known.last, known, not known.last
        before: tuple[Item, ...] = ()
        for _ in range(PLACES_MAX):
            page = self._isapi.place(position, search, "" if whole else known.time)
            met = met or any(standing(known, Page((event,))) == "same" for event in page.items)
            news = tuple(event for event in page.items if event.number > since)
            self._emit(news, page.loose, known)
            newest = newest.upto(news[-1]) if news and news[-1].number > newest.last else newest
            position += len(page.items) + len(page.loose)
            if self._link.stop.is_set() or (page.more and page.items in ((), before)):
                break
            before = page.items
            if not page.more and (not page.items or page.total is None or position >= page.total):
                self.fault = page.fault
                self._emit((), (), newest)
                if not met:
                    self._begin_anew()
                return met and page.believed
        self.fault = "it says that more follows, and nothing does"
        return False

    def _emit(self, events: Sequence[Item], loose: Sequence[Item], known: Known) -> None:
        """Punches, alarms and what makes no sense go to the Link; `known` counts once they are stored."""
        told = [self._told(known.serial, event) for event in events]
        readings = [each for each in told if isinstance(each, Reading)]
        rejects = [each for each in told if isinstance(each, Reject)]
        rejects += [
            rejected("number_twice" if event.number else "no_number", event)
            for event in loose
            if self._told(known.serial, event) is not None
        ]
        cursor = known.text()
        if readings or rejects or cursor != self._link.cursor:
            self._link.emit(readings, cursor, rejects=rejects)
        self.known = known

    def _told(self, serial: str, event: Item) -> Reading | Reject | None:
        if is_punch(event, self._minors):
            return reading(serial, event)
        return alarm(serial, event)
