"""Dahua access records: what they say, every firmware variant, and 10,000 spoilt inputs."""

import gc
import json
import random
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest

from drivers.base import DeviceRefused, IntakeClosed, Order, Reading, Reject
from drivers.dahua.known import Known
from drivers.dahua.lines import found, values
from drivers.dahua.records import METHODS, access, moment, reading, wall_clock
from tests.drivers.dahua_site import driver, key, keys, read
from tests.drivers.hikvision_site import DAY_ONE, past, samples
from tests.drivers.memory_link import MemoryLink, copies, running
from tests.drivers.test_hikvision_events import spoilt
from tests.sim.dahua import Faults, Terminal

SHIFT_S = 8 * 3600
RECORD = {
    "RecNo": "550478",
    "CreateTime": "1789554842",
    "UserID": "108",
    "Method": "15",
    "Status": "1",
    "ErrorCode": "0",
    "AttendanceState": "0",
    "CardName": "王芳",
    "CardNo": "4711",
    "URL": "/mnt/appdata1/userpic/1.jpg",
    "Type": "Entry",
}


def told(**change: Any) -> Reading | Reject | None:
    """What a record with these fields changed is; None leaves one out."""
    fields = {name: value for name, value in {**RECORD, **change}.items() if value is not None}
    return reading("SN", access(fields, SHIFT_S), METHODS["asi"])


def test_a_record_is_told_whole_and_nothing_more() -> None:
    assert told() == Reading(
        "attendance.punch",
        "SN",
        "2026-09-16T18:34:02|550478",
        "2026-09-16T18:34:02",
        {"device_user_id": "108", "verify_method": "face", "punch_state": "unspecified", "verify_raw": 15},
    )


def test_the_recorded_reply_says_what_it_said() -> None:
    entry = samples()["dahua01"]
    reply = found(entry["sample"].encode())
    assert reply is not None
    assert (reply.told, reply.total, len(reply.records)) == (1, None, 1)
    punch = reading("SN", access(reply.records[0], SHIFT_S), METHODS["asi"])
    assert isinstance(punch, Reading)
    assert punch.facts["verify_method"] == entry["expected"]["method"]
    assert punch.facts["device_user_id"] == entry["expected"]["user"]
    assert punch.key.endswith(f"|{entry['expected']['rec_no']}")


def test_epoch_and_local_text_are_the_same_punch() -> None:
    assert told(CreateTime="2026-09-16 18:34:02") == told()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Status": "0"}, None),
        ({"Status": "0", "ErrorCode": "16"}, None),
        ({"Status": None}, Reading),
        ({"Status": None, "ErrorCode": "16"}, None),
        ({"Status": None, "ErrorCode": None}, "no_status"),
        ({"UserID": "", "Method": "4"}, None),
        ({"UserID": None, "Method": "5"}, None),
        ({"UserID": ""}, "no_user"),
        ({"UserID": "a\x07b"}, "no_user"),
        ({"RecNo": None}, "no_number"),
        ({"RecNo": "-4"}, "no_number"),
        ({"CreateTime": "0"}, "impossible_date"),
        ({"CreateTime": "99999999999999999"}, "impossible_date"),
        ({"CreateTime": "2026-02-31 08:00:00"}, "impossible_date"),
        ({"CreateTime": None}, "impossible_date"),
        ({"Method": None}, Reading),
        ({"AttendanceState": None}, Reading),
        ({"Type": None, "CardNo": None, "CardName": None}, Reading),
    ],
)
def test_missing_and_odd_fields(change: dict[str, Any], expected: object) -> None:
    outcome = told(**change)
    if isinstance(expected, str):
        assert isinstance(outcome, Reject)
        assert outcome.reason == expected
        for private in ("王芳", "4711", "jpg"):
            assert private not in (outcome.raw or b"").decode()
    else:
        assert type(outcome) is (expected or type(None))


