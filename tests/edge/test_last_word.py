"""`status.json` is written when it has something to tell, and a disk that does not take it stops nothing."""

import logging
from pathlib import Path

import msgspec
import pytest

from edge import last_word as room
from edge.last_word import LastWord
from edge.snapshot import Snapshot
from tests.web.halls import WELL

NOW = "2026-11-23T09:00:00+08:00"


class Hall:
    def __init__(self) -> None:
        self.snapshot = WELL

    def take(self) -> Snapshot:
        return self.snapshot


def later(snapshot: Snapshot) -> Snapshot:
    """A minute on, nothing happened."""
    return msgspec.structs.replace(snapshot, at=NOW)


def test_what_is_no_news_is_written_rarely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hall, path = Hall(), tmp_path / "status.json"
    word = LastWord(path, hall.take)
    word.renew()
    first = path.read_bytes()
    hall.snapshot = later(hall.snapshot)
    word.renew()
    assert path.read_bytes() == first
    store = msgspec.structs.replace(hall.snapshot.store, seq_head=hall.snapshot.store.seq_head + 1)
    hall.snapshot = msgspec.structs.replace(hall.snapshot, store=store)
    word.renew()
    assert msgspec.json.decode(path.read_bytes(), type=Snapshot) == hall.snapshot
    assert path.stat().st_mode & 0o777 == 0o640
    hall.snapshot = msgspec.structs.replace(hall.snapshot, at="2026-11-23T09:20:00+08:00")
    word.renew()
    assert NOW in path.read_text()
    monkeypatch.setattr(room, "OLDEST_S", 0.0)
    word.renew()
    assert "09:20" in path.read_text()


def test_a_disk_that_does_not_take_it_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "gone"
    word = LastWord(folder / "status.json", Hall().take)
    with caplog.at_level(logging.ERROR):
        word.write()
        word.write()
    assert len(caplog.records) == 1
    folder.mkdir()
    word.write()
    assert (folder / "status.json").exists()
