"""Uploads of attendance: every variant of the wire is the same punch, and no nonsense is one."""

import random
import tracemalloc
from datetime import datetime

import pytest

from drivers.adms import attlog, oplog
from drivers.adms.attlog import PIECE, Log, Upload
from drivers.zk.punches import readings
from drivers.zk.records import LAYOUTS, Record
from drivers.zk.records import decode as decode_pull
from tests.drivers.adms_site import SERIAL, captures, record, records
from tests.sim.adms.shapes import SHAPES, body
from tests.sim.zk.layouts import RECORD, Punch

PUNCHES = [
    Punch("1001", datetime.fromisoformat("2026-11-20T08:00:01"), 0, 15, 3),
    Punch("007", datetime.fromisoformat("2026-11-20T08:00:01"), 1, 1, 4),
    Punch("A1001", datetime.fromisoformat("2000-01-01"), 255, 25, 5),
    Punch("123456789012345678901234", datetime.fromisoformat("2028-02-29T23:59:59"), 5, 200, 6),
]


def decode(data: bytes, whole: bool = True) -> Upload:
    """All of an upload."""
    log = Log(data, whole)
    parts = list(log)
    assert (len(parts), log.lines) == (len(log), sum(part.lines for part in parts))
    records = [found for part in parts for found in part.records]
    assert (log.records, log.newest) == (len(records), max((found.time for found in records), default=""))
    return Upload(records, [reject for part in parts for reject in part.rejects], log.lines)


WANTED = [Record(punch.time.isoformat(), punch.user_id, punch.verify, punch.state) for punch in PUNCHES]


@pytest.mark.parametrize("form", [False, True])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_variant_is_the_same_punch(shape: str, end: str, last: bool, form: bool) -> None:
    upload = decode(body(PUNCHES, shape, end, form, last))
    assert upload.records == WANTED
    assert (upload.rejects, upload.lines) == ([], len(PUNCHES))


def test_a_punch_has_one_key_whichever_way_it_comes() -> None:
    pulled, _ = decode_pull(LAYOUTS["40"], b"".join(RECORD[40](punch, 1) for punch in PUNCHES))
    pushed = decode(body(PUNCHES, "7")).records
    keys = [{each.key for each in readings(SERIAL, records, {})} for records in (pulled, pushed)]
    assert keys[0] == keys[1]
    assert "2026-11-20T08:00:01|007|1" in keys[0], "for ever"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"1\t2026-02-30 08:00:00\t0\t1", "impossible_date"),
        (b"1\t2026-11-20 24:00:00\t0\t1", "impossible_date"),
        (b"1\t1970-01-01 08:00:00\t0\t1", "impossible_date"),
        (b"\t2026-11-20 08:00:00\t0\t1", "no_user"),
        (b"2026-11-20 08:00:00\t0\t1", "no_user"),
        (b"1 2\t2026-11-20 08:00:00\t0\t1", "no_user"),
        (b"1234567890123456789012345\t2026-11-20 08:00:00\t0\t1", "no_user"),
        ("王\t2026-11-20 08:00:00\t0\t1".encode("gb18030"), "no_user"),
        (b"1\t2026-11-20 08:00:00", "no_state"),
        (b"1\t2026-11-20 08:00:00\t\t1", "no_state"),
        (b"1\t2026-11-20 08:00:00\t256\t1", "no_state"),
        (b"1\t2026-11-20 08:00:00\t-1\t1", "no_state"),
        ("1\t2026-11-20 08:00:00\t٣\t1".encode(), "no_state"),
        (b"1\t2026-11-20 8:00\t0\t1", "no_time"),
        (b"1\t" + b"2026-11-20 08:00:00\t0\t1" + b"\t0" * 300, "too_long"),
    ],
)
def test_what_makes_no_sense_is_set_aside_by_itself(line: bytes, why: str) -> None:
    upload = decode(record(1).encode() + line + b"\n" + record(2).encode())
    assert [reject.reason for reject in upload.rejects] == [why]
    assert (len(upload.records), upload.lines) == (2, 3), "n counts it, or it would come for ever"
    raw = upload.rejects[0].raw
    assert raw == (None if why == "too_long" else line)


@pytest.mark.parametrize("verify", ["", "x", "999", "-1"])
def test_a_way_to_verify_that_makes_no_sense_does_not_cost_the_punch(verify: str) -> None:
    (found,) = decode(f"1\t2026-11-20 08:00:00\t0\t{verify}\t0\n".encode()).records
    assert readings(SERIAL, [found], {})[0].facts["verify_method"] == "other"


def test_bytes_that_are_no_text_leave_nothing_but_their_hash() -> None:
    photo = record(1).encode() + b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(range(256)) * 20
    upload = decode(photo)
    assert upload.records == []
    (reject,) = upload.rejects
    assert (reject.raw, reject.length) == (None, len(photo))


