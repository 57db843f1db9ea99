"""ZK records, users, live events, sizes and the choice of a layout."""

import struct
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zk.layout import choose, score, still_fits
from drivers.zk.records import (
    LAYOUTS,
    Record,
    decode,
    decode_live,
    decode_sizes,
    decode_users,
    text,
    time_text,
)
from tests.drivers.zk_site import captures, vectors

START = datetime.fromisoformat("2000-01-01")
TIMES = st.datetimes(START, datetime.fromisoformat("2133-08-18")).map(lambda t: t.replace(microsecond=0))
IDS = st.text("0123456789abcXYZ-", min_size=1, max_size=24)
U8, U16 = st.integers(0, 255), st.integers(1, 0xFFFF)


def u32(time: datetime) -> int:
    """The documented formula."""
    days = (time.year - 2000) * 372 + (time.month - 1) * 31 + time.day - 1
    return days * 86400 + time.hour * 3600 + time.minute * 60 + time.second


def raw_record(layout: str, uid: int, user: str, verify: int, time: datetime, state: int) -> bytes:
    """The documented layouts, field by field."""
    clock = struct.pack("<I", u32(time))
    if layout == "8":
        return struct.pack("<HB4sB", uid, verify, clock, state)
    if layout == "ma300":
        return struct.pack("<HBB4s", uid, verify, state, clock)
    if layout == "16":
        return struct.pack("<I4sBB2sI", int(user), clock, verify, state, b"", 0)
    record = struct.pack("<H24sB4sB8s", uid, user.encode(), verify, clock, state, b"")
    return record + (b"\xff255\0\0\0\0\0" if layout == "49" else b"")


def log_of(layout: str, count: int, people: int = 500) -> bytes:
    start = datetime.fromisoformat("2023-05-04T08:00:00")
    return b"".join(
        raw_record(
            layout,
            1 + n % people,
            str(1 + n % people),
            n % 2 * 14 + 1,
            start + timedelta(seconds=61 * n),
            n % 6,
        )
        for n in range(count)
    )


@pytest.mark.parametrize("vector", vectors()["times"], ids=lambda v: str(v["value"]))
def test_a_time_computed_by_hand(vector):
    assert time_text(vector["value"]) == vector["time"]


@pytest.mark.parametrize("vector", vectors()["records"], ids=lambda v: v["layout"])
def test_a_record_written_by_hand(vector):
    raw = bytes.fromhex(vector["hex"])
    assert LAYOUTS[vector["layout"]].size == len(raw)
    assert decode(LAYOUTS[vector["layout"]], raw) == ([Record(*vector["record"])], [])


@pytest.mark.parametrize("vector", vectors()["live"], ids=lambda v: v["source"][:24])
def test_a_live_body_written_by_hand(vector):
    told = vector["record"] and Record(*vector["record"])
    assert decode_live(LAYOUTS[vector["layout"]], bytes.fromhex(vector["hex"])) == told


@pytest.mark.parametrize("vector", vectors()["users"], ids=lambda v: v["source"][:24])
def test_users_written_by_hand(vector):
    users = decode_users(bytes.fromhex(vector["hex"]), 1, "gb18030")
    assert [list(user[:3]) for user in users] == vector["users"]


@given(st.sampled_from(["40", "49"]), U16, IDS, U8, TIMES, U8)
def test_text_records_roundtrip(layout, uid, user, verify, time, state):
    raw = raw_record(layout, uid, user, verify, time, state)
    assert decode(LAYOUTS[layout], raw) == ([Record(time.isoformat(), user, verify, state)], [])


@given(st.sampled_from(["8", "ma300"]), U16, U8, TIMES, U8)
def test_uid_records_roundtrip(layout, uid, verify, time, state):
    raw = raw_record(layout, uid, "1", verify, time, state)
    assert decode(LAYOUTS[layout], raw) == ([Record(time.isoformat(), f"uid:{uid}", verify, state)], [])


@given(st.integers(1, 0xFFFFFFFF), U8, TIMES, U8)
def test_number_records_roundtrip(user, verify, time, state):
    raw = raw_record("16", 0, str(user), verify, time, state)
    assert decode(LAYOUTS["16"], raw) == ([Record(time.isoformat(), str(user), verify, state)], [])


