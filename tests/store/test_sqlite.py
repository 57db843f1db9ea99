"""How databases are opened: durable for the writer, harmless for readers."""

from contextlib import closing

import pytest

from edge.store import sqlite


@pytest.mark.parametrize(
    ("version", "bug"),
    [
        ("3.6.23", False),
        ("3.7.0", True),
        ("3.40.1", True),
        ("3.44.5", True),
        ("3.44.6", False),
        ("3.50.6", True),
        ("3.50.7", False),
        ("3.51.2", True),
        ("3.51.3", False),
        ("3.53.0", False),
    ],
)
def test_versions_with_the_wal_reset_bug(version, bug):
    assert sqlite.has_wal_reset_bug(version) is bug


def test_a_writer_is_durable_and_a_reader_cannot_write(tmp_path):
    path = tmp_path / "a #?%20.db"
    with closing(sqlite.connect_writer(path)) as writer, closing(_made(writer, path)) as reader:
        found = [writer.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
        assert found == ["wal", 2]
        assert writer.execute("PRAGMA journal_size_limit").fetchone() == (16 << 20,)
        assert reader.execute("SELECT x FROM t").fetchall() == [(1,)]
        with pytest.raises(sqlite.OperationalError, match="readonly"):
            reader.execute("INSERT INTO t VALUES (2)")
        assert reader.execute("PRAGMA query_only").fetchone() == (1,)
        assert not writer.in_transaction


def _made(writer: sqlite.Connection, path):
    writer.execute("CREATE TABLE t (x)")
    writer.execute("INSERT INTO t VALUES (1)")
    return sqlite.connect_reader(path)


def test_a_reader_makes_no_database(tmp_path):
    with pytest.raises(sqlite.OperationalError):
        sqlite.connect_reader(tmp_path / "none.db").close()
    assert not (tmp_path / "none.db").exists()


def test_a_writer_refuses_what_is_no_database(tmp_path):
    (tmp_path / "x.db").write_bytes(b"not a database, and long enough to be looked at" * 40)
    with pytest.raises(sqlite.DatabaseError):
        sqlite.connect_writer(tmp_path / "x.db")
