"""The watch over a real disk: levels close and open intake, receipts are still saved, a WAL is cut again."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from drivers.base import IntakeClosed
from edge.clock.clock import WallClock
from edge.duty.disk import DiskWatch
from edge.duty.volume import Volume
from edge.snapshot import Storage
from edge.space import WAL_MAX
from edge.status import storage_problems
from edge.store import ReceiptRow, Store, sqlite
from tests.faults import disk
from tests.store.halls import ZONE, intake, open_store

NEEDS_A_DISK = pytest.mark.skipif(bool(disk.lacking()), reason=disk.lacking() or "-")
MB = 1 << 20
READ = "SELECT max(position) FROM event"


class Hall:
    """A store in a folder and its watch; what it asked for is counted."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.store, self.purges, self.told = open_store(folder), 0, 0
        self.clear: Callable[[], None] = lambda: None
        self.open_while_purging = False
        self.volume = Volume(folder, self.store.lock_path)
        clock = WallClock(ZONE, "system")
        self.watch = DiskWatch(self.store, self.volume, clock, self._purge, self._tell)

    def _purge(self, between: Callable[[], None]) -> None:
        self.purges += 1
        self.clear()
        between()
        self.open_while_purging = not self.store.intake_closed

    def _tell(self) -> None:
        self.told += 1

    def cause(self) -> str:
        """After another round."""
        self.watch.mend()
        return self.watch.standing.cause


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path / "edge")
    yield hall
    hall.store.close()


def write(store: Store, first: int, punches: int) -> None:
    for number in range(first, first + punches, 500):
        store.take(intake(*range(number, min(number + 500, first + punches))))


def test_a_foreign_reader_that_does_not_end_is_shown_and_the_wal_is_cut_when_it_does(hall: Hall) -> None:
    assert hall.cause() == "ok"
    with closing(sqlite.connect_reader(hall.store.path)) as stubborn:
        stubborn.execute("BEGIN")
        stubborn.execute(READ).fetchone()
        write(hall.store, 0, 20_000)
        assert hall.store.wal_bytes() > WAL_MAX
        assert hall.cause() == "wal_grows"
        assert hall.store.take(intake(20_001)) == 1, "it is an alarm, no reason to take nothing"
    assert hall.told == 1
    hall.watch.mend()
    assert hall.store.wal_bytes() == 0
    assert hall.cause() == "ok"


def test_our_own_readers_let_the_wal_be_cut(hall: Hall) -> None:
    with closing(hall.store.reader()) as idle:
        longest = 0
        for first in range(0, 15_000, 1500):
            write(hall.store, first, 1500)
            assert idle.after(0, 10)
            longest = max(longest, hall.store.wal_bytes())
    assert MB < longest <= WAL_MAX


def test_polls_that_bring_nothing_write_nothing_and_the_watermark_is_saved_at_the_stop(hall: Hall) -> None:
    hall.store.take(intake(1, cursor="c", complete_until="2026-11-20T12:00:00+08:00"))
    hall.store.flush()
    before = hall.store.wal_bytes()
    for minute in range(10, 20):
        hall.store.take(intake(1, cursor="c", complete_until=f"2026-11-20T12:{minute}:00+08:00"))
    assert hall.store.wal_bytes() == before
    hall.store.close()
    hall.store = open_store(hall.store.path.parent)
    assert hall.store.complete_until("fp-1") == "2026-11-20T12:19:00+08:00"


def test_forty_terminals_read_for_the_first_time_at_once_share_no_huge_commit(hall: Hall) -> None:
    intakes = [intake(*range(500), device=f"fp-{n}", serial=f"SN{n:03}") for n in range(40)]
    with ThreadPoolExecutor(41) as pool:
        pool.submit(hall.store._writer.write, lambda _ledger: time.sleep(1.5))
        taken = [pool.submit(hall.store.take, each) for each in intakes]
    assert [each.result() for each in taken] == [500] * 40
    assert MB < hall.store.wal_bytes() <= WAL_MAX * 3 // 4
    assert hall.store.tip.sequence == 40 * 500 + 1


