"""Word of an event that does not come settles its number; the event counts when it comes."""

import threading
from contextlib import closing

import msgspec
import pytest

from edge.consume import Counts
from tests.consume.books import PostgresBooks
from tests.consume.hall import Hall, altered, receipt

HALL, OTHER = Hall(), Hall("h2")


@pytest.mark.parametrize("order", [(1, 2, 3, 4, 5), (1, 3, 5, 4, 2), (5, 4, 3, 2, 1)])
def test_a_withheld_event_settles_its_number_and_counts_only_when_it_comes(ledger, books, order):
    bodies, heads = HALL.log(range(4))
    sent = {n: HALL.withheld(bodies, heads, n) if n in (3, 5) else bodies[n - 1] for n in order}
    taken = ledger.take([HALL.one(body) for body in sent.values()])
    assert [item.sequence for item in taken.withheld] == [n for n in order if n in (3, 5)]
    assert (receipt(ledger).upto, receipt(ledger).head) == (5, heads[-1])
    assert ledger.counts()[HALL.source] == Counts(3, 0, 0, 0, 0, withheld=2)
    assert books.rows("SELECT sequence, type, reason FROM withheld ORDER BY 1") == [
        (3, "cn.zwdt.attendance.punch.v1", "parked"),
        (5, "cn.zwdt.attendance.punch.v1", "parked"),
    ]
    again = ledger.take([HALL.one(HALL.withheld(bodies, heads, 3)), HALL.one(bodies[2])])
    assert (again.withheld, again.conflicts, len(again.events)) == ((), (), 1)
    assert books.rows("SELECT sequence FROM withheld") == [(5,)]
    assert ledger.take([HALL.one(bodies[2])]).events == ()
    assert books.count("attendance.punch") == 3


def test_a_receipt_names_what_is_parked_until_its_event_comes(ledger, books):
    bodies, heads = HALL.log(range(6))
    reasons = {3: "parked", 4: "parked", 6: "purged"}
    sent = [
        HALL.withheld(bodies, heads, n, reasons[n]) if n in reasons else bodies[n - 1] for n in range(1, 8)
    ]
    ledger.take([HALL.one(body) for body in sent])
    assert (receipt(ledger).upto, receipt(ledger).withheld) == (7, ((3, 4),))
    n = receipt(ledger).n
    ledger.take([HALL.one(bodies[3])])
    assert (receipt(ledger).n > n, receipt(ledger).withheld) == (True, ((3, 3),))
    with closing(books.ledger()) as another:
        assert receipt(another).withheld == ((3, 3),)
    ledger.take([HALL.one(bodies[2])])
    assert receipt(ledger).withheld == ()


@pytest.mark.parametrize("above", [True, False])
def test_the_original_and_word_of_it_meet_above_a_gap(ledger, above):
    bodies, heads = HALL.log(range(3))
    word = HALL.withheld(bodies, heads, 3)
    first = [] if above else [HALL.one(bodies[0])]
    for pair in ([bodies[2], word], [word, bodies[2]]):
        taken = ledger.take([*first, *map(HALL.one, pair)])
        assert taken.conflicts == ()
    ledger.take([HALL.batch(bodies)])
    assert receipt(ledger).head == heads[-1]
    assert ledger.counts()[HALL.source].events == 4


@pytest.mark.parametrize("order", [(1, 2, 3, 4), (1, 3, 4, 2)], ids=["at once", "above a gap"])
@pytest.mark.parametrize("wrong", ["hash", "chain"])
@pytest.mark.parametrize("together", [True, False])
def test_word_that_does_not_fit_the_chain_settles_nothing(ledger, books, order, wrong, together):
    bodies, heads = HALL.log(range(4))
    word = msgspec.json.decode(HALL.withheld(bodies, heads, 3))
    word["data"][wrong] = "00" * 32
    sent = {n: msgspec.json.encode(word) if n == 3 else bodies[n - 1] for n in order}
    messages = [HALL.one(body) for body in sent.values()]
    parts = [messages] if together else [[message] for message in messages]
    conflicts = [item for part in parts for item in ledger.take(part).conflicts]
    assert [item.sequence for item in conflicts] == [3]
    got = receipt(ledger)
    assert (got.upto, got.head, got.also, got.want) == (2, heads[1], ((4, 4),), ((3, 3),))
    assert books.rows("SELECT sequence FROM withheld") == []
    ledger.take([HALL.one(HALL.withheld(bodies, heads, 3)), HALL.one(bodies[4])])
    assert (receipt(ledger).upto, receipt(ledger).head) == (5, heads[4])


