"""The consumer's database for tests, of either kind: made empty, looked into, broken on purpose."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Protocol

from edge.consume import Ledger, count
from edge.consume.database import Database
from edge.store import sqlite
from tests.postgres import Cluster

Rows = list[tuple[object, ...]]


class Books(Protocol):
    database: Database
    password_file: Path | None

    def rows(self, query: str) -> Rows: ...

    def execute(self, statement: str) -> None: ...

    def failing(self, table: str) -> AbstractContextManager[None]:
        """Each new row of this table fails."""

    def age(self) -> None:
        """Let it come from a newer release."""

    def ledger(self) -> Ledger:
        return Ledger(self.database, "count", self.password_file)

    def count(self, kind: str | None = None) -> int:
        return count(self.database, kind, self.password_file)


class SqliteBooks(Books):
    password_file = None

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder, self.database = folder, folder / "count.db"

    def rows(self, query: str) -> Rows:
        with closing(sqlite.connect_reader(self.database)) as db:
            return db.execute(query).fetchall()

    def execute(self, statement: str) -> None:
        with closing(sqlite.connect_writer(self.database)) as db:
            db.execute(statement)

    @contextmanager
    def failing(self, table: str) -> Iterator[None]:
        self.execute(f"CREATE TRIGGER fails BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END")
        yield
        self.execute("DROP TRIGGER fails")

    def age(self) -> None:
        self.execute("PRAGMA user_version = 99")


class PostgresBooks(Books):
    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.database = cluster.schema()
        self.password_file = cluster.password_file

    def rows(self, query: str) -> Rows:
        with self._cluster.connect(self.database) as db:
            return db.execute(query).fetchall()

    def execute(self, statement: str) -> None:
        with self._cluster.connect(self.database) as db:
            db.execute(statement)

    @contextmanager
    def failing(self, table: str) -> Iterator[None]:
        self.execute(
            "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''full''; END'"
        )
        self.execute(f"CREATE TRIGGER fails BEFORE INSERT ON {table} EXECUTE FUNCTION fails()")
        yield
        self.execute(f"DROP TRIGGER fails ON {table}")

    def age(self) -> None:
        self.execute("UPDATE schema_version SET version = 99")
