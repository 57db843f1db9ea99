"""A database of every older schema is opened and goes on: nothing lost, nothing double (`golden/make.py`)."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from edge.consume import DatabaseFails, count, postgres_schema, standings
from edge.consume.sqlite_schema import STEPS
from edge.events import digest_of
from tests.consume.books import PostgresBooks, SqliteBooks
from tests.consume.golden.make import HALL, chained
from tests.consume.hall import altered, receipt

GOLDEN = Path(__file__).parent / "golden"
LOG = (GOLDEN / "log.jsonl").read_bytes().splitlines()
HEADS = chained(LOG)
OLD = range(1, len(STEPS))


@pytest.fixture(params=OLD)
def old(request, tmp_path) -> SqliteBooks:
    shutil.copy(GOLDEN / f"v{request.param}.db", tmp_path / "count.db")
    return SqliteBooks(tmp_path)


def test_an_older_database_goes_on(old):
    ((version,),) = old.rows("PRAGMA user_version")
    assert version in OLD
    known = version >= 2
    with closing(old.ledger()) as ledger:
        found = receipt(ledger)
        assert (found.n, found.upto, found.head) == (2 if known else 1, 3, HEADS[2])
        assert found.also == (((5, 6),) if known else ((5, 5),))
        assert [refusal.sequence for refusal in found.refused] == [3]
        assert ledger.take([HALL.one(b"{}")]).garbage == ()
        taken = ledger.take([HALL.state(sent_to=7), HALL.one(LOG[3]), HALL.one(HALL.withheld(LOG, HEADS, 6))])
        assert (len(taken.events), len(taken.conflicts), len(taken.withheld)) == (1, 0, 0 if known else 1)
        assert (receipt(ledger).upto, receipt(ledger).head, receipt(ledger).want) == (6, HEADS[5], ((7, 7),))
        assert old.rows("SELECT ledger, sequence, reason FROM withheld") == [(1, 6, "parked")]
        assert len(ledger.take([HALL.batch(LOG)]).events) == 2
        assert (receipt(ledger).upto, receipt(ledger).head, receipt(ledger).want) == (7, HEADS[6], ())
    assert old.rows("PRAGMA user_version") == [(len(STEPS),)]
    assert old.rows("SELECT count(*) FROM withheld") == [(0,)]
    assert old.count() == 6
    assert [hall.word for hall in standings(old.database)] == ["well"]


def test_an_older_database_is_not_changed_by_a_reader(old):
    before = old.rows("PRAGMA user_version")
    with pytest.raises(DatabaseFails, match="must open it first"):
        count(old.database)
    assert old.rows("PRAGMA user_version") == before


def test_an_older_database_in_postgres_goes_on(cluster, monkeypatch):
    books, bodies, heads = PostgresBooks(cluster), *HALL.log(range(3))
    with monkeypatch.context() as older:
        older.setattr(postgres_schema, "STEPS", postgres_schema.STEPS[:1])
        books.ledger().close()
    books.execute(f"INSERT INTO halls VALUES ('{HALL.source}', 'e1', 1, 0)")
    books.execute(
        "INSERT INTO ledgers (source, epoch, upto, head, hash_alg) "
        f"VALUES ('{HALL.source}', 'e1', 2, decode('{heads[1]}', 'hex'), 'sha256')"
    )
    for number, body in enumerate(bodies[:2], 1):
        hashed = digest_of("sha256")(body).hex()
        books.execute(f"INSERT INTO numbers VALUES (1, {number}, decode('{hashed}', 'hex'))")
    with closing(books.ledger()) as ledger:
        taken = ledger.take(
            [HALL.batch(bodies), HALL.one(altered(bodies[1], time="2026-11-22T10:00:00+08:00"))]
        )
        assert [item.sequence for item in taken.conflicts] == [2]
        assert (receipt(ledger).upto, receipt(ledger).head) == (4, heads[3])
