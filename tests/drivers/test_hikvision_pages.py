"""A Hikvision log read page by page, from terminals whose search is right and wrong in every known way."""

import json

import pytest

from drivers.base import DeviceOffline, DeviceRefused, IntakeClosed, Order
from tests.drivers.hikvision_site import DAY_ONE, driver, key, keys, past, read
from tests.drivers.memory_link import MemoryLink, copies, running
from tests.sim.isapi import Faults, Terminal

WHOLE = {
    "honest": Faults(),
    "ok too early": Faults(always_ok=True),
    "ok too early, totals too": Faults(always_ok=True, total_of_page=True),
    "total of the whole log": Faults(total_of_log=True),
    "one event repeated": Faults(repeat=True),
    "wrong count": Faults(count=3),
    "count too low": Faults(count=-1),
    "unknown status": Faults(word="PARTIAL"),
    "no status": Faults(word=" "),
    "another search, once": Faults(other_search=1),
    "more for ever": Faults(more_for_ever=True),
    "small pages": Faults(page_max=7),
    "pages of two": Faults(page_max=2),
    "end ignored": Faults(ignore_end=True),
    "insists on times": Faults(need_times=True),
    "xml": Faults(xml=True),
    "no frontSerialNo": Faults(front=False),
    "filter ignored": Faults(ignore_begin=True),
    "nothing, once": Faults(no_match=1),
}


DOUBTED = (
    "total of the whole log",
    "ok too early",
    "wrong count",
    "count too low",
    "unknown status",
    "no status",
)
"""Whose pages contradict themselves in a whole read."""
NEVER_COMPLETE = ("more for ever", "unknown status", "wrong count", "no status")