@given(st.sampled_from(sorted(LAYOUTS)), st.binary(max_size=4000))
def test_any_bytes_are_a_record_or_are_set_aside(layout, raw):
    size = LAYOUTS[layout].size
    whole = raw[: len(raw) // size * size]
    records, bad = decode(LAYOUTS[layout], whole)
    assert len(records) + len(bad) == len(whole) // size
    assert all(len(one.raw) == size for one in bad)
    assert all(datetime.fromisoformat(record.time) for record in records)


@given(st.sampled_from(sorted(LAYOUTS)), st.binary(max_size=80))
def test_any_live_body_is_a_record_or_nothing(layout, body):
    record = decode_live(LAYOUTS[layout], body)
    assert record is None or (record.user and datetime.fromisoformat(record.time))


@given(st.binary(max_size=600), st.integers(0, 30), st.sampled_from(["gb18030", "utf-8", "big5"]))
def test_any_user_table_is_survived(raw, count, encoding):
    assert len(decode_users(raw, count, encoding) or ()) <= len(raw) // 28


def test_a_user_table_that_both_sizes_divide_is_told_by_counter_or_by_sense():
    row28 = b"".join(struct.pack("<HB5s8sIxBhI", n, 0, b"", b"n", 0, 1, 0, 100 + n) for n in range(1, 19))
    assert len(row28) == 504 == 7 * 72
    for count in (18, 0):
        assert [user.user_id for user in decode_users(row28, count, "utf-8")] == [
            str(100 + n) for n in range(1, 19)
        ]
    for count in (17, 19, 6):
        assert decode_users(row28, count, "utf-8") is None, (
            "somebody came or went meanwhile: whose rows these are"
        )


def test_recorded_attendance_records():
    seen = 0
    for entry in captures():
        told = entry["decoded"].get("attendance")
        if not told:
            continue
        ((record,), bad) = decode(LAYOUTS["40"], bytes.fromhex(entry["hex"]))
        assert (record.user, record.verify, record.state) == (
            told["user_id"],
            told["verify"],
            told["state"],
        )
        assert record.time == told["time"].replace(" ", "T")
        assert not bad
        seen += 1
    assert seen >= 2


def test_a_recorded_dump_cut_two_bytes_early_still_gives_its_times():
    seen = 0
    for entry in captures():
        told = entry["decoded"].get("shifted")
        if not told:
            continue
        raw = bytes.fromhex(entry["hex"])[2:] + bytes(2)
        ((record,), _) = decode(LAYOUTS["40"], raw)
        assert (record.time, record.user) == (told["time"].replace(" ", "T"), told["user_id"])
        seen += 1
    assert seen >= 3


def test_recorded_users_times_sizes_and_live_events():
    seen = set()
    for entry in captures():
        told, raw = entry["decoded"], bytes.fromhex(entry["hex"])
        if "users" in told:
            users = decode_users(raw[8 + 8 + 4 :], len(told["users"]), "utf-8")
            assert [(u.uid, u.user_id, u.name) for u in users] == [
                (u["uid"], u["user_id"], u["name"]) for u in told["users"]
            ]
            seen.add("users")
        if "u32" in told:
            assert time_text(told["u32"]) == told["time"].replace(" ", "T")
            assert int.from_bytes(raw, "little") == told["u32"]
            seen.add("time")
        if "sizes" in told:
            sizes = decode_sizes(raw[16:] if raw.startswith(b"PP") else raw)
            want = told["sizes"]
            assert sizes is not None
            assert sizes[:4] == (want["users"], want["records"], want["users_cap"], want["rec_cap"])
            seen.add("sizes")
        if told.get("live"):
            numeric = isinstance(told["live"]["user_id"], int)
            record = decode_live(LAYOUTS["16" if numeric else "40"], raw[16:])
            assert record is not None
            assert record.user == str(told["live"]["user_id"])
            assert record.time == told["live"]["time"].replace(" ", "T")
            seen.add("live")
    assert seen == {"users", "time", "sizes", "live"}


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
@pytest.mark.parametrize("count", [3, 40, 49, 800])
def test_the_layout_of_a_log_is_found_without_its_counter(layout, count):
    raw = log_of(layout, count)
    for counter in (0, count, count + 1, count * 5):
        chosen = choose(raw, len(raw), counter)
        assert chosen is not None
        assert chosen.name == layout


def test_a_counter_that_points_at_another_layout_does_not_convince():
    raw = log_of("40", 1000)
    assert choose(raw[:62720], len(raw), 5000) is LAYOUTS["40"]  # 5000 x 8 bytes would fit


def test_a_log_of_a_reset_clock_is_still_a_log():
    raw = b"".join(raw_record("40", 1, "7", 1, START + timedelta(minutes=n), 0) for n in range(60))
    assert choose(raw, len(raw), 60) is LAYOUTS["40"]


def test_zeros_are_no_records():
    for size in (40, 49, 16, 8, 3920):
        assert choose(bytes(size), size, size // 40) is None


def test_noise_is_no_log():
    noise = bytes((n * n * 31 + n * 7) % 251 for n in range(3920))
    for counter in (0, 98, 80, 245, 490):
        assert choose(noise, len(noise), counter) is None


def test_a_small_log_with_bad_records_is_believed_when_the_counter_agrees():
    impossible = struct.pack("<H24sBIB8s", 1, b"7", 1, (24 * 372 + 31 + 30) * 86400, 0, b"")
    raw = log_of("40", 6) + impossible * 4
    assert score(LAYOUTS["40"], raw) == 0.6
    assert choose(raw, len(raw), 10) is LAYOUTS["40"]
    assert choose(raw, len(raw), 11) is None


def test_a_pinned_layout_that_no_longer_fits_is_seen():
    assert still_fits(LAYOUTS["40"], b"", 0)
    assert still_fits(LAYOUTS["40"], log_of("40", 5), 200)
    assert not still_fits(LAYOUTS["40"], log_of("49", 40), 40 * 49)
    assert not still_fits(LAYOUTS["8"], log_of("ma300", 40), 320)


def test_recorded_junk_of_a_direct_read_is_no_log():
    (junk,) = [e for e in captures() if e["id"] == "zk061"]
    raw = bytes.fromhex(junk["hex"])[16 + 4 :]
    assert choose(raw, len(raw), 3) is None


def test_a_name_is_read_as_utf8_or_else_in_the_terminals_encoding():
    assert text("张三\0xx".encode(), "gb18030") == "张三"
    assert text("张三\0xx".encode("gbk"), "gb18030") == "张三"
    assert text(b"\xff\xfe", "utf-8") == "\ufffd\ufffd"


def test_sizes_of_every_length():
    numbers = [n * 10 for n in range(28)]
    raw = struct.pack("<28I", *numbers)
    for length in (80, 86, 92, 112):
        assert decode_sizes(raw[:length]) == (40, 80, 150, 160, 60, 200 if length >= 92 else None)
    assert decode_sizes(raw[:79]) is None
