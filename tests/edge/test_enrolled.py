"""Which statements about enrolled people become events, over restarts, purges and unknown ways."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from queue import SimpleQueue

import pytest

from drivers.base import Observation, Order, Reading, StoreBusy
from drivers.enrolment import KIND, Enrolled, gone, statements
from edge.clock.clock import WallClock
from edge.device.link import DeviceLink
from edge.guard.checks import told, wrong
from edge.settings.settings import Device, DeviceKeys
from edge.store import Store
from edge.store.books import Books
from tests.store.halls import ZONE, open_store, punch


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def link(store: Store, since: date | None = None) -> DeviceLink:
    device = Device("fp-1", DeviceKeys(driver="zk", in_service_from=since), None)
    made = DeviceLink(
        device, store, WallClock(ZONE, "system"), threading.Event(), SimpleQueue[Order](), lambda _told: None
    )
    made.observed(Observation(serial="SN1"))
    return made


def said(second: int, *found: Enrolled) -> list[Reading]:
    return statements("SN1", f"2026-11-20T08:00:{second:02d}", found)


def kept(store: Store) -> list[tuple[str, bool | None, bool | None, bool | None]]:
    with closing(Books(store.path)) as books:
        events = [json.loads(data) for data in books.of_kind("SN1", KIND)]
    ways = ("has_fingerprint", "has_face", "has_card")
    return [(each["device_user_id"], *(each.get(way) for way in ways)) for each in events]


def test_only_what_differs_from_the_last_word_is_an_event(store: Store) -> None:
    first = link(store)
    first.emit(said(1, Enrolled("7", card=True), Enrolled("8", False, None, False)), "a")
    first.emit(said(2, Enrolled("7", card=True), Enrolled("8", card=False)), "a")
    again = link(store)
    again.emit(said(3, Enrolled("7", card=True), Enrolled("8", False, None, False)), "a")
    assert kept(store) == [("7", None, None, True), ("8", False, None, False)]
    again.emit(said(4, Enrolled("7", fingerprint=True)), "a")
    again.emit(said(5, gone("8")), "a")
    again.emit(said(6, Enrolled("7", fingerprint=True, card=True)), "a")
    assert kept(store)[2:] == [("7", True, None, True), ("8", False, False, False)]


def test_what_was_not_stored_is_told_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = link(store)

    def busy(_intake: object) -> int:
        raise StoreBusy("slow")

    with monkeypatch.context() as patched:
        patched.setattr(store, "take", busy)
        with pytest.raises(StoreBusy):
            first.emit(said(1, Enrolled("7", card=True)), "a")
    first.emit(said(1, Enrolled("7", card=True)), "a")
    assert kept(store) == [("7", None, None, True)]


def test_other_kinds_neither_begin_the_service_of_punches_nor_count_as_punches(store: Store) -> None:
    first = link(store, date(2026, 11, 20))
    first.emit(said(1, Enrolled("7", card=True)), "a")
    alarm = {"code": "clock_set", "active": True, "operation": 21}
    old = Reading("device.alarm", "SN1", "2020-01-01T08:00:00|21|", "2020-01-01T08:00:00", alarm)
    first.emit([old, punch(1, day="2026-11-19")], "b")
    first.emit([punch(2), punch(3, day="2026-11-18")], "c", "2026-11-20T12:00:00")
    with closing(Books(store.path)) as books:
        assert len(books.punches("SN1", "2000", "2100")) == 2, "what follows one in service is in service"
        assert len(books.before_service("SN1", "2000", "2100")) == 1
    with closing(store.reader()) as reader:
        assert reader.devices()["fp-1"].stored == 2, "punches alone are counted beside the terminal's"
        assert reader.count("device.alarm") == 0


def test_settings_that_lose_punches_are_named_and_unknown_ones_said_to_be() -> None:
    assert [*wrong({"duplicate_period_s": 300, "cyclic_delete": 0})] == [
        ("duplicate_period", "5 min"),
        ("cyclic_delete_off", "0"),
    ]
    for fine in ({}, {"duplicate_period_s": None, "cyclic_delete": None}, {"duplicate_period_s": 3}):
        assert [*wrong(fine)] == []
    assert told({"duplicate_period_s": None, "cyclic_delete": 1}, "en") == (
        "duplicate-punch period not readable, cyclic delete on"
    )
    assert told({"duplicate_period_s": 0, "cyclic_delete": 0}, "zh") == "重复打卡间隔 0 min，满后循环删除 关"
    assert told({"duplicate_period_s": 90}, "en") == "duplicate-punch period 90 s"
    assert told({}, "en") == ""
