"""A backup of a database at work, and the way back: proved, never over another file, under a new epoch."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge.store import DatabaseNewer, SecondInstance, sqlite
from edge.store.backup import BackupError, backup, restore
from tests.store.halls import intake, open_store
from tests.store.test_epochs import facts, log, said
from tests.store.test_salvage import filled

pytestmark = pytest.mark.usefixtures("one_process")


def test_a_backup_is_whole_while_the_daemon_works(tmp_path: Path) -> None:
    store = filled(tmp_path, 200)
    target = tmp_path / "copy.db"
    assert backup(tmp_path, target) == 201
    assert store.take(intake(300)) == 1, "and it goes on"
    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob("copy*")] == ["copy.db"]
    with pytest.raises(BackupError, match="copy.db"):
        backup(tmp_path, target)
    store.close()


def test_a_backup_of_a_damaged_database_is_refused(tmp_path: Path) -> None:
    store = filled(tmp_path, 50)
    alter = "UPDATE event SET body = replace(body, 'check_in', 'break_in') WHERE position & 1023 = 20"
    assert store._writer.write(lambda ledger: ledger.connection.execute(alter).rowcount) == 1
    with pytest.raises(BackupError, match="malformed"):
        backup(tmp_path, tmp_path / "copy.db")
    assert list(tmp_path.glob("copy*")) == []
    store.close()


def test_a_restored_database_goes_on_under_a_new_epoch(tmp_path: Path) -> None:
    store = filled(tmp_path, 20)
    backup(tmp_path, tmp_path / "copy.db")
    store.take(intake(*range(100, 150)))
    epoch, had = store.tip.epoch, set(facts(log(store)))
    with pytest.raises(SecondInstance) as second:
        restore(tmp_path / "copy.db", tmp_path)
    assert second.value.pid == str(os.getpid())
    store.close()
    aside = restore(tmp_path / "copy.db", tmp_path)
    store = open_store(tmp_path)
    opened = said(store)
    assert (store.epoch_reason, opened.reason) == ("restored", "restored")
    assert (opened.previous, opened.last_sequence, opened.missing) == (epoch, 21, ((22, 71),))
    assert opened.set_aside == aside
    with closing(sqlite.connect_reader(tmp_path / aside)) as connection:
        assert connection.execute("SELECT count(*) FROM event").fetchone() == (71,)
    assert store.take(intake(*range(100, 150))) == 50
    assert set(facts(log(store))) == had
    store.close()
    assert open_and_close(tmp_path) is None, "once"


def open_and_close(folder: Path) -> object:
    store = open_store(folder)
    store.close()
    return store.epoch_reason


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9000])


def _newer(path: Path) -> None:
    with closing(sqlite.connect_copy(path)) as connection:
        connection.execute("PRAGMA user_version = 3000000")


@pytest.mark.parametrize("harm", [_cut, _newer, Path.unlink, lambda path: path.write_text("no database")])
def test_what_is_no_whole_backup_is_not_put_in_place(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    filled(tmp_path, 100).close()
    copy = tmp_path / "copy.db"
    backup(tmp_path, copy)
    harm(copy)
    before = (tmp_path / "edge.db").read_bytes()
    with pytest.raises(BackupError):
        restore(copy, tmp_path)
    assert (tmp_path / "edge.db").read_bytes() == before
    assert open_and_close(tmp_path) is None
    assert sorted(path.name for path in tmp_path.glob("edge.db.*")) == []


def test_a_backup_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    filled(tmp_path, 10).close()
    copy = tmp_path / "copy.db"
    backup(tmp_path, copy)
    with closing(sqlite.connect_copy(copy)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(DatabaseNewer):
        restore(copy, tmp_path)


def test_what_a_killed_backup_left_is_in_nobody_s_way(tmp_path: Path) -> None:
    filled(tmp_path, 10).close()
    target, draft = tmp_path / "copy.db", tmp_path / "copy.db.new"
    draft.write_bytes(b"half")
    with draft.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match="cannot be written"):
            backup(tmp_path, target)
        assert draft.read_bytes() == b"half", "another one is writing it"
    assert backup(tmp_path, target) == 11
    assert not draft.exists()


def test_where_a_backup_cannot_be_written_that_is_said(tmp_path: Path) -> None:
    filled(tmp_path, 10).close()
    with pytest.raises(BackupError, match=r"gone/copy\.db.*cannot be written"):
        backup(tmp_path, tmp_path / "gone" / "copy.db")


def test_the_commands(tmp_path: Path) -> None:
    (tmp_path / "edge").mkdir()
    filled(tmp_path / "edge", 10).close()
    config = tmp_path / "edge.toml"
    config.write_text(
        f'[site]\ncounty = "410421"\nhall = "hall-1"\n[store]\nfolder = "{tmp_path}/edge"\n[web]\nport = 1\n'
    )

    def run(*words: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "edge.cli", *words[:1], "--config", str(config), *words[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    copy = str(tmp_path / "copy.db")
    assert run("backup", copy)[0] == 0
    assert run("backup", copy)[0] == 1
    store = open_store(tmp_path / "edge")
    store.take(intake(900))
    store.close()
    assert run("restore", copy)[0] == 0
    code, text = run("verify")
    assert (code, "还没有启动过的备份" in text) == (1, True)
    assert run("restore", str(tmp_path / "none.db"))[0] == 1
    store = open_store(tmp_path / "edge")
    code, text = run("restore", copy)
    assert (code, str(os.getpid()) in text) == (3, True)
    store.close()
    assert run("verify")[0] == 0
