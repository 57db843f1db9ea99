"""A PostgreSQL for all tests of the consumer, and its books in both kinds of database."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.consume import Ledger
from tests.consume.books import Books, PostgresBooks, SqliteBooks
from tests.postgres import Cluster, programs


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if programs() is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with Cluster(("fsync=off",)) as cluster:  # what is tested here is not the disk
        yield cluster


@pytest.fixture(params=["sqlite", "postgres"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Books:
    if request.param == "sqlite":
        return SqliteBooks(tmp_path)
    return PostgresBooks(request.getfixturevalue("cluster"))


@pytest.fixture
def ledger(books: Books) -> Iterator[Ledger]:
    with closing(books.ledger()) as ledger:
        yield ledger
