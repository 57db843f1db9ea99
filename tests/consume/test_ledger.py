"""The consumer's rules, without a broker: what counts, what is missing, what a receipt says."""

import random
from contextlib import closing

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.consume import Counts, DatabaseFails, DatabaseNewer
from tests.consume.books import PostgresBooks, SqliteBooks
from tests.consume.hall import Hall, altered, receipt

HALL = Hall()


@pytest.mark.parametrize("hash_alg", ["sha256", "sm3"])
def test_events_in_order_are_counted_and_chained(ledger, books, hash_alg):
    bodies, heads = HALL.log(range(10), hash_alg=hash_alg)
    taken = ledger.take([HALL.one(body) for body in bodies])
    assert [event.sequence for event in taken.events] == [f"{n:020d}" for n in range(1, 12)]
    assert taken.due == {HALL.source}
    got = receipt(ledger)
    assert (got.n, got.epoch, got.upto, got.head) == (1, "e1", 11, heads[-1])
    assert (got.also, got.want, got.refused) == ((), (), ())
    assert books.count() == 11
    assert books.count("attendance.punch") == 10
    assert books.rows("SELECT body FROM events ORDER BY number") == [(body.decode(),) for body in bodies]


@pytest.mark.parametrize("packed", [False, True])
def test_batch_is_its_events(ledger, packed):
    bodies, heads = HALL.log(range(50))
    spaced = [body.replace(b'","', b'" ,\n"', 1) for body in bodies]
    assert len(ledger.take([HALL.batch(bodies, packed)]).events) == 51
    assert receipt(ledger).head == heads[-1]
    assert len(ledger.take([HALL.batch(spaced, packed)]).conflicts) == 51  # other bytes, same JSON


def test_gap_is_wanted_and_the_chain_grows_when_it_fills(ledger):
    bodies, heads = HALL.log(range(9))
    ledger.take([HALL.one(bodies[n - 1]) for n in (1, 2, 5, 6, 9)])
    got = receipt(ledger)
    assert (got.upto, got.head) == (2, heads[1])
    assert (got.also, got.want) == (((5, 6), (9, 9)), ((3, 4), (7, 8)))
    assert ledger.receipt(HALL.source, ask=False).want == ()
    assert ledger.lacking() == {HALL.source: 2}
    ledger.take([HALL.one(bodies[n - 1]) for n in (4, 3)])
    assert (receipt(ledger).upto, receipt(ledger).head) == (6, heads[5])
    ledger.take([HALL.one(bodies[n - 1]) for n in (10, 8, 7)])
    assert (receipt(ledger).upto, receipt(ledger).head, ledger.lacking()) == (10, heads[9], {})


def test_without_the_opening_nothing_is_contiguous(ledger):
    bodies, heads = HALL.log(range(5))
    ledger.take([HALL.batch(bodies[1:])])
    got = receipt(ledger)
    assert (got.upto, got.head, got.also, got.want) == (0, "", ((2, 6),), ((1, 1),))
    assert len(ledger.take([HALL.one(bodies[0])]).events) == 1
    assert (receipt(ledger).upto, receipt(ledger).head) == (6, heads[-1])


def test_ranges_of_a_receipt_are_bounded(ledger):
    bodies, _ = HALL.log(range(300))
    ledger.take([HALL.one(body) for body in bodies[1::2]])
    got = receipt(ledger)
    assert (len(got.also), len(got.want)) == (64, 64)
    assert (got.also[0], got.want[0]) == ((2, 2), (1, 1))
    msgspec.json.decode(msgspec.json.encode(got), type=type(got))


def test_what_comes_again_counts_once_and_is_answered(ledger, books):
    bodies, _ = HALL.log(range(3))
    ledger.take([HALL.batch(bodies)])
    taken = ledger.take([HALL.batch(bodies), HALL.one(bodies[2])])
    assert (taken.events, taken.conflicts, taken.due) == ((), (), {HALL.source})
    assert ledger.counts()[HALL.source] == Counts(4, 5, 0, 0, 0)
    assert receipt(ledger).n == 2
    assert books.count() == 4