def test_a_reply_that_was_cut_in_a_record_is_none() -> None:
    whole = b"found=1\r\nrecords[0].RecNo=4\r\nrecords[0].Status=1\r\nrecords[0].UserID=1012\r\n"
    assert found(whole) is not None
    assert [found(whole[:end]) for end in range(len(whole) - 1, whole.index(b"=1012"), -1)] == [None] * 6


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("records[0].CreateTime=1789554843", "field_twice"),
        ("records[0].UserID=109", "field_twice"),
        ("records[0].Status=0", "field_twice"),
        ("records[0].CardName=李伟", None),
        ("records[0].UserID=108", None),
    ],
)
def test_lines_of_two_records_under_one_index_make_no_punch(line: str, reason: str | None) -> None:
    lines = [f"records[0].{name}={value}" for name, value in RECORD.items()]
    reply = found("".join(f"{each}\r\n" for each in ("found=1", *lines, line)).encode())
    assert reply is not None
    outcome = reading("SN", access(reply.records[0], SHIFT_S), METHODS["asi"])
    if reason is None:
        assert outcome == told()
    else:
        assert isinstance(outcome, Reject)
        assert outcome.reason == reason
        assert line.partition(".")[2] in (outcome.raw or b"").decode(), "what was said is kept"


@pytest.mark.parametrize(
    ("family", "method", "name"),
    [("asi", 1, "card"), ("asi", 6, "fingerprint"), ("asi", 15, "face"), ("asi", 2, "other"),
     ("vto", 1, "card"), ("vto", 2, "fingerprint"), ("vto", 3, "face"), ("vto", 15, "other")],
)  # fmt: skip
def test_a_method_means_what_it_means_on_that_family(family: str, method: int, name: str) -> None:
    punch = reading("SN", access({**RECORD, "Method": str(method)}, SHIFT_S), METHODS[family])
    assert isinstance(punch, Reading)
    assert (punch.facts["verify_method"], punch.facts["verify_raw"]) == (name, method)


def test_the_family_goes_by_the_model_unless_a_person_says_so() -> None:
    for model, methods, expected in (
        ("VTO2211G", "auto", "face"),
        ("ASI7213Y", "auto", "other"),
        ("X", "vto", "face"),
    ):
        with Terminal(model=model) as terminal:
            terminal.punch("1", method=3)
            assert read(terminal, methods=methods).readings[0].facts["verify_method"] == expected