def test_a_template_in_the_wrong_table_leaves_nothing_but_its_hash() -> None:
    template = b"FP PIN=1\tFID=0\tSize=1200\tValid=1\tTMP=" + b"SshTMjEAAA" * 40
    (reject,) = decode(template + b"\n").rejects
    assert reject.raw is None


def test_the_last_line_of_what_broke_off_is_not_believed() -> None:
    sent = records(0, 3)
    for length in range(len(sent)):
        upload = decode(sent[:length], whole=False)
        assert upload.records == decode(sent).records[: sent[:length].count(b"\n")]


def test_identical_records_are_one_punch_with_its_copies() -> None:
    found = readings(SERIAL, decode(record(1).encode() * 3).records, {})
    assert [reading.copies for reading in found] == [3]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_long_upload_is_read_in_pieces_and_says_the_same(end: str, whole: bool) -> None:
    count = 5 * PIECE // len(record(0))
    data = records(0, count).replace(b"\n", end.encode()) + (
        b"" if whole else b"1001\t2026-11-20 23:00:00\t0"
    )
    upload = decode(data, whole)
    assert len(Log(data, whole)) > 4
    assert (upload.lines, upload.rejects) == (count, [])
    assert len({*upload.records}) == count


def test_recorded_uploads() -> None:
    seen = 0
    for entry in captures():
        if "table=ATTLOG" not in entry["request"] or not entry["body"]:
            continue
        upload = decode(entry["body"].encode())
        said = entry["response"] or f"OK:{upload.lines}"
        assert (upload.rejects, f"OK:{upload.lines}") == ([], said), entry["id"]
        assert len(upload.records) == upload.lines
        seen += 1
    assert seen >= 3


def test_operations_that_matter_are_alarms_and_people_are_only_counted() -> None:
    told = (
        "OPLOG 4\t14\t2026-11-20 10:22:34\t0\t0\t0\t0\n"
        "OPLOG 23\t14\t2026-11-20 10:22:40\t0\t0\t0\t0\r\n"
        "OPLOG 21\t0\t2026-11-20 10:23:00\t0\t0\t0\t0\n"
        "OPLOG 3\t0\t2026-11-20 10:24:00\t55\t0\t0\t0\n"
        "OPLOG 3\t0\t2026-11-20 10:24:00\t58\t0\t0\t0\n"
        "OPLOG 22\t0\t2026-02-30 10:24:00\t0\t0\t0\t0\n"
        "USER PIN=36234\tName=王芳\tPri=0\tPasswd=1234\tCard=133440\tGrp=1\tTZ=1\n"
        "FP PIN=36234\tFID=1\tSize=4\tValid=1\tTMP=SshT\n"
    )
    found = oplog.alarms(SERIAL, told.encode("gb18030"))
    assert [each.facts["code"] for each in found] == ["log_deleted", "clock_set", "tamper"]
    assert found[0].facts["operator"] == "14"
    assert "36234" not in repr(found)
    again = oplog.alarms(SERIAL, told.encode())
    assert [each.key for each in again] == [each.key for each in found]


def mutants(count: int, seed: int) -> list[bytes]:
    """Uploads with bytes changed, lost, doubled, cut and swapped."""
    chance = random.Random(seed)
    seeds = [body(PUNCHES, shape, end) for shape in SHAPES for end in ("\n", "\r\n")]
    found = []
    for _ in range(count):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data) or 1)
            match chance.randrange(5):
                case 0:
                    data[at : at + 1] = bytes([chance.randrange(256)])
                case 1:
                    del data[at : at + chance.randint(1, 30)]
                case 2:
                    data[at:at] = data[at : at + chance.randint(1, 40)]
                case 3:
                    del data[at:]
                case _:
                    data[at:at] = chance.choice([b"\t", b"\n", b"\r", b"\0", b"%00", b"=", b"&", b"\xff\xfe"])
        found.append(bytes(data))
    return found


def test_ten_thousand_mutants_neither_crash_nor_invent_a_date_or_a_user() -> None:
    inputs = mutants(10_000, 20261125)
    for data in inputs:
        _hold(data)
    tracemalloc.start()
    first, _ = tracemalloc.get_traced_memory()
    for data in inputs[:1000]:
        _hold(data)
    second, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert second - first < 256 << 10, "memory grows"


def _hold(data: bytes) -> None:
    """A record is only what stands in the bytes, letter by letter."""
    upload = decode(data)
    assert len(upload.records) + len(upload.rejects) <= upload.lines or upload.rejects[0].reason == "no_text"
    text = attlog.plain(data).decode("latin-1")
    for found in upload.records:
        day, clock = found.time.split("T")
        assert day in text
        assert clock in text
        assert found.user in text
        assert datetime.fromisoformat(found.time).isoformat() == found.time
        assert 0 <= found.state <= 255
    for line in attlog.split(attlog.plain(data)):
        assert attlog.record(line) == attlog.unusual(line)
    oplog.alarms(SERIAL, data)