def test_one_fact_under_two_numbers_counts_once_and_settles_both(ledger, books):
    bodies, heads = HALL.log([7, 7, 8])
    ledger.take([HALL.one(body) for body in bodies])
    assert books.count("attendance.punch") == 2
    assert (receipt(ledger).upto, receipt(ledger).head) == (4, heads[-1])


@pytest.mark.parametrize("sent", [[1, 2, 3], [1, 3]], ids=["settled", "above a gap"])
def test_other_bytes_under_a_number_are_told_and_the_first_stay(ledger, sent):
    bodies, heads = HALL.log(range(2))
    ledger.take([HALL.one(bodies[n - 1]) for n in sent])
    other = altered(bodies[2], time="2026-11-22T10:00:00+08:00")
    taken = ledger.take([HALL.one(other)])
    assert [(c.source, c.epoch, c.sequence) for c in taken.conflicts] == [(HALL.source, "e1", 3)]
    assert taken.events == ()
    ledger.take([HALL.one(bodies[1])])
    assert receipt(ledger).head == heads[2]
    assert ledger.counts()[HALL.source].conflicts == 1


def test_another_fact_under_a_known_number_still_counts(ledger, books):
    bodies, _ = HALL.log([1])
    clone, _ = HALL.log([2])
    ledger.take([HALL.batch(bodies)])
    assert len(ledger.take([HALL.one(clone[1])]).conflicts) == 1
    assert books.count("attendance.punch") == 2


def test_new_epoch_closes_the_old_ledger_and_late_events_still_count(ledger, books):
    old, _ = HALL.log(range(5), "e1")
    new, heads = HALL.log(range(3), "e2")
    ledger.take([HALL.one(old[n - 1]) for n in (1, 3)])
    ledger.take([HALL.batch(new)])
    assert (receipt(ledger).epoch, receipt(ledger).head) == ("e2", heads[-1])
    assert ledger.lacking() == {}
    assert len(ledger.take([HALL.one(old[5])]).events) == 1
    assert receipt(ledger).epoch == "e2"
    assert books.count("attendance.punch") == 4


def test_state_names_the_present_epoch(ledger):
    ledger.take([HALL.batch(HALL.log(range(3), "e2")[0])])
    ledger.take([HALL.batch(HALL.log(range(3), "stray")[0])])
    ledger.take([HALL.state("e2", sent_to=6)])
    assert (receipt(ledger).epoch, receipt(ledger).upto, receipt(ledger).want) == ("e2", 4, ((5, 6),))


def test_what_was_sent_in_an_old_epoch_is_not_missed_in_the_new(ledger):
    ledger.take([HALL.state("e1", sent_to=900)])
    ledger.take([HALL.batch(HALL.log(range(3), "e2")[0])])
    assert ledger.lacking() == {}


def test_lost_database_answers_a_hall_with_a_rewind(ledger):
    assert ledger.take([HALL.state("e1", sent_to=900, count=57, other=99)]).due == {HALL.source}
    got = receipt(ledger)
    assert (got.n, got.epoch, got.upto, got.head, got.want) == (58, "e1", 0, "", ((1, 900),))


def test_hall_that_is_gone_only_tells_numbers(ledger):
    assert ledger.take([HALL.state("e1", "lost", count=57)]).due == frozenset()
    assert ledger.sources() == frozenset()
    ledger.take([HALL.one(HALL.log([])[0][0])])
    ledger.take([HALL.state("e9", "lost", count=57)])
    assert (receipt(ledger).n, receipt(ledger).epoch) == (58, "e1")


def test_receipt_numbers_only_rise(ledger, books):
    bodies, _ = HALL.log(range(3))
    ledger.take([HALL.one(bodies[0])])
    ledger.take([HALL.receipt("count", 40), HALL.receipt("other", 90), HALL.one(bodies[1])])
    assert receipt(ledger).n == 41
    ledger.take([HALL.receipt("count", 12), HALL.receipt("count", 1 << 60)])
    ledger.close()
    with closing(books.ledger()) as again:
        again.renew(again.sources())
        assert (receipt(again).n, receipt(again).upto) == (42, 2)
        again.take([HALL.one(bodies[2])])
        assert receipt(again).n == 43


