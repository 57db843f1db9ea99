"""Batches gzipped: with ISA-L and without, any gunzip gives back what went in."""

import gzip
import importlib
import json
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.uplink import squeezed

EVENTS = json.dumps([{"id": f"{number:032x}", "type": "attendance.punch"} for number in range(200)]).encode()


@given(st.binary(max_size=5000))
def test_any_gunzip_reads_it(batch: bytes) -> None:
    assert gzip.decompress(squeezed.squeeze(batch)) == batch


@pytest.fixture
def without_isal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as away:
        away.setitem(sys.modules, "isal.isal_zlib", None)
        importlib.reload(squeezed)
        yield
    importlib.reload(squeezed)


@pytest.mark.usefixtures("without_isal")
def test_where_there_is_no_wheel_zlib_does_it() -> None:
    assert squeezed.compress.__module__ == "zlib"
    assert gzip.decompress(squeezed.squeeze(EVENTS)) == EVENTS


def test_what_repeats_becomes_small_and_the_same_each_time() -> None:
    assert len(squeezed.squeeze(EVENTS)) < len(EVENTS) / 4
    assert squeezed.squeeze(EVENTS) == squeezed.squeeze(EVENTS)
