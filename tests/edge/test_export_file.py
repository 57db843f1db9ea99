"""An export file as a whole: whose it is, whether it fits, in what pieces it travels."""

import pytest

from edge.duty.export_file import BATCH_BYTES, BATCH_LINES, Looked, batches, serial_in, together


@pytest.mark.parametrize(
    ("name", "serial"),
    [
        ("1_attlog.dat", ""),
        ("001_attlog.dat", ""),
        ("CGKK223862906_attlog.dat", "CGKK223862906"),
        ("CGKK223862906_ATTLOG.DAT", "CGKK223862906"),
        ("attlog.dat", ""),
        ("my own export.txt", ""),
    ],
)
def test_the_serial_number_in_a_name(name: str, serial: str) -> None:
    assert serial_in(name) == serial


@pytest.mark.parametrize(
    ("settled", "known", "foreign"),
    [(0, 0, False), (4, 0, False), (5, 0, True), (5, 1, False), (900, 900, False)],
)
def test_a_file_that_fits_nothing_is_foreign(settled: int, known: int, foreign: bool) -> None:
    assert Looked(settled=settled, settled_known=known).foreign is foreign


def test_the_sum_of_parts() -> None:
    one = Looked(
        new=1, known=2, settled=2, settled_known=1, rejected=3, odd=("a", "b", "c"), first="2", last="5"
    )
    two = Looked(new=10, first="1", last="3", odd=("d",))
    assert together([one, two, Looked()]) == Looked(
        new=11, known=2, settled=2, settled_known=1, rejected=3, odd=("a", "b", "c"), first="1", last="5"
    )


def test_no_order_is_too_large_and_no_line_gets_lost() -> None:
    lines = [b"x" * size for size in (10, BATCH_BYTES + 5, 7, BATCH_BYTES - 7, 9)] + [b"y"] * (
        2 * BATCH_LINES + 1
    )
    parts = list(batches(lines))
    assert [line for part in parts for line in part] == lines
    assert all(len(part) == 1 or sum(map(len, part)) <= BATCH_BYTES for part in parts)
    assert max(map(len, parts)) == BATCH_LINES
    assert list(batches([])) == []
