"""A window with our own page: real port, store, documents and pairing, in this process."""

import io
import json
import re
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
import segno

from drivers.kiosk import Kiosk
from drivers.phone import Phones
from edge.clock.clock import WallClock
from edge.device.receiver import Receiver
from edge.evaluation.evaluations import Evaluations
from edge.phones.duty import CodesDuty
from edge.phones.keys import Keys
from edge.phones.phones import Phones as Came
from edge.ports import DevicePort
from edge.settings.settings import Device, DeviceKeys, ListenSettings
from edge.store.recent import Recents
from edge.windows import Windows
from tests.broker import free_port
from tests.sim.tablet import Tablet
from tests.store.halls import ZONE, open_store

ROSTER = {
    "version": 1,
    "staff": [
        {"staff_no": "1001", "name": "张一", "dept_code": "D1", "post": "综合受理"},
        {"staff_no": "1002", "name": "李二", "dept_code": "D1", "post": "综合受理"},
    ],
}
GROUPS = {"version": 1, "groups": [{"group_id": "g", "windows": ["A01"]}]}
ASSIGNED = {
    "version": 1,
    "covers": {"from": "2026-01-01", "to": "2035-12-31"},
    "entries": [{"staff_no": "1001", "window_no": "A01", "from": "2026-01-01", "to": "2035-12-31"}],
}


def _drawn(text: str) -> bytes:
    """Some picture."""
    held = io.BytesIO()
    segno.make(text).save(held, kind="png", scale=6)
    return held.getvalue()


class Window:
    """Window A01; `down` and `up` end and begin a life of the daemon, as far as the port goes."""

    PHOTO, ISSUED = _drawn("a photo"), _drawn("https://pj.example.gov.cn/w?n=1")

    def __init__(self, folder: Path, profile: dict[str, object] | None = None, voice: bool = False) -> None:
        self._driver = partial(Kiosk, Kiosk.Options("A01", voice=voice))
        self.folder, self.clock = folder, WallClock(ZONE, "system")
        self.told = folder / "told"
        self.told.mkdir()
        documents = {"roster": ROSTER, "window_groups": GROUPS, "assignments": ASSIGNED}
        documents["evaluation_profile"] = {"version": 1, **(profile or {})}
        for name, document in documents.items():
            (self.told / f"{name}.json").write_text(json.dumps(document))
        self.store = open_store(folder)
        self.port_no = free_port()
        self.up()

    def up(self) -> None:
        self.evaluations = Evaluations(str(self.told), self.store, self.clock)
        self.evaluations.look()
        self.receiver = Receiver(
            Device("tablet-1", DeviceKeys(driver="kiosk"), self._driver, calls=True),
            self.store,
            self.clock,
            complete=self.evaluations.complete,
        )
        windows = Windows(self.evaluations.hall, "测试大厅", self.folder, self.store, self.clock)
        settings = ListenSettings(host="127.0.0.1", port=self.port_no)
        phone = partial(Phones, Phones.Options(("A01",)))
        self.phones = Receiver(
            Device("phones", DeviceKeys(driver="phone"), phone, calls=True, windows=("A01",), by_code=True),
            self.store,
            self.clock,
            complete=self.evaluations.complete,
        )
        hall, name, runners = self.evaluations.hall, "测试大厅", [self.receiver, self.phones]
        came = Came(Keys(self.folder), hall, name, self.clock)
        self.came = came
        self.codes = CodesDuty(hall, name, came.keys, runners, settings).commands(self.store, self.clock)
        parts = (self.clock, settings, self.folder, self.store, windows)
        self.port = DevicePort(runners, *parts, came.serve)
        self.receiver.start()
        self.phones.start()
        self.port.start()
        assert not self.port.problem

    def shows(self, photo: str, issued: str) -> None:
        """From now on there are pictures: of 1001, and of the province for A01."""
        (self.told / photo).write_bytes(self.PHOTO)
        (self.told / issued).write_bytes(self.ISSUED)
        first, *others = ROSTER["staff"]
        staff = [{**first, "display_photo_ref": photo}, *others]
        profile = {"version": 2, "provincial": {"images": {"A01": issued}}}
        for name, document in (("roster", {"version": 2, "staff": staff}), ("evaluation_profile", profile)):
            (self.told / f"{name}.json").write_text(json.dumps(document))
        self.evaluations.look()

    def down(self) -> None:
        self.port.stop()
        self.receiver.stop.set()
        self.phones.stop.set()

    def printed(self) -> str:
        """The path on the local code of the window."""
        (url,) = re.findall(r'class="url">(http[^<]+)<', self.codes["qr-sheet"]({"window": "A01"}))
        assert url.startswith(f"http://127.0.0.1:{self.port_no}/q/A01/")
        return urlsplit(url).path

    def code(self, part: str = "tablet") -> str:
        return self.port.commands["pair"]({"device": "tablet-1", "part": part, "actor": "li"})

    def client(self, part: str) -> Tablet:
        """A paired page without a browser."""
        tablet = Tablet(self.port_no, "/k/A01/" if part == "tablet" else "/w/A01/", "kiosk-A01")
        assert tablet.pair(self.code(part)) == part
        return tablet

    def events(self, *kinds: str) -> list[dict[str, object]]:
        """What is stored, oldest first."""
        wanted = kinds or ("submitted", "invited", "unrated", "handed_over")
        with closing(Recents(self.store.path)) as reader:
            found = reader.of([f"evaluation.{kind}" for kind in wanted], 0, 50_000)
        return [{"kind": each.kind.partition(".")[2], "time": each.time, **each.data} for each in found]

    def audits(self, action: str) -> int:
        """How often something is audited."""
        with closing(Recents(self.store.path)) as reader:
            return sum(each.data["action"] == action for each in reader.of(["edge.audit"], 0, 10_000))

    def kept_raw(self) -> list[bytes]:
        """What stands in quarantine, with its bytes."""
        with closing(self.store.reader()) as reader:
            return [raw for _id, raw, _why in reader.quarantined("tablet-1")]

    def rejected(self) -> int:
        with closing(self.store.reader()) as reader:
            return reader.devices()["tablet-1"].quarantined

    def close(self) -> None:
        self.down()
        self.store.close()


def rating(number: int, level: str = "satisfied", **more: object) -> dict[str, object]:
    """What a page sends; the same number is the same rating."""
    at = f"2026-11-20T{9 + number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}"
    said = {"id": f"{number:032x}", "session": None, "level": level, "tags": [], "comment": None}
    return {**said, "at": at, "sent": at, "dwell_ms": None, **more}


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    made = Window(tmp_path)
    yield made
    made.close()


def raw(payload: dict[str, object]) -> bytes:
    return msgspec.json.encode(payload)
