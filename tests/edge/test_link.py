"""The Link: what a driver emits reaches the store normalized, once, and sorted by the terminal's service."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from queue import SimpleQueue
from zoneinfo import ZoneInfo

import msgspec
import pytest

from drivers.base import IntakeClosed, LinkRevoked, Observation, Order, Reading, Reject
from edge.clock.clock import WallClock
from edge.contract import Event
from edge.device.link import DeviceLink, Told
from edge.events import Origin, normalize
from edge.settings.settings import Device, DeviceKeys
from edge.store import Store
from tests.store.halls import ZONE, open_store


class Clock(WallClock):
    def __init__(self) -> None:
        super().__init__(ZONE, "system")

    def now(self) -> datetime:
        return datetime(2026, 11, 20, 12, 0, tzinfo=ZONE)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def link(store: Store, since: date | None = None) -> DeviceLink:
    device = Device("fp-1", DeviceKeys(driver="zk", in_service_from=since), None)
    made = DeviceLink(device, store, Clock(), threading.Event(), SimpleQueue[Order](), lambda _told: None)
    made.observed(Observation(serial="SN1", device_clock="2026-11-20T12:00:00"))
    return made


def punch(time: str, user: str = "7") -> Reading:
    facts = {"device_user_id": user, "verify_method": "face", "punch_state": "check_in"}
    return Reading("attendance.punch", "SN1", f"{time}|{user}|0", time, facts)


def sent(store: Store) -> list[str]:
    """Device times of the punches that go upstream, in order."""
    with closing(store.reader()) as reader:
        events = [msgspec.json.decode(row.body, type=Event) for row in reader.after(0, 1000)]
    return [msgspec.json.decode(event.data)["device_time"] for event in events if "punch" in event.type]


def test_before_service_sorts_only_what_lies_ahead_in_the_first_complete_read(store: Store) -> None:
    first = link(store, date(2026, 11, 1))
    first.emit([punch("2026-10-30T08:00:00"), punch("2000-01-01T00:10:00")], "a")
    first.emit(
        [punch("2026-10-31T08:00:00"), punch("2026-11-02T08:00:00"), punch("2018-01-01T08:00:00")], "b"
    )
    first.emit([punch("2026-10-29T08:00:00")], "c", "2026-11-20T12:00:00")
    fell_back = ["2000-01-01T00:10:00", "2026-11-02T08:00:00", "2018-01-01T08:00:00", "2026-10-29T08:00:00"]
    assert sent(store) == fell_back
    again = link(store, date(2026, 11, 1))
    again.emit([punch("2026-10-30T08:00:00"), punch("2026-10-28T08:00:00")], "d")
    assert sent(store) == [*fell_back, "2026-10-28T08:00:00"], "found later: sent whatever its date"


def test_the_cursor_is_that_of_the_last_commit(store: Store) -> None:
    first = link(store)
    assert first.cursor is None
    first.emit([punch("2026-11-20T08:00:00")], "one")
    assert first.cursor == "one"
    assert link(store).cursor == "one"


def test_a_reading_outside_the_catalogue_blocks_nothing(store: Store) -> None:
    first = link(store)
    odd = Reading("attendance.punch", "SN1", "x", "2026-02-31T08:00:00", {"device_user_id": "7"})
    first.emit([odd, punch("2026-11-20T08:00:00")], "one")
    assert sent(store) == ["2026-11-20T08:00:00"]
    with closing(store.reader()) as reader:
        assert reader.devices()["fp-1"].quarantined == 1


def test_completeness_is_told_in_true_time(store: Store) -> None:
    first = link(store)
    first.observed(Observation(serial="SN1", device_clock="2026-11-20T13:00:00"))
    first.emit([], "one", complete_until="2026-11-20T13:00:00")
    assert store.complete_until("fp-1") == "2026-11-20T11:59:59+08:00"


def test_a_revoked_link_refuses_everything(store: Store) -> None:
    first = link(store)
    first.revoke()
    for use in (lambda: first.stop, lambda: first.emit([], None), lambda: first.orders(0)):
        with pytest.raises(LinkRevoked):
            use()


def test_the_offset_is_kept_until_it_is_measured_again(store: Store) -> None:
    heard: list[Told] = []
    device = Device("fp-1", DeviceKeys(driver="zk"), None)
    first = DeviceLink(device, store, Clock(), threading.Event(), SimpleQueue[Order](), heard.append)
    first.observed(Observation(serial="SN1", device_clock="2026-11-20T11:58:00"))
    first.observed(Observation(serial="SN1"))
    assert [told.clock_offset_ms for told in heard] == [-119_500, -119_500]


def test_what_was_not_stored_is_sorted_again_the_same_way(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = link(store, date(2026, 11, 1))
    chunk = [punch("2026-10-30T08:00:00"), punch("2026-11-02T08:00:00")]
    with monkeypatch.context() as broken:
        broken.setattr(store, "take", lambda _intake: (_ for _ in ()).throw(IntakeClosed("full")))
        with pytest.raises(IntakeClosed):
            first.emit(chunk, "a")
    first.emit(chunk, "a")
    assert sent(store) == ["2026-11-02T08:00:00"]


def test_another_terminal_on_the_same_link_has_a_first_read_of_its_own(store: Store) -> None:
    first = link(store, date(2026, 11, 1))
    first.emit([punch("2026-11-02T08:00:00")], "a", "2026-11-20T12:00:00")
    first.observed(Observation(serial="SN2", device_clock="2026-11-20T12:00:00"))
    other = punch("2026-10-30T08:00:00")
    first.emit([other._replace(serial="SN2")], "b")
    assert sent(store) == ["2026-11-02T08:00:00"]


@pytest.mark.parametrize(
    "odd",
    [
        {"device_time": "9999-12-31T23:59:59", "key": "9999-12-31T23:59:59|7|0"},
        {"facts": {"device_user_id": "\ud800", "verify_method": "face", "punch_state": "check_in"}},
        {"key": "2026-11-20T08:00:00|\ud800|0"},
        {"serial": "SN\x00"},
    ],
)
def test_no_reading_can_block_a_device(store: Store, odd: dict[str, object]) -> None:
    first = link(store)
    first.observed(Observation(serial="SN1", device_clock="2026-11-20T10:00:00"))
    first.emit([punch("2026-11-20T08:00:00")._replace(**odd), punch("2026-11-20T08:00:01")], "a")  # type: ignore[arg-type]
    assert sent(store)[-1] == "2026-11-20T08:00:01"
    first.observed(Observation(serial="SN1", device_clock="2026-11-20T14:00:00"))
    first.emit([], "b", complete_until="0001-01-01T00:00:00")
    assert store.complete_until("fp-1") is None


def test_hours_of_a_zone_that_changes_are_right() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    origin = Origin("x", "zk", berlin, 0, True)
    now = datetime(2026, 11, 20, 12, 0, tzinfo=ZONE)
    night, morning = punch("2026-10-25T01:00:00"), punch("2026-10-25T08:00:00")
    assert normalize(night, origin, now).time == "2026-10-25T01:00:00+02:00"
    assert normalize(morning, origin, now).time == "2026-10-25T08:00:00+01:00"


def test_only_a_complete_look_at_everything_is_a_count(store: Store) -> None:
    held = link(store)
    held.reading(whole=True)
    held.emit([punch("2026-11-19T08:00:00"), punch("2026-11-20T08:00:00")], "a")
    assert held.counted is None, "it has not ended"
    held.reading(whole=False)
    held.emit([punch("2026-11-20T09:00:00")], "b", "2026-11-20T12:00:00")
    assert held.counted is None, "the end of a look at the newest alone"
    held.reading(whole=True)
    held.emit([punch("2026-11-19T08:00:00")._replace(copies=2)], "c", rejects=[Reject.record("odd", b"x")])
    pushed = punch("2026-11-20T08:30:00")
    held.emit([pushed._replace(facts={**pushed.facts, "unconfirmed": True})], "c")
    held.emit([punch("2026-11-20T08:00:00")], "c")
    held.emit([], "c", "2026-11-20T12:00:00")
    held.emit([punch("2026-11-20T10:00:00")], "d", "2026-11-20T12:01:00")
    assert held.counted is not None
    assert held.counted.records == {"2026-11-19": 2, "2026-11-20": 1}
    assert (held.counted.rejected, held.counted.began) == (1, "2026-11-20T12:00:00")
