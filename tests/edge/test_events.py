"""Readings become events: ids, time quality, bytes; vectors are written by hand from domain §6 and design."""

import json
from datetime import datetime, timedelta, timezone
from uuid import uuid5
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Reading
from edge.clock.offsets import clock_offset_ms, judge_time
from edge.contract import Event
from edge.events import (
    NAMESPACE,
    BadReading,
    Origin,
    Place,
    digest_of,
    event_id,
    genesis,
    normalize,
    seal,
    topic_kind,
)
from edge.payloads import Punch

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 20, 8, 30, tzinfo=ZONE)
DAY = 86_400_000


def reading(**changes: object) -> Reading:
    facts = {"device_user_id": "0012", "verify_method": "fingerprint", "punch_state": "check_in"}
    values = {
        "kind": "attendance.punch",
        "serial": "AB1",
        "key": "2026-11-20T08:25:00|0012|0",
        "device_time": "2026-11-20T08:25:00",
        "facts": facts,
    }
    return Reading(**{**values, **changes})  # type: ignore[arg-type]


def origin(offset_ms: int | None = 0, trusted: bool = True) -> Origin:
    return Origin("fp-1", "zk", ZONE, offset_ms, trusted)


@given(user=st.text(st.characters(exclude_categories=["C"]), max_size=20), number=st.integers(1, 1 << 40))
def test_the_sealed_bytes_are_those_of_the_contract_s_event(user: str, number: int) -> None:
    draft = normalize(reading(facts={**reading().facts, "device_user_id": user}), origin(), NOW)
    place, digest = Place("410421", "hall-1", "/zwdt/410421/hall-1"), digest_of("sha256")
    sealed = seal(draft, place, "e1", number, NOW.isoformat(), b"", digest)
    event = msgspec.json.decode(sealed.body, type=Event)
    assert msgspec.json.encode(event).decode() == sealed.body
    assert (int(event.sequence), event.id) == (number, str(uuid5(NAMESPACE, draft.fact)))
    assert msgspec.json.decode(event.data)["device_user_id"] == user
    assert sealed.hash == digest(sealed.body.encode())


PRINTABLE = st.characters(exclude_categories=["C", "Z"])


@given(
    facts=st.lists(
        st.tuples(st.text(PRINTABLE), st.text(PRINTABLE), st.sampled_from([0, 90_000])), min_size=2
    )
)
def test_whatever_was_told_before_each_fact_says_its_own(facts: list[tuple[str, str, int]]) -> None:
    for number, (user, key, offset_ms) in enumerate(facts):
        told = {**reading().facts, "device_user_id": user, "verify_raw": number}
        stamp = f"2026-11-20T08:25:{number % 60:02}"
        draft = normalize(reading(facts=told, key=key, device_time=stamp), origin(offset_ms), NOW)
        plain = Punch(
            device_id="fp-1",
            device_serial="AB1",
            driver="zk",
            device_time=stamp,
            time_quality="corrected" if offset_ms else "synced",
            replayed=False,
            clock_offset_ms=offset_ms,
            device_user_id=user,
            verify_method="fingerprint",
            punch_state="check_in",
            native_key=key,
            verify_raw=number,
        )
        assert draft.data == msgspec.json.encode(plain)


@given(
    told=st.datetimes(datetime.fromisoformat("2014-01-01"), datetime.fromisoformat("2040-01-01")),
    offset_ms=st.integers(-200_000_000, 200_000_000),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns"]),
    late_s=st.integers(-1000, 1000),
)
def test_times_are_reckoned_as_with_zones(told: datetime, offset_ms: int, zone: str, late_s: int) -> None:
    told, here = told.replace(microsecond=0), ZoneInfo(zone)
    ahead = told.replace(tzinfo=here).utcoffset()
    assert ahead is not None
    shown = told.replace(tzinfo=timezone(ahead))
    now = shown + timedelta(seconds=late_s - round(offset_ms / 1000))
    stamper = Origin("fp-1", "zk", here, offset_ms, True)
    draft = normalize(reading(device_time=told.isoformat()), stamper, now.astimezone(ZONE))
    time, quality = judge_time(shown, offset_ms, now, trusted=True)
    assert (draft.time, json.loads(draft.data)["time_quality"]) == (time.isoformat(), quality)
    assert json.loads(draft.data)["replayed"] == (now - time > timedelta(minutes=10))


@pytest.mark.parametrize(
    "stamp",
    ['2026-11-20"08:25:00', "2026-11-20 08:25:00", "2026-W47-5T08:25:00", "2026-11-20T08:25+08"],
)
def test_a_device_time_of_another_form_is_refused(stamp: str) -> None:
    with pytest.raises(BadReading, match="YYYY-MM-DD"):
        normalize(reading(device_time=stamp), origin(), NOW)