def searches_of(terminal: Terminal, rounds: int = 1) -> int:
    """What an honest reading with one event of overlap costs, and some."""
    return rounds * (len(terminal.log) // (min(30, terminal.faults.page_max) - 1) + 8)


@pytest.mark.parametrize("name", WHOLE)
def test_a_search_that_is_wrong_loses_nothing_and_invents_nothing(name: str) -> None:
    terminal = Terminal(faults=WHOLE[name])
    terminal.load(past(200))
    link = MemoryLink()
    with terminal, running(driver(terminal, poll_s=3600), link) as work:
        work.until(lambda: len(link.facts) == 200)
        terminal.load(past(20, first=200))
        done: list[str] = []
        link.waiting.append(Order("reread", done.append))
        work.until(lambda: done)
        assert done == ["incomplete" if name in DOUBTED else "ok"]
        assert len(terminal.searches) < 4 * searches_of(terminal), "no hot loop"
        assert bool(link.completes) == (name not in NEVER_COMPLETE)
    assert link.facts == keys(terminal)
    assert len(link.facts) == 220
    assert json.loads(link.cursor or "")["last"] == terminal.log[-1].number
    assert not link.rejects


@pytest.mark.parametrize("name", NEVER_COMPLETE)
def test_what_contradicts_itself_is_never_called_complete(name: str) -> None:
    terminal = Terminal(faults=WHOLE[name])
    terminal.load(past(40))
    link = MemoryLink()
    with terminal:
        with running(driver(terminal), link) as work:
            work.until(lambda: len(link.facts) == 40 and "answers_contradict" in link.notes)
        assert link.completes == []
        terminal.faults = Faults()
        read(terminal, link)
    assert link.completes
    assert link.notes == {}


def test_a_page_that_never_moves_on_ends_the_round_and_claims_nothing() -> None:
    terminal = Terminal(faults=Faults(stuck=True))
    terminal.load(past(100))
    link = MemoryLink()
    with terminal, running(driver(terminal, poll_s=0.3), link) as work:
        work.until(lambda: len(terminal.searches) > 8 or work.thread.is_alive() is False, 10)
        before = len(terminal.searches)
        work.until(lambda: len(terminal.searches) > before)
    assert link.facts < keys(terminal)
    assert link.completes == []


def test_two_events_of_one_number_are_set_aside_not_counted() -> None:
    terminal = Terminal(faults=Faults(twice=True))
    terminal.load(past(40))
    link = MemoryLink()
    with terminal, running(driver(terminal), link) as work:
        work.until(lambda: len(link.facts) == 40 and link.rejects)
    assert link.facts == keys(terminal)
    assert {reject.reason for reject in link.rejects} == {"number_twice"}
    assert b"666" in (link.rejects[0].raw or b"")


def test_a_search_that_only_ever_answers_another_is_offline() -> None:
    terminal = Terminal(faults=Faults(other_search=10_000))
    terminal.load(past(5))
    link = MemoryLink()
    with terminal, running(driver(terminal), link) as work:
        error = work.ended()
    assert isinstance(error, DeviceOffline)
    assert error.cause == "answer_unreadable"
    assert link.readings == []


def test_newest_first_is_read_whole() -> None:
    terminal = Terminal(faults=Faults(newest_first=True))
    terminal.load(past(25))
    with terminal:
        link = read(terminal)
        terminal.load(past(3, first=25))
        read(terminal, link)
    assert link.facts == keys(terminal)


def test_newest_first_beyond_a_page_names_the_gap() -> None:
    terminal = Terminal()
    terminal.load(past(10))
    with terminal:
        link = read(terminal)
        terminal.faults = Faults(newest_first=True, ignore_end=True)
        terminal.load(past(100, first=10))
        link.completes.clear()
        with running(driver(terminal), link) as work:
            work.until(lambda: link.notes.get("log_gap"))
        assert link.completes == []
        terminal.faults = Faults()
        done: list[str] = []
        link.waiting.append(Order("reread", done.append))
        with running(driver(terminal), link) as work:
            work.until(lambda: done and link.completes and not link.notes)
    assert link.facts == keys(terminal)


def test_numbers_that_are_not_handed_out_hold_completeness_until_the_next_whole_read() -> None:
    terminal = Terminal()
    terminal.load(past(10))
    with terminal:
        link = read(terminal)
        terminal.load(past(20, first=10))
        terminal.faults.hidden = {event.number for event in terminal.punches[15:18]}
        link.completes.clear()
        with running(driver(terminal), link) as work:
            work.until(lambda: len(link.facts) == 27 and "log_gap" in link.notes)
            first, last = min(terminal.faults.hidden), max(terminal.faults.hidden)
            assert link.notes["log_gap"] == f"{first}-{last}"
            assert link.completes == []
            terminal.faults.hidden = set()
            done: list[str] = []
            link.waiting.append(Order("reread", done.append))
            work.until(lambda: done)
            work.until(lambda: not link.notes)
    assert link.facts == keys(terminal)


def test_numbers_that_are_missing_once_are_asked_for_again_at_once() -> None:
    terminal = Terminal()
    terminal.load(past(10))
    with terminal:
        link = read(terminal)
        terminal.faults.hidden = set(range(15, 18))
        terminal.faults.hidden_times = 1
        terminal.load(past(20, first=10))
        read(terminal, link)
    assert link.facts == keys(terminal)
    assert not any("log_gap" in seen.notes for seen in link.observations)


def test_impossible_dates_and_nobody_are_set_aside_and_block_nothing() -> None:
    terminal = Terminal()
    terminal.load(past(60))
    numbers = [event.number for event in terminal.punches]
    terminal.faults = Faults(bad_date={numbers[3], numbers[40]}, nobody={numbers[5]})
    with terminal:
        link = read(terminal, count=57)
    assert sorted(reject.reason for reject in link.rejects) == ["impossible_date"] * 2 + ["no_user"]
    for reject in link.rejects:
        assert b"name" not in (reject.raw or b"")
        assert b"jpeg" not in (reject.raw or b"")
    left = {key(event) for event in terminal.punches} - link.facts
    assert len(left) == 3


def test_only_a_person_who_passed_is_a_punch() -> None:
    terminal = Terminal()
    for minor in (8, 9, 39, 76, 21, 22, 104):
        terminal.event(5, minor, DAY_ONE, "1001")
    for major in (1, 2, 3):
        terminal.event(major, 75, DAY_ONE, "1001")
    terminal.punch("1002", at=DAY_ONE)
    with terminal:
        link = read(terminal)
    assert [reading.facts["device_user_id"] for reading in link.readings] == ["1002"]


@pytest.mark.parametrize("more", [0, 3, 200])
def test_a_factory_reset_begins_anew_and_loses_nothing(more: int) -> None:
    terminal = Terminal()
    terminal.load(past(100))
    with terminal:
        link = read(terminal)
        before = keys(terminal)
        terminal.reset()
        terminal.load(past(more, first=100))
        link.completes.clear()
        read(terminal, link, count=100 + more)
        assert link.facts == before | keys(terminal)
        assert json.loads(link.cursor or "")["epoch"] == 1
    assert max(copies(link.readings).values()) == 1, "nothing was sent twice"


def test_a_reset_is_seen_where_events_are_asked_for_by_place() -> None:
    terminal = Terminal(faults=Faults(ignore_begin=True))
    terminal.load(past(100))
    with terminal:
        link = read(terminal)
        before = keys(terminal)
        terminal.reset()
        terminal.load(past(40, first=100))
        link.completes.clear()
        read(terminal, link, count=140)
    assert link.facts == before | keys(terminal)


def test_a_number_as_high_as_can_be_does_not_end_the_reading() -> None:
    terminal = Terminal()
    terminal.load(past(10))
    with terminal:
        link = read(terminal)
        numbers, terminal._newest = terminal._newest, 2_999_999_998
        terminal.punch("666", at=DAY_ONE)
        read(terminal, link, count=11)
        terminal.log.pop()
        terminal._newest = numbers
        terminal.load(past(10, first=10))
        read(terminal, link, count=21)
    assert keys(terminal) < link.facts


def test_a_cleared_log_whose_numbers_go_on_stays_the_same_log() -> None:
    terminal = Terminal()
    terminal.load(past(50))
    with terminal:
        link = read(terminal)
        before = keys(terminal)
        terminal.clear()
        link.completes.clear()
        read(terminal, link, count=50)
        terminal.load(past(10, first=50))
        link.completes.clear()
        read(terminal, link, count=60)
    assert link.facts == before | keys(terminal)
    assert json.loads(link.cursor or "")["epoch"] == 0


def test_a_log_that_made_room_meanwhile_tells_what_was_lost() -> None:
    terminal = Terminal(faults=Faults(front=False))
    terminal.load(past(50))
    with terminal:
        link = read(terminal)
        newest = json.loads(link.cursor or "")["last"]
        terminal.load(past(100, first=50))
        terminal.prune(newest + 10)
        with running(driver(terminal), link) as work:
            work.until(lambda: keys(terminal) <= link.facts and "log_gap" in link.notes)
    assert link.notes["log_gap"] == f"{newest + 1}-{newest + 10}"


def test_another_zone_on_the_terminal_stops_the_reading_before_anything_counts_twice() -> None:
    terminal = Terminal()
    terminal.load(past(50))
    with terminal:
        link = read(terminal)
        emitted = len(link.readings)
        terminal.move_zone(-5, "+03:00")
        with running(driver(terminal), link) as work:
            error = work.ended()
        assert isinstance(error, DeviceRefused)
        assert error.cause == "zone_changed"
        assert len(link.readings) == emitted
        terminal.move_zone(5, "+08:00")
        terminal.punch("1001", at=DAY_ONE.replace(hour=20))
        read(terminal, link, count=51)
    assert link.facts == keys(terminal)


@pytest.mark.parametrize("offset", ["+08:00", "+03:00", "Z", ""])
def test_the_wall_clock_counts_whatever_zone_is_printed(offset: str) -> None:
    terminal = Terminal(offset=offset)
    terminal.load(past(5))
    with terminal:
        link = read(terminal)
    assert {reading.device_time for reading in link.readings} == {
        event.time.isoformat() for event in terminal.punches
    }


def test_a_page_that_was_not_stored_is_read_again() -> None:
    terminal = Terminal()
    terminal.load(past(100))
    link = MemoryLink()
    with terminal:
        for stored in range(4):
            link.failures = [IntakeClosed("disk full")]
            emits = link.emits
            with running(driver(terminal), link) as work:
                assert isinstance(work.ended(), IntakeClosed)
            assert link.emits == emits, stored
        read(terminal, link)
    assert max(copies(link.readings).values()) == 1
    assert link.facts == keys(terminal)


def test_a_lost_cursor_finds_the_same_facts() -> None:
    terminal = Terminal()
    terminal.load(past(100))
    with terminal:
        first, again = read(terminal), read(terminal, MemoryLink(cursor="{broken"))
    assert first.facts == again.facts == keys(terminal)


def test_punches_while_it_reads_are_all_heard() -> None:
    terminal = Terminal()
    terminal.load(past(300))
    link = MemoryLink()
    link.on_emit = lambda _readings: len(terminal.log) < 600 and terminal.load(past(3, len(terminal.log)))
    with terminal:
        read(terminal, link)
        with running(driver(terminal), link) as work:
            work.until(lambda: link.facts == keys(terminal))
    assert len(terminal.log) >= 600
    assert max(copies(link.readings).values()) == 1


def test_a_clock_that_follows_a_time_server_is_left_alone() -> None:
    link, done = MemoryLink(), list[str]()
    with Terminal(clock_offset_s=-96, time_mode="NTP") as terminal, running(driver(terminal), link) as work:
        shown = terminal.true_time().isoformat(timespec="seconds")
        link.waiting.append(Order("set_time", done.append, lambda: shown))
        work.until(lambda: done)
        assert done == ["failed"]
        assert terminal.clock_offset_s == -96