def test_newer_types_and_fields_count(ledger, books):
    bodies, _ = HALL.log(range(2))
    newer = [altered(bodies[1], type="cn.zwdt.tea.served.v1", data={"cups": 2}), altered(bodies[2], extra=1)]
    assert len(ledger.take([HALL.one(bodies[0]), *map(HALL.one, newer)]).events) == 3
    assert receipt(ledger).refused == ()


@pytest.mark.parametrize(
    "message",
    [
        ("zwdt/v1/host/count/state", b'{"state":"online","takes":["batch"]}'),
        (HALL.topic("state"), b""),
        (HALL.topic("state"), b'{"state":"ready"}'),
        (HALL.topic("ack", "count"), b""),
    ],
)
def test_states_that_say_nothing_are_passed_over(ledger, message):
    taken = ledger.take([message])
    assert (taken.garbage, taken.due, ledger.sources()) == ((), frozenset(), frozenset())


def test_failed_commit_changes_nothing(ledger, books):
    bodies, heads = HALL.log(range(5))
    ledger.take([HALL.one(bodies[0])])
    before = receipt(ledger)
    with books.failing("numbers"), pytest.raises(DatabaseFails, match="full"):
        ledger.take([HALL.one(bodies[3]), HALL.one(bodies[1])])
    assert receipt(ledger) == before
    assert ledger.counts()[HALL.source] == Counts(1, 0, 0, 0, 0)
    assert len(ledger.take([HALL.batch(bodies[1:])]).events) == 5
    assert receipt(ledger).head == heads[-1]


def test_halls_are_apart(ledger):
    halls = [Hall("h1"), Hall("h2"), Hall("h1", "330200")]
    for size, hall in enumerate(halls, 1):
        ledger.take([hall.batch(hall.log(range(size))[0])])
    assert [receipt(ledger, hall.source).upto for hall in halls] == [2, 3, 4]


def test_newer_database_is_not_touched(books):
    books.ledger().close()
    books.age()
    with pytest.raises(DatabaseNewer):
        books.ledger()


LOG, HEADS = HALL.log(range(29))


def exactly_the_set(books, order, again, cuts, seed):
    numbers = [*order, *again]
    random.Random(seed).shuffle(numbers)
    ledger, n = books.ledger(), 0
    while numbers:
        cut = cuts[len(numbers) % len(cuts)]
        part, numbers = numbers[:cut], numbers[cut:]
        ledger.take([HALL.batch([LOG[number] for number in part], packed=bool(cut % 2))])
        assert receipt(ledger).n > n
        n = receipt(ledger).n
        if cut % 3 == 0:
            ledger.close()
            ledger = books.ledger()
    got = receipt(ledger)
    ledger.close()
    assert (got.upto, got.head, got.also, got.want) == (30, HEADS[-1], (), ())
    assert books.rows("SELECT body FROM events ORDER BY sequence") == [(body.decode(),) for body in LOG]
    assert books.rows("SELECT count(*) FROM waiting") == [(0,)]


ANY = {
    "order": st.permutations(range(30)),
    "again": st.lists(st.integers(0, 29), max_size=20),
    "cuts": st.lists(st.integers(1, 12), min_size=1),
    "seed": st.integers(0, 99),
}


@settings(max_examples=60)
@given(**ANY)
def test_any_order_repetition_and_restart_gives_exactly_the_set(tmp_path_factory, **any_way):
    exactly_the_set(SqliteBooks(tmp_path_factory.mktemp("any")), **any_way)


@settings(max_examples=12)
@given(**ANY)
def test_any_order_repetition_and_restart_gives_exactly_the_set_in_postgres(cluster, **any_way):
    exactly_the_set(PostgresBooks(cluster), **any_way)