def test_a_punch_as_it_goes_upstream() -> None:
    draft = normalize(reading(), origin(1200), NOW)
    place, digest = Place("410421", "hall-1", "/zwdt/410421/hall-1"), digest_of("sha256")
    sealed = seal(draft, place, "e1", 7, "2026-11-20T08:30:00.000+08:00", genesis("e1", digest), digest)
    assert json.loads(sealed.body) == {
        "specversion": "1.0",
        "id": event_id("AB1|2026-11-20T08:25:00|0012|0|attendance.punch"),
        "source": "/zwdt/410421/hall-1",
        "type": "cn.zwdt.attendance.punch.v1",
        "time": "2026-11-20T08:25:00+08:00",
        "recordedtime": "2026-11-20T08:30:00.000+08:00",
        "sequence": "00000000000000000007",
        "epoch": "e1",
        "partitionkey": "410421/hall-1",
        "dataschema": "urn:zwdt:attendance.punch.v1",
        "data": {
            "device_id": "fp-1",
            "device_serial": "AB1",
            "driver": "zk",
            "device_time": "2026-11-20T08:25:00",
            "clock_offset_ms": 1200,
            "time_quality": "synced",
            "replayed": False,
            "device_user_id": "0012",
            "verify_method": "fingerprint",
            "punch_state": "check_in",
            "native_key": "2026-11-20T08:25:00|0012|0",
        },
    }


def test_the_id_is_a_function_of_the_devices_fact_alone() -> None:
    first = normalize(reading(), origin(), NOW)
    other = normalize(reading(), Origin("renamed", "adms", ZONE, 999_999, False), NOW + timedelta(days=40))
    assert first.fact == other.fact
    assert event_id(first.fact) == "d3ea103e-9d7b-5e8f-aa02-57ace0fb2a15", "ids must never change"
    assert normalize(reading(serial="AB2"), origin(), NOW).fact != first.fact


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("told", "offset_ms", "trusted", "expected", "quality"),
    [
        ("2026-11-20T08:25:00", 0, True, "2026-11-20T08:25:00", "synced"),
        ("2026-11-20T08:25:00", 60_000, True, "2026-11-20T08:25:00", "synced"),
        ("2026-11-20T08:25:00", -96_000, True, "2026-11-20T08:26:36", "corrected"),
        ("2026-11-20T10:55:00", 9_000_000, True, "2026-11-20T08:25:00", "corrected"),
        ("2000-01-01T00:04:00", -9820 * DAY, True, "2026-11-20T00:04:00", "suspect"),
        ("2000-01-01T00:04:00", 0, True, "2000-01-01T00:04:00", "suspect"),
        ("2026-11-20T08:36:00", 0, True, "2026-11-20T08:36:00", "suspect"),
        ("2026-11-20T08:25:00", None, True, "2026-11-20T08:25:00", "suspect"),
        ("2026-11-20T08:25:00", 0, False, "2026-11-20T08:25:00", "unsynced"),
        ("2026-11-20T08:25:00", -9_000_000, True, "2026-11-20T08:25:00", "suspect"),
    ],
)
def test_time_quality(told: str, offset_ms: int | None, trusted: bool, expected: str, quality: str) -> None:
    assert judge_time(at(told), offset_ms, NOW, trusted) == (at(expected), quality)


def test_old_records_are_marked_replayed() -> None:
    assert b'"replayed":true' in normalize(reading(), origin(), NOW + timedelta(hours=1)).data
    assert b'"replayed":false' in normalize(reading(), origin(), NOW).data


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "attendance.unheard_of"},
        {"device_time": "2026-02-31T08:00:00"},
        {"device_time": "20261120T082500"},
        {"device_time": "2026-11-20T08:25:00.5"},
        {"device_time": "2026-11-20T08:25:00+02:00"},
        {"key": "2026-11-20T08:25:00|7\x00|0"},
        {"facts": {"device_user_id": "7", "verify_method": "laser", "punch_state": "check_in"}},
        {"facts": {"device_user_id": 7, "verify_method": "face", "punch_state": "check_in"}},
        {"facts": {"verify_method": "face", "punch_state": "check_in"}},
    ],
)
def test_what_does_not_fit_the_catalogue_is_refused_by_name(changes: dict[str, object]) -> None:
    with pytest.raises(BadReading):
        normalize(reading(**changes), origin(), NOW)


@given(fact=st.text(max_size=80).filter(lambda text: text.isprintable()))
def test_ids_are_version_5_uuids(fact: str) -> None:
    assert event_id(fact) == str(uuid5(NAMESPACE, fact))


def test_sm3_is_the_published_one() -> None:
    assert digest_of("sm3")(b"abc").hex().startswith("66c7f0f4")


def test_topic_kinds() -> None:
    assert topic_kind("cn.zwdt.attendance.punch.v1") == "att"
    assert topic_kind("cn.zwdt.device.status.v1") == "dev"
    assert topic_kind("cn.zwdt.edge.epoch_opened.v1") == "edge"


def test_clock_offset_is_the_devices_clock_minus_ours() -> None:
    assert clock_offset_ms("2026-11-20T08:31:00", ZONE, NOW) == 60_500
    assert clock_offset_ms(None, ZONE, NOW) is None
    assert clock_offset_ms("2026-02-31T00:00:00", ZONE, NOW) is None