VARIANTS = {
    "as recorded": Faults(),
    "text asked for": Faults(refuse_epoch=True),
    "text in both directions": Faults(refuse_epoch=True, text_times=True),
    "epoch asked for, text told": Faults(text_times=True),
    "refuses with 200": Faults(refuse_epoch=True, refuse_word=True),
    "refuses any time": Faults(refuse_times=True),
    "refuses any time with 200": Faults(refuse_times=True, refuse_word=True),
    "ignores times": Faults(ignore_times=True),
    "newest first": Faults(newest_first=True),
    "in the order of numbers": Faults(by_number=True),
    "tells the total": Faults(total=True),
    "repeats the last": Faults(repeat=True),
    "never more than 30": Faults(count_max=30),
    "never more than 30, newest first": Faults(count_max=30, newest_first=True),
    "never more than 30, by number": Faults(count_max=30, by_number=True),
    "tells little": Faults(
        missing={"AttendanceState", "CardName", "CardNo", "ErrorCode", "Type", "URL", "Door"}
    ),
    "tells no status": Faults(missing={"Status"}),
    "no model, no version": Faults(unsupported={"getDeviceType", "getSoftwareVersion"}),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_firmware_is_read_whole_and_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.dahua.reader.BLIND_S", 0.0)
    terminal = Terminal(faults=VARIANTS[name])
    terminal.load(past(330))
    link = MemoryLink()
    with terminal:
        read(terminal, link)
        with running(driver(terminal), link) as work:
            terminal.load(past(40, first=330))
            terminal.punch("1001")
            work.until(lambda: len(link.facts) == 371)
            done: list[str] = []
            link.waiting.append(Order("reread", done.append))
            work.until(lambda: done == ["ok"])
        assert len(terminal.paths) < 400, "no hot loop"
    assert link.facts == keys(terminal)
    assert not link.rejects


def test_a_log_of_one_second_is_read_by_asking_for_more() -> None:
    terminal = Terminal()
    for number in range(450):
        terminal.punch(str(number), at=DAY_ONE)
    with terminal:
        assert read(terminal).facts == keys(terminal)


def test_what_is_counted_and_not_handed_out_is_never_called_complete() -> None:
    terminal = Terminal(faults=Faults(short=2))
    terminal.load(past(50))
    link = MemoryLink()
    with terminal:
        with running(driver(terminal), link) as work:
            work.until(lambda: "answers_contradict" in link.notes)
        assert link.completes == []
        assert link.facts < keys(terminal)
        terminal.faults = Faults()
        read(terminal, link)
    assert link.facts == keys(terminal)
    assert link.notes == {}


@pytest.mark.parametrize(
    "faults",
    [Faults(count=2), Faults(count=-1), Faults(stuck=100), Faults(short=1)],
    ids=["counts too many", "counts too few", "the same page again and again", "hands out too few"],
)
def test_a_reply_that_contradicts_itself_is_read_and_never_called_complete(faults: Faults) -> None:
    terminal = Terminal()
    terminal.load(past(330))
    link = MemoryLink()
    with terminal:
        read(terminal, link)
        terminal.faults = faults
        terminal.load(past(20, first=330))
        link.completes.clear()
        asked, done = len(terminal.paths), list[str]()
        link.waiting.append(Order("reread", done.append))
        with running(driver(terminal, poll_s=0.3), link) as work:
            work.until(lambda: done)
        assert done != ["ok"]
        assert link.completes == []
        assert len(terminal.paths) - asked < 200, "no hot loop"
        assert len({reading.key for reading in link.readings}) == len(link.facts) <= 350
        terminal.faults = Faults()
        read(terminal, link)
    assert link.facts == keys(terminal)


def test_an_empty_reply_without_a_number_proves_nothing() -> None:
    terminal, link = Terminal(faults=Faults(found="")), MemoryLink()
    terminal.faults.found = "?"
    with terminal, running(driver(terminal), link) as work:
        work.until(lambda: "answers_contradict" in link.notes)
    assert link.completes == []


def test_a_terminal_that_hands_out_little_in_no_order_is_still_read_on() -> None:
    terminal = Terminal(faults=Faults(by_number=True))
    terminal.load(past(150))
    for number in range(60):
        terminal.punch("9", at=DAY_ONE + timedelta(seconds=number))
    terminal.load(past(150, first=200))
    with terminal:
        assert read(terminal).facts == keys(terminal)


def test_impossible_dates_and_nobody_are_set_aside_and_block_nothing() -> None:
    terminal = Terminal(faults=Faults(bad_date={5, 40}, nobody={7}))
    terminal.load(past(60))
    with terminal:
        link = read(terminal, count=57)
    assert sorted(reject.reason for reject in link.rejects) == ["impossible_date"] * 2 + ["no_user"]
    assert {key(record) for record in terminal.punches} > link.facts


@pytest.mark.parametrize("back_s", [-600, -7200])
def test_a_clock_that_is_set_back_hides_no_punch(back_s: int) -> None:
    terminal = Terminal()
    with terminal:
        terminal.punch("1")
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.2), link) as work:
            work.until(lambda: len(link.facts) == 1)
            terminal.set_clock(back_s)
            terminal.punch("2")
            work.until(lambda: len(link.facts) == 2)
            terminal.punch("3")
            work.until(lambda: len(link.facts) == 3)


def test_a_record_of_the_far_future_hides_nothing_that_follows() -> None:
    terminal = Terminal()
    with terminal:
        terminal.punch("1", at=DAY_ONE.replace(year=2031))
        link = MemoryLink()
        with running(driver(terminal, utc_offset_minutes=480), link) as work:
            work.until(lambda: len(link.facts) == 1)
            terminal.punch("2")
            work.until(lambda: len(link.facts) == 2)


def test_local_time_counted_as_utc_is_noticed_before_anything_is_taken() -> None:
    terminal = Terminal(faults=Faults(local_epoch=True))
    terminal.load(past(20))
    terminal.punch("1", at=terminal.clock() - timedelta(hours=1))
    link = MemoryLink()
    with terminal:
        with running(driver(terminal), link) as work:
            error = work.ended()
        assert isinstance(error, DeviceRefused)
        assert error.cause == "epoch_unclear"
        assert link.readings == []
        read(terminal, link, utc_offset_minutes=0)
    assert link.facts == keys(terminal)


def test_a_factory_reset_loses_nothing_and_doubles_nothing() -> None:
    terminal = Terminal()
    terminal.load(past(100))
    with terminal:
        link = read(terminal)
        before = keys(terminal)
        terminal.reset()
        terminal.load(past(100, first=100))
        read(terminal, link, count=200)
    assert link.facts == before | keys(terminal)