def test_an_original_that_is_another_than_was_told_is_a_conflict(ledger):
    bodies, heads = HALL.log(range(2))
    ledger.take([HALL.batch([bodies[0], HALL.withheld(bodies, heads, 2)])])
    other = altered(bodies[1], time="2026-11-22T10:00:00+08:00")
    assert [item.sequence for item in ledger.take([HALL.one(other)]).conflicts] == [2]


def test_word_of_an_event_that_is_here_under_another_number_misses_nothing(ledger, books):
    bodies, heads = HALL.log([7, 7])
    ledger.take([HALL.batch([*bodies[:2], HALL.withheld(bodies, heads, 3)])])
    assert books.rows("SELECT count(*) FROM withheld") == [(0,)]
    assert (receipt(ledger).upto, receipt(ledger).head) == (3, heads[-1])


@pytest.mark.parametrize("together", [True, False])
def test_word_of_an_event_that_came_under_a_number_of_another_misses_nothing(ledger, books, together):
    bodies, heads = HALL.log([7, 8, 9])
    stray = HALL.log([9])[0][1]
    first, last = [HALL.batch([*bodies[:3], stray])], [HALL.one(HALL.withheld(bodies, heads, 4))]
    for part in [[*first, *last]] if together else [first, last]:
        ledger.take(part)
    assert books.rows("SELECT count(*) FROM withheld") == [(0,)]
    assert (receipt(ledger).upto, receipt(ledger).head) == (4, heads[-1])
    assert books.count("attendance.punch") == 3


def test_word_and_its_event_in_one_batch_miss_nothing(ledger, books):
    bodies, heads = HALL.log([7, 8, 7])
    ledger.take([HALL.batch([*bodies[:1], HALL.withheld(bodies, heads, 2), *bodies[2:]])])
    assert books.rows("SELECT count(*) FROM withheld") == [(0,)]
    assert (receipt(ledger).upto, receipt(ledger).head) == (4, heads[-1])
    assert books.count("attendance.punch") == 2


def test_word_that_one_worker_took_is_known_to_another(cluster):
    books = PostgresBooks(cluster)
    bodies, heads = HALL.log(range(4))
    with closing(books.ledger()) as one, closing(books.ledger()) as two:
        two.take([HALL.one(bodies[0])])
        one.take([HALL.one(HALL.withheld(bodies, heads, n)) for n in (2, 4)])
        two.take([HALL.one(bodies[n - 1]) for n in (2, 3)])
        assert books.rows("SELECT sequence FROM withheld") == [(4,)]
        one.take([HALL.one(bodies[3]), HALL.one(bodies[4])])
        assert (receipt(two).upto, receipt(two).head) == (5, heads[-1])
    assert books.rows("SELECT count(*) FROM withheld") == [(0,)]
    assert books.count() == 5


@pytest.mark.parametrize("first", ["event", "word"])
def test_word_from_one_hall_and_the_event_from_another_at_once_miss_nothing(cluster, first):
    """The locks of the halls do not keep these two apart."""
    books = PostgresBooks(cluster)
    bodies, heads = HALL.log([7])
    event = [OTHER.batch(OTHER.log([7])[0])]
    word = [HALL.batch([bodies[0], HALL.withheld(bodies, heads, 2)])]
    with closing(books.ledger()) as slow, closing(books.ledger()) as quick:
        tables = slow._tables  # noqa: SLF001 - stopped in the middle
        reached, go = threading.Event(), threading.Event()
        inner = tables.add_events

        def stopped(rows):
            reached.set()
            assert go.wait(20)
            return inner(rows)

        tables.add_events = stopped  # type: ignore[method-assign]
        last = threading.Thread(target=slow.take, args=(event if first == "event" else word,))
        last.start()
        assert reached.wait(20)
        meanwhile = threading.Thread(target=quick.take, args=(word if first == "event" else event,))
        meanwhile.start()
        meanwhile.join(0.5)
        go.set()
        for thread in (last, meanwhile):
            thread.join(20)
    assert books.rows("SELECT count(*) FROM withheld") == [(0,)]
    assert books.count("attendance.punch") == 1
