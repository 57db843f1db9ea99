"""How much is decoded at once."""

import threading

import pytest

from drivers import room
from drivers.room import SMALL, Room


def test_who_has_no_room_waits_for_it_and_few_records_never_do() -> None:
    one, order = Room(1000), list[str]()
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with one.of(900):
            inside.set()
            leave.wait(20)
            order.append("first")

    def second() -> None:
        with one.of(5000):
            order.append("second")

    threads = [threading.Thread(target=work, daemon=True) for work in (first, second)]
    threads[0].start()
    assert inside.wait(20)
    threads[1].start()
    with one.of(SMALL):
        order.append("few")
    leave.set()
    for thread in threads:
        thread.join(20)
    assert order == ["few", "first", "second"]


def test_who_hangs_with_the_room_stops_nobody_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "WAIT_S", 0.05)
    one, order = Room(1000), list[str]()
    with one.of(1000):
        with one.of(1000):
            order.append("late")
        with one.of(60):
            order.append("later")
    assert order == ["late", "later"]
