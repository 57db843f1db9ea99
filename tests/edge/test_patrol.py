"""The nightly patrol finds what was done to rows that nobody sends again, and says so once."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge.clock.clock import WallClock
from edge.proof.patrol import Patrol
from edge.store import Store
from tests.store import forge
from tests.store.halls import NOW, ZONE, intake, open_store

ROWS = 3000


class Clock(WallClock):
    """Says what it is told."""

    moment = NOW

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """More rows than one step of the walk."""
    held = open_store(tmp_path)
    held.take(intake(*range(1, ROWS)))
    yield held
    held.close()


def test_an_altered_row_is_told_until_it_is_as_it_was(store: Store) -> None:
    clock, folder = Clock(ZONE, "system"), store.path.parent
    patrol = Patrol(store, clock, threading.Event())
    patrol.tonight()
    assert list(patrol.attention()) == []
    forge.edit(folder, 2500)
    patrol.tonight()
    assert list(patrol.attention()) == [], "once a date is enough"
    clock.moment = NOW + timedelta(days=1)
    patrol.tonight()
    (told,) = patrol.attention()
    assert (told.cause, told.about) == ("log_altered", f"{store.tip.epoch}:2500 edited")
    clock.moment = NOW + timedelta(days=2)
    patrol.tonight()
    assert list(patrol.attention()) == [told], "since the first night"
    assert not store.damage, "evidence is left as it is"
    forge.sql(folder, "UPDATE event SET body = replace(body,'check_out','check_in') WHERE position = @2500")
    clock.moment = NOW + timedelta(days=3)
    patrol.tonight()
    assert list(patrol.attention()) == []


def test_a_walk_that_was_broken_off_is_made_on_the_same_date(store: Store) -> None:
    stop = threading.Event()
    patrol = Patrol(store, Clock(ZONE, "system"), stop)
    forge.edit(store.path.parent, 2500)
    stop.set()
    patrol.tonight()
    assert list(patrol.attention()) == []
    stop.clear()
    patrol.tonight()
    assert len(list(patrol.attention())) == 1


def test_a_page_that_cannot_be_read_is_damage(store: Store) -> None:
    store.checkpoint()
    with store.path.open("r+b") as file:
        file.seek(store.path.stat().st_size // 8192 * 4096)
        file.write(b"\xff" * 4096)
    Patrol(store, Clock(ZONE, "system"), threading.Event()).tonight()
    assert store.damage
