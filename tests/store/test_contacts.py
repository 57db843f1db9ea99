"""Contact details: kept once, gone from the file when they are deleted, whatever happens in between."""

import shutil
import signal
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from drivers.base import IntakeClosed
from edge.store import sqlite
from edge.store.backup import backup
from edge.store.contacts import DAMAGED, FILE, STEPS, Contact, Contacts
from tests.store.halls import open_store

WANG = Contact("c-1", "T1", "complaint.filed", "王芳芳芳", "13800001111", "2026-11-01")
LI = Contact("c-2", "L1", "guestbook.entry", "李雷雷雷", "", "2026-11-20")
FOLDER = Path(__file__).parent / "golden"
GOLDEN = {version: FOLDER / f"contacts-v{version}.db" for version in range(1, len(STEPS) + 1)}


def traces(folder: Path, word: str) -> list[str]:
    """The files of a folder that hold a word somewhere."""
    return [path.name for path in folder.iterdir() if word.encode() in path.read_bytes()]


def test_they_are_kept_once_and_in_nobody_elses_reach(tmp_path: Path) -> None:
    contacts = Contacts(tmp_path)
    assert contacts.all() == []
    assert list(tmp_path.iterdir()) == [], "who only looks makes no file"
    contacts.keep(WANG)
    contacts.keep(LI)
    contacts.keep(WANG._replace(phone="13900002222", since="2026-11-09"))
    assert contacts.all() == [WANG._replace(phone="13900002222"), LI]
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_handed_over_is_said_once_and_stays_as_it_was(tmp_path: Path) -> None:
    contacts = Contacts(tmp_path)
    assert contacts.hand_over("c-1", "wang", "2026-11-02") is None
    contacts.keep(WANG)
    handed = WANG._replace(handed_by="wang", handed_on="2026-11-02")
    assert contacts.hand_over("c-1", "wang", "2026-11-02") == handed
    assert contacts.hand_over("c-1", "li", "2026-11-03") is None
    contacts.keep(WANG._replace(phone="1"))
    assert contacts.all() == [handed]


def test_age_deletes_them_and_leaves_no_byte(tmp_path: Path) -> None:
    contacts = Contacts(tmp_path)
    for number in range(60):
        contacts.keep(WANG._replace(ref=f"x-{number}", name=f"人名{number:04}号" * 5))
    contacts.keep(LI)
    contacts.hand_over("c-2", "wang", "2026-11-21")
    assert traces(tmp_path, "人名0047号") == [FILE]
    assert contacts.forget("2026-11-21", "2026-10-22", "2026-11-20") == 0
    assert contacts.forget("2026-11-21", "2026-11-01", "2026-11-20") == 60
    assert [each.ref for each in contacts.all()] == ["c-2"]
    assert all(not traces(tmp_path, f"人名{number:04}号") for number in range(60))
    assert contacts.forget("2026-11-22", "2026-10-23", "2026-11-22") == 1
    assert (contacts.all(), traces(tmp_path, "李雷雷雷")) == ([], [])


def test_a_day_that_was_not_known_or_is_to_come_counts_from_today(tmp_path: Path) -> None:
    contacts = Contacts(tmp_path)
    contacts.keep(WANG._replace(since=""))
    contacts.keep(LI._replace(since="2099-01-01"))
    assert contacts.forget("2026-11-21", "2026-10-22", "2026-11-21") == 0
    assert {each.since for each in contacts.all()} == {"2026-11-21"}


def test_a_person_is_found_by_name_or_number_and_erased(tmp_path: Path) -> None:
    contacts = Contacts(tmp_path)
    contacts.keep(WANG._replace(phone="138 0000-1111"))
    contacts.keep(LI)
    assert (contacts.count("13800001111"), contacts.count("王芳芳芳"), contacts.count("--")) == (1, 1, 0)
    assert (contacts.erase("1380000 1111"), contacts.erase("138")) == (1, 0)
    assert (contacts.all(), traces(tmp_path, "王芳芳芳")) == ([LI], [])


def test_they_are_in_no_backup(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    Contacts(tmp_path).keep(WANG)
    backup(tmp_path, tmp_path / "copy.db")
    store.close()
    assert traces(tmp_path, "王芳芳芳") == [FILE]


@pytest.mark.parametrize("version", GOLDEN)
def test_the_file_of_every_release_goes_on(tmp_path: Path, version: int) -> None:
    shutil.copy(GOLDEN[version], tmp_path / FILE)
    contacts = Contacts(tmp_path)
    before = contacts.all()
    assert before == [WANG._replace(handed_by="wang", handed_on="2026-11-02"), LI]
    contacts.keep(WANG._replace(ref="c-3"))
    assert len(contacts.all()) == 3
    with closing(sqlite.connect_reader(tmp_path / FILE)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS),)


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    shutil.copy(GOLDEN[1], tmp_path / FILE)
    with closing(sqlite.connect_writer(tmp_path / FILE)) as connection:
        connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    content = (tmp_path / FILE).read_bytes()
    for ask in (Contacts(tmp_path).all, lambda: Contacts(tmp_path).keep(WANG)):
        with pytest.raises(IntakeClosed, match="newer"):
            ask()
    assert (tmp_path / FILE).read_bytes() == content


def test_a_damaged_file_is_set_aside_and_does_not_stay_for_ever(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database " * 500)
    contacts = Contacts(tmp_path)
    contacts.keep(WANG)
    assert contacts.all() == [WANG]
    assert (tmp_path / DAMAGED).read_bytes().startswith(b"no database")
    contacts.forget_damaged(time.time() - 60)
    assert (tmp_path / DAMAGED).exists()
    contacts.forget_damaged(time.time() + 60)
    assert not (tmp_path / DAMAGED).exists()


KEEPING = """
import sys
from pathlib import Path
from edge.store.contacts import Contact, Contacts
contacts = Contacts(Path(sys.argv[1]))
for number in range(10_000):
    contacts.keep(Contact(f"c-{number}", "T", "complaint.filed", "n", "1", "2026-11-01"))
    print(number, flush=True)
"""


def test_what_was_kept_survives_a_kill(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KEEPING, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(20):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        said = 20 + len(child.stdout.readlines())
    kept = Contacts(tmp_path).all()
    assert len(kept) - said in (0, 1)
