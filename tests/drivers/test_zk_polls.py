"""Rounds with a ZK terminal: what is known stays known, what is new costs what is new, live is a hint."""

import json
from datetime import timedelta
from itertools import pairwise

import pytest

from drivers.base import DeviceOffline, Observation, Order
from drivers.zk import contact
from tests.drivers.memory_link import MemoryLink, copies, running
from tests.drivers.zk_site import DAY_ONE, driver, history, key, keys
from tests.sim.zk import Faults, Punch, Terminal

SIZES = [16, 40, 49]


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr("drivers.zk.contact.SLICE_S", 0.05)
    monkeypatch.setattr("drivers.zk.wire.FAREWELL_S", 0.1)


def read(terminal: Terminal, cursor: str | None = None, **options: object) -> MemoryLink:
    """One contact, up to the first complete read."""
    link = MemoryLink(cursor)
    with running(driver(terminal, **options), link) as work:
        work.until(lambda: link.completes)
    return link


@pytest.mark.parametrize("size", [8, "ma300", *SIZES])
def test_a_second_contact_with_nothing_new_reads_only_a_few_records(size):
    with Terminal(record_size=size, user_size=28, pacing="coalesced", packet=65472) as terminal:
        terminal.load(history(5_000))
        first = read(terminal)
        before = terminal.bytes_out
        second = read(terminal, first.cursor)
    assert len(first.readings) == 5_000
    assert second.readings == []
    assert second.cursor == first.cursor
    assert terminal.bytes_out - before < 2000


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("new", [1, 60])
def test_a_poll_costs_1_kb_and_what_is_new(size, new):
    with Terminal(record_size=size, pacing="coalesced", sizes_payload=112, packet=65472) as terminal:
        terminal.load(history(5_000))
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: link.completes)
            rounds = len(link.observations)
            work.until(lambda: len(link.observations) > rounds + 2)
            before, polls = terminal.bytes_in + terminal.bytes_out, terminal.commands.count(50)
            terminal.load(history(new, 5_000))
            work.until(lambda: len(link.completes) > 1)
            spent = terminal.bytes_in + terminal.bytes_out - before
            polls = terminal.commands.count(50) - polls
        assert copies(link.readings) == dict.fromkeys(keys(history(5_000 + new)), 1)
        assert spent <= polls * 160 + 1024 + (49 if size == 49 else 40) * new


def test_with_nothing_new_a_poll_is_one_question_and_no_emit():
    with Terminal() as terminal:
        terminal.load(history(100))
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: link.observations and link.observations[-1].settings)
            terminal.commands.clear()
            emits, rounds = link.emits, len(link.observations)
            work.until(lambda: len(link.observations) > rounds + 5)
            assert set(terminal.commands) == {50}
            assert link.emits == emits
    assert link.observations[-1].counts["logs"] == 100


def test_the_clock_is_looked_at_again_after_a_while(monkeypatch):
    monkeypatch.setattr(contact, "CLOCK_EVERY_S", 0.1)
    with Terminal() as terminal:
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: len(link.observations) > 3)
            terminal.set_clock(-3_000_000_000 % 86_400 + 7200)
            seen = len(link.observations)
            work.until(
                lambda: any(
                    told.device_clock
                    and told.device_clock > (terminal.true_time() + timedelta(hours=1)).isoformat()
                    for told in link.observations[seen:]
                )
            )


def test_a_counter_that_stands_still_moves_the_watermark(monkeypatch):
    monkeypatch.setattr(contact, "CLOCK_EVERY_S", 0.05)
    with Terminal() as terminal:
        terminal.load(history(3))
        link = MemoryLink()
        last: list[int] = []
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: len(link.completes) > 2)
            link.on_emit = lambda _readings: last.append(terminal.commands[-1])
            terminal.commands.clear()
            work.until(lambda: len(link.completes) > 4)
            assert set(terminal.commands) == {50, 201}, "nothing is read for it"
            assert set(last) == {50}, "the clock is asked first, then the counter"
    assert link.completes == sorted(link.completes)
    assert len(link.readings) == 3


def test_where_the_counter_cannot_be_believed_silence_proves_nothing(monkeypatch):
    monkeypatch.setattr(contact, "CLOCK_EVERY_S", 0.05)
    with Terminal(faults=Faults(counter_zero=True)) as terminal:
        terminal.load(history(3))
        link = MemoryLink()
        at_emit: list[tuple[int, int]] = []
        link.on_emit = lambda _: at_emit.append((len(link.completes), terminal.commands.count(1503)))
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: len(link.facts) == 3)
            rounds = len(link.observations)
            work.until(lambda: len(link.observations) > rounds + 5)
    read_for = [asked for (n, asked), (then, _) in pairwise(at_emit) if then > n]
    assert read_for == sorted(set(read_for)), "each «complete» has a read of its own"


def test_the_watermark_is_the_terminals_clock_before_the_read():
    with Terminal(clock_offset_s=-86_400) as terminal:
        terminal.load(history(3))
        earliest = terminal.clock().isoformat()
        link = MemoryLink()
        latest: list[str] = []
        link.on_emit = lambda readings: latest.append(terminal.clock().isoformat()) if readings else None
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
    assert earliest <= link.completes[0] <= latest[0]


