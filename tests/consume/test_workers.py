"""Several workers on one PostgreSQL: no order of their steps counts twice or loses."""

import random
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from edge.consume import DatabaseFails, Ledger
from edge.consume.database import LEASE_S, open_tables
from tests.consume.books import Books, PostgresBooks
from tests.consume.hall import Hall
from tests.postgres import Cluster

HALLS = [Hall(f"h{number}") for number in range(6)]
HALL = HALLS[0]


@pytest.fixture
def books(cluster: Cluster) -> PostgresBooks:
    return PostgresBooks(cluster)


@contextmanager
def workers(books: Books, count: int = 2) -> Iterator[list[Ledger]]:
    ledgers = [books.ledger() for _ in range(count)]
    try:
        yield ledgers
    finally:
        for ledger in ledgers:
            ledger.close()


def test_what_one_worker_remembers_yields_to_what_another_committed(books):
    bodies, heads = HALL.log(range(5))
    with workers(books) as (one, two):
        one.take([HALL.one(bodies[0])])
        two.take([HALL.one(bodies[n]) for n in (1, 3)])
        assert one.lacking() == {HALL.source: 2}
        one.take([HALL.one(bodies[2])])
        two.take([HALL.batch(bodies[4:])])
        got = one.receipt(HALL.source, ask=True)
        assert (got.n, got.upto, got.head, got.also, got.want) == (4, 6, heads[-1], (), ())
        assert one.numbers() == two.numbers() == {HALL.source: 4}
    assert books.count() == 6


def test_an_epoch_that_one_worker_heard_of_is_the_present_one_for_all(books):
    with workers(books) as (one, two):
        one.take([HALL.batch(HALL.log(range(3), "e1")[0])])
        two.take([HALL.state("e2", sent_to=9)])
        assert (one.receipt(HALL.source, ask=True).epoch, one.receipt(HALL.source, ask=True).want) == (
            "e2",
            ((1, 9),),
        )


def test_workers_at_once_in_any_order_give_exactly_the_set(books):
    logs = {hall: hall.log(range(100 * n, 100 * n + 60), f"e{n}") for n, hall in enumerate(HALLS)}
    batches = [hall.batch(bodies[n : n + 5]) for hall, (bodies, _) in logs.items() for n in range(0, 61, 5)]
    faults: list[BaseException] = []

    def work(seed: int) -> None:
        mine = batches * 2  # each worker is given everything twice
        random.Random(seed).shuffle(mine)
        try:
            with closing(books.ledger()) as ledger:
                while mine:
                    ledger.take([mine.pop() for _ in range(min(7, len(mine)))])
        except BaseException as error:  # noqa: BLE001 - told below
            faults.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    with closing(books.ledger()) as ledger:
        for hall, (_, heads) in logs.items():
            got = ledger.receipt(hall.source, ask=True)
            assert (got.upto, got.head, got.also, got.want) == (61, heads[-1], (), ())
    assert books.count() == 61 * len(HALLS) == books.rows("SELECT count(DISTINCT id) FROM events")[0][0]
    assert books.rows("SELECT count(*) FROM waiting") == [(0,)]


def test_one_fact_from_two_halls_at_once_counts_once(books):
    for hall in HALLS[:2]:
        with closing(books.ledger()) as ledger:
            ledger.take([hall.batch(hall.log([7, 8])[0])])
    assert books.count("attendance.punch") == 2


def test_the_lease_is_one_workers_until_it_ends(books):
    with workers(books) as (one, two):
        assert one.lease("receipts", "one")
        assert not two.lease("receipts", "two")
        assert one.lease("receipts", "one")
        books.execute(f"UPDATE leases SET until = until - interval '{LEASE_S} s'")
        assert two.lease("receipts", "two")
        assert not one.lease("receipts", "one")


def test_a_lost_connection_costs_the_batch_and_nothing_else(books):
    bodies, heads = HALL.log(range(5))
    with closing(books.ledger()) as ledger:
        ledger.take([HALL.batch(bodies[:3])])
        books.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        with pytest.raises(DatabaseFails):
            ledger.take([HALL.batch(bodies[3:])])
        ledger.take([HALL.batch(bodies[3:])])
        assert ledger.receipt(HALL.source, ask=True).head == heads[-1]


def test_who_follows_the_events_by_transaction_misses_none(books):
    """The recipe of GUIDE.md: numbers alone become visible out of order."""
    settled = "taken < pg_snapshot_xmin(pg_current_snapshot())"
    follow = f"SELECT number FROM events WHERE {settled} ORDER BY taken, number"
    slow = open_tables(books.database, books.password_file)
    with closing(books.ledger()) as quick, closing(slow):
        with slow.transaction([HALLS[1].source]):
            slow.refuse(1, 1, "t", b"", "it has begun to write")
            quick.take([HALL.batch(HALL.log(range(3))[0])])
            assert books.rows(follow) == []
        assert len(books.rows(follow)) == 4


def test_a_password_comes_from_a_file_and_a_wrong_one_is_told(books, tmp_path):
    (tmp_path / "wrong").write_text("guess")
    with pytest.raises(DatabaseFails, match="password"):
        Ledger(books.database, "count", tmp_path / "wrong")
