"""Nights pass over a real store: what is confirmed and aged loses its payload, and nothing else changes."""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge.duty.keeping import Keeping
from edge.events import digest_of, extend, genesis
from edge.proof.verify import verify
from edge.settings.settings import Retention
from edge.store import Intake, Store, epoch_of, sqlite
from tests.store.halls import NOW, ZONE, intake, open_store

DAYS = 180


class MovedClock:
    """Stands where it is put."""

    def __init__(self) -> None:
        self.at, self.sure = NOW, True

    def now(self) -> datetime:
        return self.at

    def trusted(self) -> bool:
        return self.sure


class Hall:
    """A hall whose nights pass at once; `retired` is what upstream holds."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock, self.number = store, MovedClock(), 0
        self.retired: Callable[[], int] = lambda: store.tip.position
        self.restart()

    def restart(self) -> None:
        kept = Retention(attendance_days=DAYS, device_days=DAYS + 20)
        self.keeping = Keeping(self.store, kept, self.clock, lambda: self.retired())  # type: ignore[arg-type]

    def nights(self, count: int, punches: int = 1) -> None:
        for _ in range(count):
            for _ in range(punches):
                self.number += 1
                self.store.take(intake(self.number))
            self.keeping.tonight()
            self.clock.at += timedelta(days=1)

    def bodies(self) -> list[str | None]:
        with closing(sqlite.connect_reader(self.store.path)) as connection:
            return [body for (body,) in connection.execute("SELECT body FROM event ORDER BY position")]

    def emptied(self) -> list[int]:
        """The numbers whose payload is gone."""
        return [number for number, body in enumerate(self.bodies(), 1) if body is None]


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    return Hall(open_store(tmp_path))


def test_the_payload_goes_when_it_is_old_and_the_stub_keeps_chain_and_fact(hall: Hall) -> None:
    before = intake(1, 2, 3)
    hall.nights(DAYS + 3)
    assert hall.emptied() == [2, 3, 4], "number 1 opens the epoch and is kept"
    assert hall.store.take(before) == 0, "a terminal read again revives nothing"
    tip, digest = hall.store.tip, digest_of("sha256")
    chain = genesis(tip.epoch, digest)
    with closing(sqlite.connect_reader(hall.store.path)) as connection:
        for body, body_hash, place in connection.execute("SELECT body, hash, chain FROM event"):
            if body is not None:
                assert extend(chain, body.encode(), digest) == (body_hash, place)
            chain = digest(chain + body_hash)
    assert chain == tip.chain
    report = verify(hall.store.path.parent, [])
    assert (report.bad, report.epochs[0].purged, report.epochs[0].erased) == (None, 3, 0)


def test_what_upstream_does_not_hold_is_never_emptied(hall: Hall) -> None:
    hall.retired = lambda: (1 << 40) + 3
    hall.nights(DAYS + 20)
    assert hall.emptied() == [2, 3]
    hall.retired = lambda: hall.store.tip.position
    hall.nights(1)
    assert hall.emptied() == list(range(2, 23))


def test_a_jump_of_the_clock_empties_nothing_and_a_restart_forgets_no_night(hall: Hall) -> None:
    hall.nights(DAYS)
    hall.clock.at += timedelta(days=400)
    hall.restart()
    hall.nights(1)
    assert hall.emptied() == [2]
    hall.clock.at -= timedelta(days=800)
    hall.nights(3)
    assert hall.emptied() == [2]


def test_a_clock_that_nobody_vouches_for_counts_no_night(hall: Hall) -> None:
    hall.clock.sure = False
    hall.nights(DAYS + 20)
    assert hall.emptied() == []


def test_an_unreadable_or_foreign_diary_only_makes_us_wait_longer(hall: Hall) -> None:
    hall.nights(DAYS)
    diary = hall.store.path.with_name("nights.json")
    diary.write_text(diary.read_text().replace(hall.store.tip.epoch, "another"))
    hall.nights(5)
    diary.write_bytes(b"\xff{")
    hall.nights(5)
    assert hall.emptied() == []


def test_a_diary_that_the_disk_does_not_give_only_makes_us_wait_longer(hall: Hall) -> None:
    diary = hall.store.path.with_name("nights.json")
    diary.mkdir()
    hall.nights(DAYS + 5)
    assert hall.emptied() == []
    diary.rmdir()
    hall.nights(DAYS - 5)
    assert hall.emptied() == []
    hall.nights(10)
    assert 2 in hall.emptied()


def test_each_class_has_its_own_time(hall: Hall) -> None:
    assert epoch_of(hall.store.tip.position) == 1
    (draft,) = intake(9999).drafts
    fact = draft.fact.replace("attendance.punch", "device.status")
    status = type(draft)("device.status", fact, draft.time, b'{"device_id":"fp-1"}')
    hall.store.take(Intake("fp-1", "SN1", (status,), "1"))
    hall.nights(DAYS + 10)
    assert 2 not in hall.emptied()
    hall.nights(15)
    assert 2 in hall.emptied()


def test_the_space_goes_back_to_the_disk(hall: Hall) -> None:
    for first in range(0, 12_000, 500):
        hall.store.take(intake(*range(first + 1, first + 501)))
    hall.store.add(intake(40_000).drafts[0])
    full = _bytes(hall.store)
    hall.nights(DAYS + 2)
    assert len(hall.emptied()) > 12_000
    assert _bytes(hall.store) < full * 0.75
    assert hall.clock.now().tzinfo is ZONE


def _bytes(store: Store) -> int:
    """Size of the database once its WAL is in it."""
    with closing(sqlite.connect_writer(store.path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return store.path.stat().st_size
