"""A hall without devices, for tests of ratings: a real store, documents, a Link as the daemon makes it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from zoneinfo import ZoneInfo

import msgspec

from drivers.base import Observation
from edge.catalogue.evaluation import Submitted
from edge.clock.clock import WallClock
from edge.device.link import DeviceLink
from edge.evaluation.evaluations import Evaluations
from edge.events import Place
from edge.settings.settings import Device, DeviceKeys
from edge.store import Store
from tests.documents.written import GOOD, text

ZONE = ZoneInfo("Asia/Shanghai")
PLACE = Place("410421", "h1", "/zwdt/410421/h1")
TODAY = {"from": "2026-01-01", "to": "2035-12-31"}
ASSIGNED = {
    "version": 9,
    "covers": TODAY,
    "entries": [
        {"staff_no": "1001", "window_no": "A01", **TODAY},
        {"staff_no": "1002", "window_no": "A02", **TODAY},
    ],
}


class Hall:
    """The parts of a daemon that a rating passes."""

    def __init__(self, folder: Path) -> None:
        self.clock = WallClock(ZONE, "system", folder)
        self.store = Store(folder, PLACE, "sha256", self.clock.now)
        self.store.open()
        self.evaluations = Evaluations("", self.store, self.clock)

    def document(self, name: str, content: object) -> None:
        taken = self.evaluations.hall.documents.take(name, text(content))
        assert taken.ok, taken

    def link(self, device: str = "pads-1", serial: str = "") -> DeviceLink:
        """The Link of one device, whose clock is ours."""
        made = Device(device, DeviceKeys(driver="keypad"), None)
        stop, complete = threading.Event(), self.evaluations.complete
        link = DeviceLink(
            made, self.store, self.clock, stop, SimpleQueue(), lambda _told: None, complete=complete
        )
        link.observed(Observation(serial or device, device_clock=link.now()))
        return link

    def submitted(self) -> list[Submitted]:
        """Every rating in the store, in its order."""
        reader = self.store.reader()
        try:
            rows = reader.after(0, 1_000_000)
        finally:
            reader.close()
        events = [msgspec.json.decode(row.body) for row in rows]
        return [
            msgspec.convert(event["data"], Submitted)
            for event in events
            if event["type"] == "cn.zwdt.evaluation.submitted.v1"
        ]

    def now(self) -> datetime:
        return self.clock.now()


@contextmanager
def hall(folder: Path) -> Iterator[Hall]:
    """A hall with roster and assignments, up until the block ends."""
    made = Hall(folder)
    try:
        made.document("roster", GOOD["roster"])
        made.document("assignments", ASSIGNED)
        yield made
    finally:
        made.store.close()