def test_a_page_that_was_not_stored_is_read_again() -> None:
    terminal = Terminal()
    terminal.load(past(250))
    link = MemoryLink(failures=[IntakeClosed("disk full")])
    with terminal:
        with running(driver(terminal), link) as work:
            assert isinstance(work.ended(), IntakeClosed)
        assert link.readings == []
        read(terminal, link)
    assert link.facts == keys(terminal)


def test_a_poll_that_brings_nothing_says_nothing() -> None:
    terminal = Terminal()
    terminal.load(past(30))
    with terminal:
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
            emits, asked = link.emits, len(terminal.paths)
            work.until(lambda: len(terminal.paths) > asked + 20)
            assert link.emits == emits
    assert max(copies(link.readings).values()) == 1


def test_a_device_that_refuses_every_dialect_needs_a_person() -> None:
    with (
        Terminal(faults=Faults(refuse_all=True)) as terminal,
        running(driver(terminal), MemoryLink()) as work,
    ):
        error = work.ended()
    assert isinstance(error, DeviceRefused)
    assert error.cause == "not_supported"


def test_a_foreign_device_is_named() -> None:
    terminal = Terminal()
    terminal.http.body = b"<html>login</html>"
    with terminal, running(driver(terminal), MemoryLink()) as work:
        error = work.ended()
    assert isinstance(error, DeviceRefused)
    assert error.cause == "foreign_device"


def test_moments() -> None:
    assert moment("1789554842", SHIFT_S) == 1789554842 + SHIFT_S
    assert wall_clock(1789554842 + SHIFT_S) == "2026-09-16T18:34:02"
    for nothing in ("", "0", "-5", "abc", "2026-13-01 00:00:00", "1e9", "９", "2026-09-16T18:34:02Z"):
        assert moment(nothing, SHIFT_S) is None, nothing


def test_a_broken_cursor_knows_nothing() -> None:
    for cursor in (
        None,
        "",
        "{",
        "[]",
        '{"serial": "SN", "newest": -3}',
        '{"serial": "SN", "x": 1}',
        '{"serial": "X"}',
    ):
        assert Known.parse(cursor, "SN") == Known("SN")
    assert Known.parse(Known("SN", 40).text(), "SN") == Known("SN", 40)


def test_texts_in_gb18030_are_read() -> None:
    assert values("CardName=王芳\r\n".encode("gb18030")) == {"CardName": "王芳"}


@pytest.mark.parametrize("line", ["{n}=\n", "records[{n}].a=\n", "a=\U0001f600\n", ""])
def test_a_long_answer_becomes_little_in_memory(line: str) -> None:
    fields = "".join(f"records[{{n}}].{name}={value}\r\n" for name, value in RECORD.items())
    each = line or fields
    body = "".join(each.format(n=n) for n in range(1_200_000 // len(each))).encode()
    tracemalloc.start()
    try:
        reply = found(body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 << 20, f"{peak >> 20} MB"
    assert bool(reply and reply.records) is ("records" in each)


def test_ten_thousand_spoilt_inputs_crash_nothing_invent_nothing_and_leave_nothing() -> None:
    chance = random.Random(20261126)
    lines = [
        f"records[{n}].{name}={value}" for n in range(3) for name, value in {**RECORD, "RecNo": n + 1}.items()
    ]
    good = ("found=3\r\n" + "\r\n".join(lines) + "\r\n").encode()
    kept = 0
    gc.collect()
    tracemalloc.start()
    for turn in range(10_000):
        reply = found(spoilt(chance, good))
        for record in reply.records if reply else ():
            made = access(record, SHIFT_S)
            outcome = reading("SN", made, METHODS["asi"])
            if isinstance(outcome, Reading):
                assert outcome.key == f"{outcome.device_time}|{made.number}"
                assert str(outcome.facts["device_user_id"]).isprintable()
                assert (record.get("Status") or "1") == "1"
            elif isinstance(outcome, Reject):
                assert isinstance(json.loads(outcome.raw or b""), dict)
        if turn == 2000:
            gc.collect()
            kept = tracemalloc.get_traced_memory()[0]
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - kept
    tracemalloc.stop()
    assert grown < 100_000, f"{grown} bytes stayed"
