"""What the guardian decides: lost records, another terminal, a log that fills, a clock that drifts."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from drivers.base import DeviceRefused, Driver, Link, Observation
from edge.clock.clock import WallClock
from edge.clock.offsets import Offset, drift
from edge.clock.trust import Boot, Sample
from edge.commands import Refused
from edge.device.runner import Runner
from edge.duty.guardian import Guardian
from edge.guard.forecast import days_left, nearly_full
from edge.guard.gaps import Before, gap
from edge.guard.register import FORMER_MAX, Entry, Identity, Register
from edge.guard.tally import Counted, Tally
from edge.settings.settings import Device, DeviceKeys
from edge.store import Store
from edge.store.books import Books
from tests.store.halls import SERIAL, ZONE, intake, open_store

NOW, FULL_TO = "2026-11-25T09:00:00+08:00", "2026-11-25T08:00:00+08:00"


def fact(time: str) -> str:
    return f"SN1|{time}|7|0|attendance.punch"


def log(*times: str, rejected: int = 0) -> Counted:
    tally = Tally()
    tally.add([(time, fact(time), 1) for time in times], rejected)
    return tally.counted("SN1", "2026-11-25T09:00:00")


class Guarded:
    """A guardian with one device, whose driver does nothing."""

    def __init__(self, folder: Path, store: Store) -> None:
        clock = WallClock(ZONE, "system")
        self.folder = folder
        self.store, self.guardian = store, Guardian(store, clock, Register(folder))
        self.runner = Runner(Device("fp-1", DeviceKeys(driver="x"), Idle), store, clock, self.guardian)
        self.guardian.stand_by([self.runner])

    def sees(self, serial: str, model: str = "F18") -> bool:
        """Whether a terminal that says so is admitted."""
        try:
            self.guardian.admit("fp-1", Observation(serial, model))
        except DeviceRefused:
            return False
        return True

    def told(self, kind: str) -> int:
        with closing(Books(self.store.path)) as books:
            return len(books.own(kind))


class Idle(Driver):
    def __init__(self) -> None:
        super().__init__(None)

    def run(self, link: Link) -> None:
        link.stop.wait()


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    store = open_store(tmp_path)
    made = Guarded(tmp_path, store)
    yield made
    made.runner.stop.set()
    made.runner.join(5)
    store.close()


def test_another_model_under_the_same_serial_waits_too_and_is_no_other_log(guarded: Guarded) -> None:
    assert guarded.sees("SN1")
    assert guarded.sees("SN1", ""), "what is not told says nothing"
    assert not guarded.sees("SN1", "SpeedFace")
    assert guarded.guardian.commands["accept"]({"device": "fp-1"}) == "fp-1: SN1 F18 → SN1 SpeedFace"
    assert guarded.sees("SN1", "SpeedFace")
    assert not guarded.sees("SN1", "F18")
    assert (guarded.told("device.data_gap"), guarded.told("edge.audit")) == (0, 1)
    entry = Register(guarded.folder).entry("fp-1")
    assert (entry.accepted, entry.former) == ("", ())
    assert [*guarded.guardian.attention()] == []


def test_the_serial_number_in_the_database_stands_where_the_register_is_lost(guarded: Guarded) -> None:
    guarded.store.take(intake(1))
    assert not guarded.sees("SN2"), f"the database has {SERIAL}"
    assert guarded.sees(SERIAL)


def test_a_full_disk_undoes_no_order(guarded: Guarded) -> None:
    guarded.store.intake_closed = "disk full"
    answer = guarded.guardian.commands["service"]({"device": "fp-1", "to": "out", "reason": "repair"})
    assert answer == "fp-1 out"
    assert guarded.runner.health.cause == "out_of_service"
    assert guarded.told("device.service") == 0
    guarded.store.intake_closed = ""


def test_an_order_that_cannot_be_remembered_is_not_carried_out(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("edge.guard.register.write_whole", full)
    with pytest.raises(Refused, match="no space left"):
        guarded.guardian.commands["service"]({"device": "fp-1", "to": "out", "reason": "repair"})
    assert guarded.runner.health.cause == "starting"
    assert guarded.sees("SN1"), "nor does it make a terminal look dead"


OLD, NEW = [f"2026-11-2{day}T08:00:00" for day in (1, 2, 3)], "2026-11-25T08:30:00"
HAD = tuple(map(fact, reversed(OLD)))


@pytest.mark.parametrize(
    ("before", "counted", "oldest", "found"),
    [
        (Before(FULL_TO, ()), log(), None, None),
        (Before(FULL_TO, HAD), log(*OLD), OLD[0] + "+08:00", None),
        (Before(FULL_TO, HAD), log(*OLD, NEW), OLD[0] + "+08:00", None),
        (Before(FULL_TO, HAD), log(OLD[2], NEW), OLD[2] + "+08:00", None),
        (Before(FULL_TO, HAD), log(OLD[0]), OLD[0] + "+08:00", None),
        (Before(FULL_TO, HAD), log(), None, (FULL_TO, NOW, "log_cleared")),
        (Before(FULL_TO, HAD), log(NEW), NEW + "+08:00", (FULL_TO, NEW + "+08:00", "log_cleared")),
        (
            Before(FULL_TO, HAD),
            log("2000-01-01T00:10:00"),
            "2000-01-01T00:10:00+08:00",
            (FULL_TO, NOW, "log_cleared"),
        ),
        (Before(None, HAD), log(NEW), NEW + "+08:00", (NOW, NOW, "log_cleared")),
        (
            Before(FULL_TO, HAD),
            log(NEW, rejected=8),
            NEW + "+08:00",
            (FULL_TO, NEW + "+08:00", "overwritten"),
        ),
    ],
)
def test_a_gap(
    before: Before, counted: Counted, oldest: str | None, found: tuple[str, str, str] | None
) -> None:
    told = gap(before, counted, 10, oldest, NOW)
    assert (told[:3] if told else None) == found


@pytest.mark.parametrize(
    ("known", "seen", "other"),
    [
        (("", ""), ("SN1", "F18"), False),
        (("SN1", "F18"), ("SN1", "F18"), False),
        (("SN1", "F18"), ("SN1", ""), False),
        (("SN1", ""), ("SN1", "F18"), False),
        (("SN1", "F18"), ("SN2", "F18"), True),
        (("SN1", "F18"), ("SN1", "SpeedFace"), True),
    ],
)
def test_another_terminal(known: tuple[str, str], seen: tuple[str, str], other: bool) -> None:
    assert Identity(*seen).other_than(Identity(*known)) is other


def test_the_register_outlives_its_process_and_a_broken_file_is_an_empty_one(tmp_path: Path) -> None:
    Register(tmp_path).keep("fp-1", identity=Identity("SN1", "F18"))
    Register(tmp_path).keep("fp-1", out="repair", since=NOW)
    assert Register(tmp_path).entry("fp-1") == Entry(identity=Identity("SN1", "F18"), out="repair", since=NOW)
    (tmp_path / "terminals.json").write_text("{")
    assert Register(tmp_path).entry("fp-1") == Entry()


TODAY = date(2026, 11, 25)


def punches(a_day: int, days: int) -> dict[str, int]:
    return {(TODAY - timedelta(days=back)).isoformat(): a_day for back in range(1, days + 1)}


@pytest.mark.parametrize(
    ("records", "counts", "days"),
    [
        (punches(100, 30), {"logs": 9000, "log_max": 10_000}, 10.0),
        (punches(100, 2), {"logs": 9000, "log_max": 10_000}, 10.0),
        (punches(100, 30), {"logs": 10_000, "log_max": 10_000}, 0.0),
        (punches(100, 7) | {(TODAY - timedelta(days=20)).isoformat(): 1}, {"logs": 0, "log_max": 700}, 14.0),
        ({}, {"logs": 0, "log_max": 10_000}, None),
        ({"2000-01-01": 50}, {"logs": 50, "log_max": 10_000}, None),
        (punches(100, 30), {"logs": 9000}, None),
        (punches(100, 30), {"logs": 9000, "log_max": 0}, None),
    ],
)
def test_when_a_log_is_full(
    records: Mapping[str, int], counts: Mapping[str, int], days: float | None
) -> None:
    assert days_left(records, TODAY, counts) == days


@pytest.mark.parametrize(
    ("counts", "full"),
    [
        ({}, False),
        ({"logs": 5, "log_max": 0}, False),
        ({"logs": 799, "log_max": 1000}, False),
        ({"logs": 800, "log_max": 1000}, True),
    ],
)
def test_when_a_log_is_nearly_full(counts: Mapping[str, int], full: bool) -> None:
    assert nearly_full(counts) is full


BOOT = Boot("b", 1_000_000)


@pytest.mark.parametrize(
    ("first_ms", "ms", "hours", "boot", "told"),
    [
        (500, 2500, 24, BOOT, 2.0),
        (500, -500, 12, BOOT, -2.0),
        (500, 2500, 5, BOOT, None),
        (500, 2500, 24, Boot("other", 1_000_000), None),
        (500, 2500 - 60_000, 24, Boot("b", 1_060_000), 2.0),
    ],
)
def test_drift(first_ms: int, ms: int, hours: int, boot: Any, told: float | None) -> None:
    """In the last our own clock was stepped by a minute meanwhile: that is no drift of the terminal's."""
    wall = datetime.fromtimestamp(boot.wall_ms / 1000 + hours * 3600, UTC)
    sample = Sample(wall, hours * 3600.0, boot.id)
    found = drift(Offset(first_ms, BOOT, 0.0, 0.0), ms, sample)
    assert found == (None if told is None else pytest.approx(told))


def test_who_stood_where_on_a_day_over_several_swaps() -> None:
    former = (("A", "2026-11-20T09:00:00+08:00"), ("B", "2026-11-22T18:00:00+08:00"))
    entry = Entry(identity=Identity("C"), former=former)
    assert entry.stood("2026-11-19") == ["A"]
    assert entry.stood("2026-11-20") == ["A", "B"]
    assert entry.stood("2026-11-21") == ["B"]
    assert entry.stood("2026-11-23") == []
    back = Entry(identity=Identity("A"), former=entry.former)
    assert back.stood("2026-11-20") == ["B"], "the one that came back is the present one"
    for number in range(40):
        entry = msgspec.structs.replace(entry, **entry.replaced(str(number), "2026-11-25T08:00:00+08:00"))
    assert len(entry.former) == FORMER_MAX
    assert entry.former[-1] == ("39", entry.accepted)