@pytest.mark.parametrize(
    "cursor", ["", "nonsense", "[]", "7", "{}", '{"serial": "SIM0000001", "count": "x"}']
)
def test_a_broken_cursor_is_a_full_read(cursor):
    with Terminal() as terminal:
        terminal.load(history(50))
        assert read(terminal, cursor).facts == keys(history(50))


@pytest.mark.parametrize(
    "change",
    [
        {"serial": "ANOTHER"},
        {"tail": "0" * 64},
        {"count": 49},
        {"count": 51},
        {"count": 10**12},
        {"count": -1},
        {"count": True},
        {"layout": "41"},
        {"extra": 1},
    ],
)
def test_a_cursor_that_does_not_fit_is_a_full_read(change):
    with Terminal() as terminal:
        terminal.load(history(50))
        good = read(terminal).cursor
        assert read(terminal, good).readings == []
        assert read(terminal, json.dumps({**json.loads(good), **change})).facts == keys(history(50))


def test_the_cursor_names_what_it_knows():
    with Terminal(serial="SN7") as terminal:
        terminal.load(history(50))
        known = json.loads(read(terminal).cursor)
    assert {**known, "tail": len(known["tail"])} == {"serial": "SN7", "layout": "40", "count": 50, "tail": 64}


@pytest.mark.parametrize("before", [1, 5, 8, 9, 500])
@pytest.mark.parametrize("how", [{}, {"offset_reads": False}, {"read": "direct"}, {"transport": "udp"}])
def test_what_came_while_we_were_away_is_found(before, how):
    with Terminal(**how) as terminal:
        terminal.load(history(before))
        cursor = read(terminal).cursor
        terminal.load(history(700, before))
        link = read(terminal, cursor)
    assert keys(history(700, before)) <= link.facts <= keys(history(before + 700))


def test_a_log_that_was_cleared_or_has_wrapped_is_read_whole():
    with Terminal(capacity=1000, cyclic_delete=100) as terminal:
        terminal.load(history(990))
        cursor = read(terminal).cursor
        terminal.load(history(80, 990))
        wrapped = read(terminal, cursor)
        assert wrapped.facts == keys(history(970, 100))
        terminal.clear()
        emptied = read(terminal, wrapped.cursor)
        assert json.loads(emptied.cursor)["count"] == 0
        assert json.loads(emptied.cursor)["layout"] == "40"
        terminal.load(history(20, 2000))
        assert read(terminal, emptied.cursor).facts == keys(history(20, 2000))


def test_a_nearly_full_log_is_looked_at_though_its_counter_stands_still():
    with Terminal(capacity=1000, cyclic_delete=1) as terminal:
        terminal.load(history(1000))
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: link.completes)
            terminal.load(history(1, 1000))
            work.until(lambda: key(history(1, 1000)[0]) in link.facts)
    assert link.facts == keys(history(1001))


def test_a_lower_counter_than_before_is_news_too():
    with Terminal() as terminal:
        terminal.load(history(100))
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: link.completes)
            terminal.clear()
            terminal.load(history(30, 100))
            work.until(lambda: link.facts >= keys(history(30, 100)))


def test_a_terminal_that_restarts_is_lost_and_found():
    with Terminal() as terminal:
        terminal.load(history(100))
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
            terminal.reboot()
            error = work.ended()
        assert isinstance(error, DeviceOffline)
        assert error.cause == "connection_lost"
        terminal.load(history(1, 100))
        assert read(terminal, link.cursor).facts == keys(history(1, 100))


@pytest.mark.parametrize("count", [0, 100])
def test_a_terminal_that_forgot_our_session_is_lost(count):
    with Terminal(transport="udp") as terminal:
        terminal.load(history(count))
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: link.completes)
            terminal.reboot()
            error = work.ended()
    assert isinstance(error, DeviceOffline)
    assert error.cause == "connection_lost"


def test_the_order_to_read_again_trusts_no_cursor():
    with Terminal() as terminal:
        terminal.load(history(100))
        cursor = read(terminal).cursor
        link = MemoryLink(cursor)
        done: list[str] = []
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
            assert link.readings == []
            link.waiting.append(Order("reread", done.append))
            work.until(lambda: done)
        assert done == ["ok"]
        assert link.facts == keys(history(100))
        assert link.passes == [False, True], "the end of the log first, then all of it"


def test_an_order_that_cannot_be_carried_out_is_answered():
    with Terminal() as terminal:
        terminal.load(history(3000))
        link = MemoryLink()
        done: list[str] = []
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
            terminal.faults.close_after_bytes = 5000
            link.waiting.append(Order("reread", done.append))
            assert isinstance(work.ended(), DeviceOffline)
        assert done == ["failed"]


