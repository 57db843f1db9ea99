"""What `trace` reads: each hop as the store tells it, with no daemon and nothing but files."""

from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest

from edge.events import Origin, normalize
from edge.settings.config import load
from edge.settings.settings import Settings
from edge.snapshot import Snapshot
from edge.store import Intake, Store, position
from edge.store.books import Books
from edge.store.reads import ReceiptRow
from edge.trace.trace import Trace
from edge.trace.tracing import Search
from tests.store.halls import NOW, SERIAL, ZONE, intake, open_store, punch

CONFIG = """
[site]
county = "410421"
hall = "hall-1"
[store]
folder = "{folder}"
[uplink]
host = "127.0.0.1"
confirm = ["county"]
[device.fp-1]
driver = "zk"
host = "127.0.0.1"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "edge.toml").write_text(CONFIG.format(folder=tmp_path / "edge"))
    (tmp_path / "edge").mkdir()
    return load(tmp_path / "edge.toml")


def asked(settings: Settings, number: int, within_s: float = 0.5, person: str = "7") -> Trace:
    at = datetime(2026, 11, 20, 8, number // 60, number % 60, tzinfo=ZONE)
    return Search(settings, None, person, at, timedelta(seconds=within_s)).ask(None)


def filled(settings: Settings) -> Store:
    store = open_store(Path(settings.store.folder), confirm=("county",))
    store.take(intake(1, 2, 3, 4))
    store.keep_receipt(ReceiptRow("county", 1, position(1, 4), "2026-11-20T12:00:00+08:00", "ab"))
    store.flush()
    return store


def test_receipts_stubs_and_what_is_aside_are_told_apart(settings: Settings) -> None:
    store = filled(settings)
    store.keep_parked({position(1, 5): "county: too long"}, (), "2026-11-20T12:00:00+08:00")
    store.flush()
    store.empty("attendance", 0, position(1, 2))
    try:
        words = [asked(settings, number).word for number in (1, 2, 3, 4)]
        with closing(store.reader()) as reader:
            numbers = {row.position: row.body for row in reader.numbers(0, 10)}
        assert [bool(body) for body in numbers.values()] == [True, False, True, True, True]
        assert words == ["hop_purged", "hop_confirmed", "hop_confirmed", "hop_aside"]
        told = asked(settings, 1)
        assert told.hops[0].found is not None
        assert (told.hops[0].found.number, told.hops[0].found.emptied) == (2, "purged")
        assert asked(settings, 1, person="8").word == "hop_no_terminal"
    finally:
        store.close()


def test_what_upstream_has_not_confirmed_waits(settings: Settings) -> None:
    store = filled(settings)
    store.take(intake(9))
    try:
        assert asked(settings, 9).word == "hop_waiting"
        assert [hop.word for hop in asked(settings, 4, within_s=6).hops] == [
            "hop_waiting",
            "hop_confirmed",
            "hop_confirmed",
            "hop_confirmed",
            "hop_waiting",
        ], "nearest first"
    finally:
        store.close()


def test_what_precedes_the_service_is_known_by_its_key(settings: Settings) -> None:
    store = open_store(Path(settings.store.folder))
    draft = normalize(punch(1), Origin("fp-1", "zk", ZONE, 0, True), NOW)
    store.take(Intake("fp-1", SERIAL, (draft,), "c", before=frozenset({draft.fact})))
    try:
        assert asked(settings, 1).word == "hop_before_service"
    finally:
        store.close()


def test_a_punch_under_another_time_is_found_by_walking_from_the_day_before_on(settings: Settings) -> None:
    """The terminal was an hour and a half behind; the store held thousands of older rows."""
    store = filled(settings)
    late = Origin("fp-1", "zk", ZONE, -5_400_000, True)
    store.take(Intake("fp-1", SERIAL, (normalize(punch(60), late, NOW),), "c"))
    try:
        told = Search(
            settings, None, "7", datetime(2026, 11, 20, 9, 31, tzinfo=ZONE), timedelta(minutes=1)
        ).ask(None)
        assert told.hops[0].found is not None
        assert told.hops[0].found.device_time == "2026-11-20T08:01:00"
        far = Search(
            settings, None, "7", datetime(2026, 11, 20, 11, 0, tzinfo=ZONE), timedelta(minutes=1)
        ).ask(None)
        assert far.hops == ()
        assert far.others[0].device_time == "2026-11-20T08:01:00", "the nearest first"
        assert msgspec.json.encode(far)
    finally:
        store.close()


def test_the_walk_begins_where_the_day_before_was_recorded(settings: Settings) -> None:
    store = filled(settings)
    try:
        with closing(store.reader()) as reader:
            for days, first in ((-10, 0), (0, 0), (1, 0), (3, reader.newest())):
                at = datetime(2026, 11, 20, 12, 0, tzinfo=ZONE) + timedelta(days=days)
                search = Search(settings, None, "7", at, timedelta(minutes=1))
                assert search._recorded_since(reader) == first
    finally:
        store.close()
    assert date.fromisoformat("2026-11-20") == NOW.date()


def test_what_was_pushed_is_unproved_until_the_log_shows_it_and_is_no_witness(settings: Settings) -> None:
    store = filled(settings)
    pushed = [
        punch(number)._replace(facts={**punch(number).facts, "unconfirmed": True}) for number in (50, 51)
    ]
    origin = Origin("fp-1", "adms", ZONE, 0, True)
    store.take(Intake("fp-1", SERIAL, tuple(normalize(each, origin, NOW) for each in pushed), "c"))
    try:
        assert [asked(settings, number).word for number in (50, 51)] == ["hop_unproved"] * 2
        with closing(Books(store.path)) as books:
            assert books.newest(SERIAL, 1)[0].split("|")[1] == punch(4).device_time
        store.take(intake(50, confirms=True))
        assert [asked(settings, number).word for number in (50, 51)] == ["hop_waiting", "hop_unproved"]
        with closing(Books(store.path)) as books:
            assert books.newest(SERIAL, 1)[0].split("|")[1] == punch(50).device_time
    finally:
        store.close()


@pytest.mark.parametrize(
    ("now", "until"),
    [("08:02:00", "08:00:00"), ("08:06:00", "08:04:00"), ("08:40:00", "08:10:00"), ("23:00:00", "08:10:00")],
)
def test_a_punch_may_be_as_late_as_is_looked_for_but_for_the_last_minutes(
    settings: Settings, now: str, until: str
) -> None:
    moment = datetime(2026, 11, 20, 8, tzinfo=ZONE)
    live = cast(Snapshot, SimpleNamespace(at=f"2026-11-20T{now}+08:00"))
    search = Search(settings, live, "7", moment, timedelta(minutes=10))
    assert search._until().isoformat() == f"2026-11-20T{until}+08:00"
