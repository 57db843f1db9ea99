"""The database of every schema version upgrades with all its rows, also when killed in the middle."""

import hashlib
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge.store import sqlite
from edge.store.schema import VERSION, version_of
from tests.broker import free_port
from tests.faults import strace
from tests.store.golden.make import PUNCHES
from tests.store.halls import intake, open_store

FOLDER = Path(__file__).parent / "golden"
GOLDEN = {version: FOLDER / f"v{version}.db" for version in range(1, VERSION + 1)}
TABLES = ("epoch", "event", "known", "copies", "device", "terminal", "quarantine", "receipt")
CALLS = {"pwrite64": 60, "fsync,fdatasync": 14, "rename": 1, "unlink": 4, "openat": 300}
"""Call -> how many of them a migration makes, about."""
MIGRATE = [sys.executable, "-m", "edge.store.migrate"]


def rows(path: Path) -> dict[str, list[Any]]:
    """What every release stores, in the columns of the first schema."""
    with closing(sqlite.connect_reader(path)) as connection:
        found = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return {name: [row[: WIDTHS[name]] for row in each] for name, each in found.items()}


WIDTHS = {
    "epoch": 5,
    "event": 5,
    "known": 1,
    "copies": 2,
    "device": 7,
    "terminal": 2,
    "quarantine": 9,
    "receipt": 4,
}


def copied(version: int, folder: Path) -> Path:
    shutil.copy(GOLDEN[version], folder / "edge.db")
    return folder / "edge.db"


def test_there_is_one_of_every_schema() -> None:
    for version, path in GOLDEN.items():
        with closing(sqlite.connect_reader(path)) as connection:
            assert version_of(connection) == version
            assert connection.execute("SELECT count(*) FROM event").fetchone() == (PUNCHES,)


@pytest.mark.parametrize("version", GOLDEN)
def test_every_schema_upgrades_and_goes_on(tmp_path: Path, version: int) -> None:
    path = copied(version, tmp_path)
    before = rows(path)
    store = open_store(tmp_path, confirm=("county",))
    assert store.epoch_reason is None
    assert rows(path) == before
    assert store.take(intake(*range(PUNCHES))) == 0, "every fact is known, the one from before service too"
    assert store.take(intake(500)) == 1
    store.close()
    with closing(sqlite.connect_reader(path)) as connection:
        assert version_of(connection) == VERSION


@pytest.mark.parametrize("version", [version for version in GOLDEN if version < VERSION])
def test_an_upgrade_killed_at_random_resumes(tmp_path: Path, version: int) -> None:
    _killed_at_random(tmp_path, version, 4)


@pytest.mark.skipif(bool(strace.lacking()), reason=strace.lacking() or "-")
@pytest.mark.parametrize("version", [version for version in GOLDEN if version < VERSION])
def test_an_upgrade_killed_at_a_call_resumes(tmp_path: Path, version: int) -> None:
    _killed_at_calls(tmp_path, version, 8)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("version", [version for version in GOLDEN if version < VERSION])
def test_the_long_form_fifty_kills_and_every_call(tmp_path: Path, version: int) -> None:
    _killed_at_random(tmp_path, version, 50)
    if not strace.lacking():
        assert _killed_at_calls(tmp_path, version, sum(CALLS.values()), every=True) > 100


def _killed_at_random(folder: Path, version: int, kills: int) -> None:
    chance = random.Random(version)
    path = copied(version, folder)
    before = rows(path)
    for _ in range(kills):
        child = subprocess.Popen([*MIGRATE, str(path)], stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.05, 0.8))
        child.kill()
        child.wait()
        _whole(path, version, before)
        if _version(path) == VERSION:
            path = copied(version, folder)
    _finishes(folder, before)


def _killed_at_calls(folder: Path, version: int, rounds: int, every: bool = False) -> int:
    """How often it was killed: a migration may end before the call that is waited for."""
    chance, killed = random.Random(version), 0
    path = copied(version, folder)
    before = rows(path)
    points = [(call, number) for call, most in CALLS.items() for number in range(1, most + 1)]
    for call, number in points if every else chance.sample(points, rounds):
        child = subprocess.Popen(
            [*strace.killing(call, number), *MIGRATE, str(path)], stderr=subprocess.DEVNULL
        )
        killed += child.wait(60) == -signal.SIGKILL
        _whole(path, version, before)
        if _version(path) == VERSION:
            path = copied(version, folder)
    _finishes(folder, before)
    return killed


def _version(path: Path) -> int:
    with closing(sqlite.connect_reader(path)) as connection:
        return version_of(connection)


def _whole(path: Path, version: int, before: dict[str, list[Any]]) -> None:
    assert _version(path) in (version, VERSION)
    assert rows(path) == before


def _finishes(folder: Path, before: dict[str, list[Any]]) -> None:
    store = open_store(folder, confirm=("county",))
    assert rows(store.path) == before
    assert [path.name for path in folder.iterdir() if "migrating" in path.name] == []
    store.close()


def test_a_newer_database_is_refused_untouched_and_status_still_works(tmp_path: Path) -> None:
    folder = tmp_path / "edge"
    folder.mkdir()
    path = copied(VERSION, folder)
    with closing(sqlite.connect_writer(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    config = tmp_path / "edge.toml"
    config.write_text(
        f'[site]\ncounty = "410421"\nhall = "h"\n[store]\nfolder = "{folder}"\n[web]\nport = {free_port()}\n'
    )

    def run(name: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "edge.cli", "--lang", "en", name, "--config", str(config)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    refused = run("run")
    assert (refused.returncode, str(VERSION + 1) in refused.stderr) == (4, True), refused.stderr
    status = run("status")
    assert (status.returncode, status.stderr) == (5, "the daemon is not running and left no status\n")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