@pytest.mark.parametrize("lie", [1, 50])
def test_a_counter_that_promises_too_much_is_told_and_nothing_is_invented(lie):
    with Terminal(faults=Faults(counter=lie)) as terminal:
        terminal.load(history(1000))
        link = MemoryLink()
        asked: list[int] = []
        observed = link.observed

        def told(observation: Observation) -> None:
            if "counter_disagrees" in observation.notes:
                asked.append(terminal.commands.count(1503))
            observed(observation)

        link.observed = told  # type: ignore[method-assign]
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: "counter_disagrees" in link.notes)
            assert asked[0] == 2
            assert json.loads(link.cursor)["count"] == 1000
            assert not link.completes
            terminal.load(history(5, 1000))
            work.until(lambda: link.facts >= keys(history(1005)))
            terminal.faults.counter = 0
            work.until(lambda: link.completes)
            work.until(lambda: not link.notes)
    assert link.facts == keys(history(1005))


def test_a_blind_terminal_without_tail_reads_is_not_read_at_every_poll(monkeypatch):
    with Terminal(read="direct", faults=Faults(counter_zero=True)) as terminal:
        terminal.load(history(300))
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.02), link) as work:
            work.until(lambda: link.completes)
            rounds = len(link.observations)
            work.until(lambda: len(link.observations) > rounds + 5)
            assert terminal.commands.count(13) == 1
            monkeypatch.setattr(contact, "BLIND_READ_S", 0.0)
            terminal.load(history(1, 300))
            work.until(lambda: key(history(1, 300)[0]) in link.facts)


# live


@pytest.mark.parametrize(
    ("size", "live"), [(40, 32), (40, 36), (49, 37), (40, 52), (16, 12), (16, 32)], ids=lambda v: str(v)
)
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_live_event_is_told_at_once_and_confirmed_by_the_log(size, live, transport):
    with Terminal(record_size=size, live_size=live, transport=transport) as terminal:
        terminal.load(history(10))
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: 500 in terminal.commands and link.completes)
            reads = terminal.commands.count(1503)
            punch = terminal.punch("77", state=1, verify=15)
            work.until(lambda: key(punch) in link.facts)
            assert terminal.commands.count(1503) == reads
            live_one = link.readings[-1]
            work.until(lambda: terminal.acks == 1)
        again = read(terminal, link.cursor)
    assert len(again.readings) == 1
    assert again.readings[0] == live_one


@pytest.mark.parametrize(
    ("size", "live"), [(8, 10), ("ma300", 14), (16, 10), (40, 12), (40, 40), (40, 8), (40, 0)]
)
def test_a_live_event_that_names_nobody_for_certain_is_a_reason_to_look(size, live):
    with Terminal(record_size=size, user_size=28, live_size=live) as terminal:
        terminal.add_user(9, "77")
        terminal.load(history(10))
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: 500 in terminal.commands and link.completes)
            reads = terminal.commands.count(1503)
            punch = terminal.punch("77", state=1)
            work.until(lambda: len(link.facts) == 11)
            assert terminal.commands.count(1503) > reads
            work.until(lambda: terminal.acks == 1)
    user = "uid:9" if size in (8, "ma300") else "77"
    assert key(punch, user) in link.facts


def test_events_in_one_segment_all_count():
    with Terminal() as terminal:
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
            terminal.punch("1", at=DAY_ONE)
            work.until(lambda: link.facts)  # the log was empty: now its layout is known
            burst = [Punch(str(n), DAY_ONE + timedelta(seconds=n)) for n in range(2, 40)]
            terminal.burst(burst)
            work.until(lambda: link.facts >= keys(burst))
            work.until(lambda: terminal.acks == 39)


def test_a_doubled_live_event_is_no_second_punch():
    with Terminal(pacing="coalesced") as terminal:
        terminal.load(history(5))
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
            punch = Punch("7", DAY_ONE - timedelta(days=1))
            terminal.announce([punch, punch, punch])
            work.until(lambda: terminal.acks == 3)
            work.until(lambda: key(punch) in link.facts)
    assert {reading.copies for reading in link.readings} == {1}


def test_events_during_a_read_are_kept():
    with Terminal(pacing="coalesced") as terminal:
        terminal.load(history(2000))
        link = MemoryLink()
        late = Punch("late", DAY_ONE + timedelta(days=9))

        def punch_once(_readings: object) -> None:
            if link.emits == 1:
                terminal.punch("late", at=late.time)

        link.on_emit = punch_once
        with running(driver(terminal), link) as work:
            work.until(lambda: key(late) in link.facts and terminal.acks)
    assert terminal.acks == 1
    assert copies(link.readings) == dict.fromkeys({*keys(history(2000)), key(late)}, 1)


def test_a_live_emit_that_fails_loses_nothing():
    from drivers.base import StoreBusy

    with Terminal() as terminal:
        terminal.load(history(10))
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
            link.failures = [StoreBusy("busy")]
            punch = terminal.punch("5")
            assert isinstance(work.ended(), StoreBusy)
        assert key(punch) not in link.facts
        assert read(terminal, link.cursor).facts == {key(punch)}


def test_live_is_not_needed():
    with Terminal(faults=Faults(unsupported={500})) as terminal:
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: link.completes)
            punch = terminal.punch("5")
            work.until(lambda: key(punch) in link.facts)
