"""Storing what the office typed: a device like any other, whose facts go through a Link.

Each id is one event, however often it is sent. Contact details are kept first, under a reference that
follows from the id: a crash in between leaves them waiting for the same entry sent again.
"""

import threading
from contextlib import closing
from datetime import date, datetime, timedelta
from queue import SimpleQueue
from typing import NamedTuple

import msgspec

from drivers.base import IntakeClosed, Observation, Order, Reading
from edge.clock.clock import WallClock
from edge.contract import Event
from edge.device.link import DeviceLink, Told
from edge.office.forms.typed import NUMBERS, Entry
from edge.settings.settings import OFFICE, Device, DeviceKeys
from edge.store import Store
from edge.store.books import Books
from edge.store.contacts import Contact, Contacts

DRIVER = "forms"
"""OFFICE is the device id, and the serial number in the facts: their ids make them unique."""


class Saved(NamedTuple):
    """It is on disk. again: it was so before."""

    number: str
    again: bool


class Entries:
    """Of one hall; any thread may call."""

    def __init__(self, store: Store, clock: WallClock, contacts: Contacts) -> None:
        self._store, self._clock, self._contacts = store, clock, contacts
        self._one = threading.Lock()
        self._link: DeviceLink | None = None

    def today(self) -> date:
        """The last day that may be typed; any, while nobody vouches for our clock."""
        return self._clock.now().date() if self._clock.trusted() else date.max

    def now(self) -> datetime:
        """This moment in the hall."""
        return self._clock.now()

    def save(self, entry: Entry) -> Saved:
        """Returns when it is on disk; IntakeClosed, StoreBusy: say it again."""
        with self._one:
            if (known := self._known(entry)) is not None:
                return Saved(known or entry.number, True)
            if self._store.intake_closed:
                raise IntakeClosed(self._store.intake_closed)
            if entry.contact:
                day = self._clock.now().date().isoformat() if self._clock.trusted() else ""
                ref, name, phone = entry.contact
                self._contacts.keep(Contact(ref, entry.number, entry.kind, name, phone, day))
            link = self._linked()
            link.observed(Observation(OFFICE, device_clock=link.now()))
            typed = datetime.fromisoformat(link.now()) - timedelta(seconds=entry.waited_s)
            time = typed.isoformat(timespec="seconds")
            link.emit([Reading(entry.kind, OFFICE, entry.id, time, entry.facts)], link.cursor)
            if self._known(entry) is None:
                raise RuntimeError(f"a {entry.kind} is no event of the catalogue")
            return Saved(entry.number, False)

    def _known(self, entry: Entry) -> str | None:
        """The number it was stored under, "" where its payload is gone; None: it is not stored."""
        fact = f"{OFFICE}|{entry.id}|{entry.kind}"
        with closing(self._store.reader()) as reader, closing(Books(self._store.path)) as books:
            rows = reader.of_fact(f"{OFFICE}|{entry.id}|", entry.kind)
            if not rows:
                return "" if books.held([fact]) else None
        data = msgspec.json.decode(rows[0].body, type=Event).data
        return str(msgspec.json.decode(data, type=dict[str, object])[NUMBERS[entry.form]])

    def _linked(self) -> DeviceLink:
        if self._link is None:
            device = Device(OFFICE, DeviceKeys(driver=DRIVER), None)
            never, orders = threading.Event(), SimpleQueue[Order]()
            parts = (self._store, self._clock, never, orders)
            self._link = DeviceLink(device, *parts, _contacted, serial=OFFICE)
        return self._link


def _contacted(_told: Told) -> None:
    """Nothing watches whether the office is there."""
