"""The terminal's own USB export: each line is the record that its log holds, or is set aside by itself."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.zk import Zk
from drivers.zk.export import exported

LINE = b"        1\t2026-11-24 08:59:01\t1\t0\t15\t0\r\n"


def cursor(layout: str, serial: str = "SN1") -> str:
    return json.dumps({"serial": serial, "layout": layout, "count": 1, "tail": ""})


@pytest.mark.parametrize(
    ("line", "layout", "key"),
    [
        (LINE, "40", "2026-11-24T08:59:01|1|0"),
        (LINE.replace(b"        1", b"     0071"), "40", "2026-11-24T08:59:01|0071|0"),
        (LINE.replace(b"        1", b"     0071"), "16", "2026-11-24T08:59:01|71|0"),
        (LINE.replace(b"        1", b"A7-b"), "49", "2026-11-24T08:59:01|A7-b|0"),
        (LINE.replace(b"\t0\t15", b"\t255\t15"), "", "2026-11-24T08:59:01|1|255"),
        (b"\xef\xbb\xbf" + LINE.strip() + b"\t0\t0\t", "40", "2026-11-24T08:59:01|1|0"),
        (LINE.strip(), "", "2026-11-24T08:59:01|1|0"),
    ],
)
def test_a_line_bears_the_key_of_its_record(line: bytes, layout: str, key: str) -> None:
    (reading,), rejects = exported([line], "SN1", cursor(layout) if layout else None)
    assert (reading.key, reading.serial, rejects) == (key, "SN1", [])
    assert reading.device_time == "2026-11-24T08:59:01"
    assert (reading.facts["verify_method"], reading.facts["verify_raw"]) == ("face", 15)


@pytest.mark.parametrize(
    "line",
    [
        b"garbage line\n",
        LINE.replace(b"\t1\t0\t15\t0", b""),
        LINE.replace(b"\t1\t0\t15\t0", b"\t1\t0"),
        LINE.replace(b"\t", b" "),
        LINE.replace(b"\t15", b"\t999"),
        LINE.replace(b"        1", "张三".encode()),
        LINE.replace(b"2026-11-24", b"24/11/2026"),
        b"x" * 10_000,
    ],
)
def test_an_odd_line_is_set_aside_by_itself(line: bytes) -> None:
    readings, (reject,) = exported([LINE, line], "SN1", None)
    assert len(readings) == 1
    assert reject.raw == line[:4096]


def test_empty_lines_are_nothing_and_identical_ones_are_one_with_its_number() -> None:
    readings, rejects = exported([LINE, b"\r\n", b"", b"\x1a", LINE], "SN1", None)
    assert ([reading.copies for reading in readings], rejects) == ([2], [])


@pytest.mark.parametrize("layout", ["8", "ma300"])
def test_where_the_log_names_nobody_the_export_is_not_taken(layout: str) -> None:
    with pytest.raises(ValueError, match=layout):
        exported([LINE], "SN1", cursor(layout))
    assert exported([LINE], "SN2", cursor(layout))[0], "the cursor of another terminal says nothing"
    assert Zk(Zk.Options("127.0.0.1")).exported([LINE], "SN1", None)[0]


@given(st.binary(max_size=80), st.integers(0, len(LINE)))
def test_no_bytes_do_harm(noise: bytes, at: int) -> None:
    lines = [LINE[:at] + noise + LINE[at:], noise]
    readings, rejects = exported(lines, "SN1", None)
    assert len(readings) + len(rejects) <= 2