def test_the_ballast_is_really_allocated_and_dropping_it_changes_no_level(hall: Hall) -> None:
    before = hall.volume.room()
    assert hall.volume.make_ballast()
    parts = list(hall.store.path.parent.glob("ballast-*"))
    assert sum(part.stat().st_blocks * 512 for part in parts) >= 8 * MB
    hall.volume.drop_ballast()
    assert not any(part.exists() for part in parts)
    assert abs(hall.volume.room().free - before.free) < 64 * MB, "others use this disk too"


def test_a_failed_commit_is_shown_until_a_page_was_written(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise sqlite.OperationalError("disk I/O error")

    with monkeypatch.context() as failing:
        failing.setattr("edge.store.take", broken)
        failing.setattr("edge.store.upkeep.rewrite_head", broken)
        for _ in range(3):
            with pytest.raises(IntakeClosed, match="I/O"):
                hall.store.take(intake(1))
        with pytest.raises(IntakeClosed):
            hall.watch.mend()
        assert hall.watch.standing.cause == "storage_failing"
        hall.store.flush()
        assert hall.store.trouble == "disk I/O error", "a commit that writes nothing proves nothing"
    hall.watch.mend()
    assert hall.cause() == "ok"
    assert hall.store.take(intake(1)) == 1


def test_the_problem_says_how_many_days_are_left_where_that_is_known() -> None:
    assert storage_problems(Storage("ok", "", "")) == ()
    for days, said in ((None, False), (12.4, True)):
        (problem,) = storage_problems(Storage("disk_low", "", "2026-11-20T12:00:00+08:00", days))
        assert [("12" in text) for text in problem.text.values()] == [said, said]
        assert (problem.subject, problem.since[:10]) == ("store", "2026-11-20")
        assert all(problem.next_step.values())


@NEEDS_A_DISK
def test_short_of_room_it_warns_purges_refuses_and_still_saves_receipts(tmp_path: Path) -> None:
    with disk.Tmpfs(tmp_path / "disk") as tmpfs:
        hall = Hall(tmpfs.path / "edge")
        assert hall.cause() == "ok"
        tmpfs.fill(9 * MB)
        assert (hall.cause(), hall.purges) == ("disk_low", 0)
        tmpfs.fill(5 * MB)
        assert (hall.cause(), hall.purges) == ("disk_nearly_full", 1)
        assert hall.store.take(intake(1)) == 1
        tmpfs.fill(MB)
        assert hall.cause() == "disk_full"
        with pytest.raises(IntakeClosed, match="disk_full"):
            hall.store.take(intake(2))
        with pytest.raises(IntakeClosed, match="disk_full"):
            hall.store.add(intake(2).drafts[0])
        hall.store.keep_receipt(ReceiptRow("county", 7, hall.store.tip.position, "2026-11-20T12:00:00+08:00"))
        hall.store.flush()
        with closing(hall.store.reader()) as reader:
            assert reader.receipts()["county"].n == 7
        tmpfs.release()
        assert hall.cause() == "ok"
        assert hall.store.take(intake(2)) == 1
        assert hall.told == 4
        hall.store.close()


@NEEDS_A_DISK
def test_intake_opens_as_soon_as_there_is_room_however_long_the_purge_takes(tmp_path: Path) -> None:
    with disk.Tmpfs(tmp_path / "disk") as tmpfs:
        hall = Hall(tmpfs.path / "edge")
        assert hall.cause() == "ok"
        tmpfs.fill(MB)
        hall.clear = tmpfs.release
        hall.watch.mend()
        assert hall.open_while_purging
        hall.store.close()


@NEEDS_A_DISK
def test_a_store_opens_on_a_disk_that_is_full_and_goes_on_when_it_is_not(tmp_path: Path) -> None:
    with disk.Tmpfs(tmp_path / "disk") as tmpfs:
        hall = Hall(tmpfs.path / "edge")
        assert hall.cause() == "ok"
        hall.store.take(intake(1))
        hall.store.close()
        tmpfs.fill()
        tmpfs.take_inodes()
        hall.volume.drop_if_short()
        hall = Hall(tmpfs.path / "edge")
        assert hall.cause() in ("disk_full", "inodes_gone")
        with closing(hall.store.reader()) as reader:
            assert len(reader.after(0, 10)) == 2
        tmpfs.release()
        assert hall.cause() == "ok"
        assert len(list(hall.store.path.parent.glob("ballast-*"))) == 4
        hall.store.close()
