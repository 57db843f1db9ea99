"""What was stored while the time was not known is dated later, once; its bytes stay."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import msgspec
import pytest

from drivers.base import Observation, Order, Reading, StoreBusy
from edge.clock.clock import WallClock
from edge.clock.trust import Sample, Source
from edge.contract import Event
from edge.device.link import DeviceLink
from edge.duty import correcting as room
from edge.duty.clocks import audit
from edge.duty.correcting import Correcting, dating
from edge.settings.settings import Device, DeviceKeys
from edge.store import Store
from tests.store.halls import PLACE, ZONE, open_store

BOOT = datetime.fromisoformat("1970-01-01T08:00:30+08:00")
NOON = datetime.fromisoformat("2027-03-01T12:00:00+08:00")


class Clock(WallClock):
    """A clock that a test moves; `uptime_s` goes on by itself only where a test says so."""

    def __init__(self, folder: Path) -> None:
        super().__init__(ZONE, "kernel", folder)
        self.wall, self.uptime_s, self.told = BOOT, 30.0, ""

    def now(self) -> datetime:
        return self.wall

    def sample(self) -> Sample:
        return Sample(self.wall, self.uptime_s, self._boot)

    def look(self) -> tuple[Sample, Source]:
        return self.sample(), "kernel" if self.told else ""

    def passes(self, seconds: float) -> None:
        self.wall, self.uptime_s = self.wall + timedelta(seconds=seconds), self.uptime_s + seconds


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LATE_S", -1.0)


def link(store: Store, clock: WallClock) -> DeviceLink:
    device = Device("fp-1", DeviceKeys(driver="zk"), None)
    return DeviceLink(device, store, clock, threading.Event(), SimpleQueue[Order](), lambda _told: None)


def punch(time: str) -> Reading:
    facts = {"device_user_id": "7", "verify_method": "face", "punch_state": "check_in"}
    return Reading("attendance.punch", "SN1", f"{time}|7|0", time, facts)


def told(store: Store, kind: str) -> list[tuple[Event, dict[str, Any]]]:
    with closing(store.reader()) as reader:
        events = [msgspec.json.decode(row.body, type=Event) for row in reader.after(0, 1000)]
    return [(event, msgspec.json.decode(event.data)) for event in events if kind in event.type]


def in_1970(store: Store, clock: Clock) -> None:
    """Two punches while our clock says 1970, by a terminal that is 96 s late."""
    device = link(store, clock)
    device.observed(
        Observation(serial="SN1", device_clock="2027-03-01T11:38:23")
    )  # true: 11:40:00 less a bit
    clock.passes(10)
    device.emit([punch("2027-03-01T11:38:30"), punch("2027-03-01T11:38:31")], "a")


def test_it_is_dated_in_the_same_boot(tmp_path: Path, store: Store) -> None:
    clock = Clock(tmp_path)
    duty = Correcting(store, clock)
    duty.step()
    in_1970(store, clock)
    before = told(store, "punch")
    assert [data["time_quality"] for _event, data in before] == ["unsynced"] * 2
    clock.passes(1190)
    clock.wall, clock.told = NOON, "kernel"
    for _ in range(4):
        duty.step()
    assert told(store, "punch") == before, "the bytes stay"
    later = told(store, "time.corrected")
    assert [data["event_id"] for _event, data in later] == [event.id for event, _data in before]
    first = later[0][1]
    assert first["time"] == "2027-03-01T11:40:06+08:00"
    assert first["time_quality"] == "corrected"
    assert first["recordedtime"][:16] == "2027-03-01T11:40" or first["recordedtime"] > "2027"
    assert first["clock_offset_ms"] == -96_500
    assert clock.unsynced_from is None


def test_each_event_is_told_once_and_a_restart_in_the_same_boot_goes_on(tmp_path: Path, store: Store) -> None:
    clock = Clock(tmp_path)
    Correcting(store, clock).step()
    in_1970(store, clock)
    again = Clock(tmp_path)
    again.wall, again.uptime_s, again.told = NOON, 1230.0, "kernel"
    noted = again.unsynced_from
    assert noted == 1 << 40, "the opening of this life's epoch may need it too"
    for _ in range(2):
        Correcting(store, again).step()  # dies before it has noted that all is told
    assert len(told(store, "time.corrected")) == 2


def test_of_another_boot_nothing_is_told(tmp_path: Path, store: Store) -> None:
    clock = Clock(tmp_path)
    Correcting(store, clock).step()
    in_1970(store, clock)
    other = Clock(tmp_path)
    other._boot, other.wall, other.told = "another", NOON, "kernel"
    assert other.unsynced_from is None
    other.save_unsynced(0)
    for _ in range(3):
        Correcting(store, other).step()
    assert told(store, "time.corrected") == []


def test_a_store_that_takes_nothing_only_delays(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(tmp_path)
    duty = Correcting(store, clock)
    duty.step()
    in_1970(store, clock)
    clock.wall, clock.told = NOON, "kernel"
    with monkeypatch.context() as full:
        full.setattr(store, "add", lambda *_drafts: (_ for _ in ()).throw(StoreBusy("full")))
        duty.step()
    assert told(store, "time.corrected") == []
    duty.step()
    assert len(told(store, "time.corrected")) == 2


def test_what_was_synced_needs_no_correction(tmp_path: Path, store: Store) -> None:
    clock = Clock(tmp_path)
    clock.wall, clock.told = NOON, "kernel"
    duty = Correcting(store, clock)
    device = link(store, clock)
    device.observed(Observation(serial="SN1", device_clock="2027-03-01T12:00:00"))
    device.emit([punch("2027-03-01T11:38:30")], "a")
    (_event, data), *_ = told(store, "punch")
    assert "boot_id" not in data
    assert "boot_wall_ms" not in data
    duty.step()
    clock.told = ""
    duty.step()
    clock.told = "kernel"
    for _ in range(3):
        duty.step()
    assert told(store, "time.corrected") == []


def test_what_is_kept_survives_and_a_broken_file_is_as_none(tmp_path: Path) -> None:
    clock = WallClock(ZONE, "system", tmp_path)
    assert clock.confirm() == ""
    assert WallClock(ZONE, "kernel", tmp_path).source() in ("technician", "kernel")
    newest = clock.kept.newest
    clock.save_newest()
    assert newest is not None
    assert WallClock(ZONE, "kernel", tmp_path).kept.newest > newest
    (tmp_path / "clock.json").write_bytes(b"\x00 broken")
    assert WallClock(ZONE, "kernel", tmp_path).kept.newest is None


def audited(store: Store, clock: WallClock, action: str = "clock") -> None:
    audit(store, clock, "li.wei", action, "edge", "refused", "")


def dating_store(folder: Path, clock: WallClock) -> Store:
    opened = Store(folder, PLACE, "sha256", clock.now, own=dating(clock))
    opened.open()
    return opened


def test_what_the_edge_states_in_1970_is_dated_too(tmp_path: Path) -> None:
    clock = Clock(tmp_path)
    with closing(dating_store(tmp_path, clock)) as store:
        duty = Correcting(store, clock)
        duty.step()
        clock.passes(600)
        audited(store, clock)
        before = [*told(store, "epoch_opened"), *told(store, "audit")]
        assert [data["boot_wall_ms"] for _event, data in before] == [clock.boot().wall_ms] * 2
        clock.passes(600)
        clock.wall, clock.told = NOON, "kernel"
        for _ in range(4):
            duty.step()
        assert [*told(store, "epoch_opened"), *told(store, "audit")] == before, "the bytes stay"
        opening, act = [data for _event, data in told(store, "time.corrected")]
        assert [opening["event_id"], act["event_id"]] == [event.id for event, _data in before]
        assert (opening["time"], act["time"]) == ("2027-03-01T11:40:00+08:00", "2027-03-01T11:50:00+08:00")
        assert (act["time_quality"], act["recordedtime"]) == ("corrected", "2027-03-01T11:50:00.000+08:00")
        assert "clock_offset_ms" not in act
        assert all("boot_id" not in data for _event, data in told(store, "time.corrected"))


def test_what_the_edge_states_while_it_knows_the_time_is_not_touched(tmp_path: Path) -> None:
    clock = Clock(tmp_path)
    clock.wall, clock.told = NOON, "kernel"
    with closing(dating_store(tmp_path, clock)) as store:
        duty = Correcting(store, clock)
        duty.step()
        audited(store, clock)
        clock.told = ""
        duty.step()
        clock.told = "kernel"
        for _ in range(3):
            duty.step()
        kinds = ("epoch_opened", "audit")
        assert [data for kind in kinds for _event, data in told(store, kind) if "boot_id" in data] == []
        assert told(store, "time.corrected") == []


def test_each_statement_is_dated_by_the_clock_that_dated_it(tmp_path: Path) -> None:
    """The wrong clock is stepped to another wrong time between two statements."""
    clock = Clock(tmp_path)
    with closing(dating_store(tmp_path, clock)) as store:
        duty = Correcting(store, clock)
        duty.step()
        audited(store, clock, "first")
        clock.passes(60)
        clock.wall += timedelta(days=365)
        audited(store, clock, "second")
        clock.passes(60)
        clock.wall, clock.told = NOON, "kernel"
        for _ in range(4):
            duty.step()
        times = [data["time"] for _event, data in told(store, "time.corrected")][1:]
        assert times == ["2027-03-01T11:58:00+08:00", "2027-03-01T11:59:00+08:00"]


def test_an_operation_in_a_device_s_log_is_dated_by_the_device(tmp_path: Path, store: Store) -> None:
    clock = Clock(tmp_path)
    duty = Correcting(store, clock)
    duty.step()
    device = link(store, clock)
    device.observed(Observation(serial="SN1", device_clock="2027-03-01T11:38:23"))
    facts = {"code": "clock_set", "active": True, "operation": 4}
    device.emit([Reading("device.alarm", "SN1", "op-1", "2027-03-01T11:38:30", facts)], "a")
    clock.passes(1200)
    clock.wall, clock.told = NOON, "kernel"
    for _ in range(4):
        duty.step()
    ((_event, data),) = told(store, "time.corrected")
    assert (data["time"], data["time_quality"]) == ("2027-03-01T11:40:06+08:00", "corrected")
