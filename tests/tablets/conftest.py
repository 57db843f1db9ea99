"""A window with a vendor's tablet on its line: real port, store and documents, in this process."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from drivers.tablet_ws import WsTablet
from edge.clock.clock import WallClock
from edge.device.receiver import Receiver
from edge.evaluation.evaluations import Evaluations
from edge.ports import DevicePort, talks
from edge.settings.settings import Device, DeviceKeys, ListenSettings
from edge.store.recent import Recents
from edge.windows import Systems, Windows
from tests.broker import free_port
from tests.documents.written import GOOD, text
from tests.evaluation.halls import ASSIGNED
from tests.sim.tablet_ws import Tablet
from tests.store.halls import ZONE, open_store

KEY = "a key of the hall"


class Place:
    """Window A01 with its port; `down` and `up` end and begin a life of the port."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder, self.clock, self.options = folder, WallClock(ZONE, "system"), options
        (folder / "key").write_text(KEY)
        self.store = open_store(folder)
        self.port_no = free_port()
        self.up()

    def up(self) -> None:
        self.evaluations = Evaluations("", self.store, self.clock)
        for name, document in (("roster", GOOD["roster"]), ("assignments", ASSIGNED)):
            self.evaluations.hall.documents.take(name, text(document))
        given = {"window": "A01", "address": "127.0.0.1", "login": "10086", "scheme": "stars", **self.options}
        options = WsTablet.Options(key_file=str(self.folder / "key"), **given)
        made = Device(
            "tablet", DeviceKeys(driver="tablet_ws"), partial(WsTablet, options), "", True, False, ("A01",)
        )
        self.receiver = Receiver(made, self.store, self.clock, complete=self.evaluations.complete)
        windows = Windows(self.evaluations.hall, "测试大厅", self.folder, self.store, self.clock)
        self.commands = self.evaluations.commands([self.receiver])
        windows.systems = Systems(self.evaluations.hall, [self.receiver], self.commands, ())
        settings = ListenSettings(host="127.0.0.1", port=self.port_no)
        self.port = DevicePort([self.receiver], self.clock, settings, self.folder, self.store, windows)
        self.receiver.start()
        self.port.start()
        assert not self.port.problem

    def down(self) -> None:
        self.port.stop()
        self.receiver.stop.set()

    def tablet(self, **given: Any) -> Tablet:
        return Tablet(self.port_no, **{"key": KEY, **given})

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """What is stored, oldest first."""
        wanted = kinds or ("submitted", "invited", "unrated", "handed_over")
        with closing(Recents(self.store.path)) as reader:
            found = reader.of([f"evaluation.{kind}" for kind in wanted], 0, 50_000)
        return [{"kind": each.kind.partition(".")[2], "time": each.time, **each.data} for each in found]

    def rejected(self) -> int:
        with closing(self.store.reader()) as reader:
            row = reader.devices().get("tablet")
        return row.quarantined if row else 0

    def close(self) -> None:
        self.down()
        self.store.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the port looks at each second, and each five, comes sooner."""
    monkeypatch.setattr(talks, "LOOK_S", 0.1)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.close()
