"""The proof of each day as files: written whole, readable by the group, gone when aged, never in the way."""

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from edge.account.filing import Filing
from edge.causes import CAUSES
from edge.clock.clock import WallClock
from edge.events import own_event
from edge.payloads import DeviceReconciled, ReconciledAs
from edge.settings.config import load
from edge.settings.settings import AccountSettings, Settings
from edge.store import Store
from tests.store.halls import NOW, ZONE, open_store

CONFIG = """
[site]
county = "410421"
hall = "hall-1"
name = "<script>alert(1)</script>"
[uplink]
host = "127.0.0.1"
tls = false
"""
DAY = "2026-11-19"


class Clock(WallClock):
    """One that stands still."""

    def now(self) -> datetime:
        return NOW


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    path = tmp_path / "edge.toml"
    path.write_text(CONFIG)
    return load(path)


def tell(store: Store, serial: str, result: ReconciledAs = "equal", revision: int = 1) -> None:
    account = DeviceReconciled(device_id="fp-1", device_serial=serial, day=DAY, result=result, stored=7)
    subject = f"fp-1 {serial} {DAY}"
    store.add(own_event("device.reconciled", store.tip.epoch, subject, revision, NOW, account))


def filing(store: Store, settings: Settings, room: bool = True) -> Filing:
    return Filing(store, Clock(ZONE, "system"), settings, lambda: room)


def test_the_newest_account_of_each_terminal_is_on_the_page_and_in_the_sheet(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    tell(store, "OLD", "unknown")
    tell(store, "=1+1", "missing")
    tell(store, "=1+1", "equal", revision=2)
    duty = filing(store, settings)
    duty.file([DAY, DAY, "2026-11-18"])
    folder = tmp_path / "accounts"
    assert sorted(path.name for path in folder.iterdir()) == [f"account-{DAY}.html", f"account-{DAY}.xlsx"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o640}
    page = (folder / f"account-{DAY}.html").read_text(encoding="utf-8")
    assert "OLD" in page
    assert "<script" not in page
    assert CAUSES["rec_missing"].zh not in page, "the newest account counts"
    assert store.tip.chain.hex() in page
    with zipfile.ZipFile(folder / f"account-{DAY}.xlsx") as book:
        assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()
        assert "=1+1" in book.read("xl/sharedStrings.xml").decode()
    assert [*duty.attention()] == []


def test_what_has_aged_goes_and_what_is_foreign_stays(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    kept = replace(settings, account=AccountSettings(folder=str(tmp_path / "proof"), keep_days=30))
    folder = tmp_path / "proof"
    folder.mkdir()
    for name in ("account-2026-10-20.html", "account-2026-10-22.xlsx", "account-2026-10-20.txt", "mine.html"):
        (folder / name).touch()
    (folder / f"account-{DAY}.html.new").touch()
    tell(store, "SN1")
    filing(store, kept).file([DAY])
    left = {path.name for path in folder.iterdir()} - {f"account-{DAY}.html", f"account-{DAY}.xlsx"}
    assert left == {"account-2026-10-22.xlsx", "account-2026-10-20.txt", "mine.html"}


def test_without_room_none_is_written_and_a_person_is_told_until_one_is(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    tell(store, "SN1")
    full = filing(store, settings, room=False)
    full.file([DAY])
    assert not (tmp_path / "accounts").exists()
    (told,) = full.attention()
    assert told.cause in CAUSES
    (tmp_path / "accounts").write_text("in the way")
    blocked = filing(store, settings)
    blocked.file([DAY])
    assert len([*blocked.attention()]) == 1
    (tmp_path / "accounts").unlink()
    blocked.file([DAY])
    assert [*blocked.attention()] == []
