"""The store when a commit fails, when a job fails late, and over a restart: all or nothing."""

import errno
import os
import random
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from drivers.base import IntakeClosed
from edge.events import digest_of, extend, genesis
from edge.store import ReceiptRow, Store, migrate, sqlite
from edge.store import intake as room
from edge.store.ledger import Ledger
from edge.store.schema import VERSION, version_of
from tests.store.halls import intake, open_store


def chain_holds(store: Store) -> bool:
    """Whether the chain over everything a reader sees ends in the store's tip."""
    digest = digest_of("sha256")
    chain = genesis(store.tip.epoch, digest)
    with closing(store.reader()) as reader:
        rows = reader.after(0, 10_000)
    for row in rows:
        chain = extend(chain, row.body.encode(), digest)[1]
    return chain == store.tip.chain and len(rows) == store.tip.sequence


def test_a_commit_that_fails_after_rows_were_added_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    store.take(intake(1))
    real = Ledger.add

    def added_then_broken(ledger: Ledger, drafts: object, recorded: str) -> None:
        real(ledger, drafts, recorded)  # type: ignore[arg-type]
        raise sqlite.OperationalError("disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "add", added_then_broken)
        with pytest.raises(IntakeClosed, match="I/O"):
            store.take(intake(2, 3))
    assert chain_holds(store)
    assert store.take(intake(2, 3)) == 2
    assert store.tip.sequence == 4
    assert chain_holds(store)
    store.close()


def test_what_a_dead_daemon_wrote_but_did_not_sync_is_told_only_when_it_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    store.take(intake(1))
    copies = {name: (tmp_path / name).read_bytes() for name in ("edge.db", "edge.db-wal")}
    store.close()
    for name, content in copies.items():
        (tmp_path / name).write_bytes(content)
    synced: list[str] = []
    real = os.fsync

    def failing(descriptor: int) -> None:
        file = os.readlink(f"/proc/self/fd/{descriptor}")
        synced.append(Path(file).name)
        if file.endswith("-wal"):
            raise OSError(errno.EROFS, "read-only")
        real(descriptor)

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing)
        with pytest.raises(OSError, match="read-only"):
            open_store(tmp_path)
    assert synced == ["edge.db-wal"]
    store = open_store(tmp_path)
    assert store.tip.sequence == 2
    store.close()


def test_a_job_that_fails_last_leaves_neither_events_nor_cursor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    store.take(intake(1, cursor="one"))
    real = room._keep_device

    def kept_then_broken(*given: object) -> None:
        real(*given)  # type: ignore[arg-type]
        raise IntakeClosed("at the last moment")

    with monkeypatch.context() as broken:
        broken.setattr(room, "_keep_device", kept_then_broken)
        with pytest.raises(IntakeClosed, match="last moment"):
            store.take(intake(2, cursor="two"))
    assert store.cursor("fp-1") == "one"
    assert chain_holds(store)
    assert store.take(intake(2, cursor="two")) == 1
    store.close()


def test_receipts_are_known_again_after_a_stop(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    head = store.tip.chain.hex()
    kept = ReceiptRow("county", 7, store.tip.position, "2026-11-20T12:00:00+08:00", head)
    store.keep_receipt(kept)
    store.close()
    store = open_store(tmp_path)
    with closing(store.reader()) as reader:
        assert reader.receipts() == {"county": kept}, "the head it confirmed is the anchor of later proof"
    store.close()


def test_until_the_rename_a_migration_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    store.take(intake(*range(20)))
    store.close()
    path = tmp_path / "edge.db"
    before = path.read_bytes()

    def power_cut(*_: object) -> None:
        raise OSError("the power is gone")

    monkeypatch.setattr(migrate.os, "replace", power_cut)
    with pytest.raises(OSError, match="power"):
        migrate.migrate(path)
    assert path.read_bytes() == before


def test_a_migration_killed_anywhere_leaves_a_whole_database(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.take(intake(*range(200)))
    store.close()
    path = tmp_path / "edge.db"
    chance = random.Random(5)
    for _ in range(10):
        with closing(sqlite.connect_writer(path)) as connection:
            connection.execute("PRAGMA user_version = 0")
        child = subprocess.Popen(
            [sys.executable, "-m", "edge.store.migrate", str(path)], stderr=subprocess.DEVNULL
        )
        time.sleep(chance.uniform(0.2, 0.7))
        child.kill()
        child.wait()
        with closing(sqlite.connect_reader(path)) as connection:
            assert connection.execute("SELECT count(*) FROM event").fetchone() == (201,)
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert version_of(connection) in (0, VERSION)
    with closing(sqlite.connect_writer(path)) as connection:
        connection.execute("PRAGMA user_version = 0")
    store = open_store(tmp_path)
    assert store.take(intake(500)) == 1
    assert chain_holds(store)
    store.close()
    assert [file.name for file in tmp_path.iterdir() if "migrating" in file.name] == []
