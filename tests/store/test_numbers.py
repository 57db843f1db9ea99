"""Rows as they are read for sending: many in one are the same as one by one, and nothing altered passes."""

from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.store import FILE, Reader, Store, position, sqlite
from edge.store.proved import Proof, first_wrong, numbers_of, whole
from tests.store.halls import intake, open_store

DIGESTS = {1: lambda body: sha256(body).digest()}


def sealed(place: int, body: bytes | None) -> Proof:
    return position(1, place), body, sha256(body or b"gone").digest()


def joined(rows: list[Proof]) -> tuple[int, int, int, bytes | None, bytes | None]:
    """What SQLite says of some rows at once: it leaves out what is NULL."""
    bodies = [body for _place, body, _hash in rows if body is not None]
    places = [place for place, _body, _hash in rows]
    lines = b"\n".join(bodies) if bodies else None
    return len(rows), min(places, default=0), max(places, default=0), lines, b"".join(row[2] for row in rows)


ROWS = st.lists(
    st.tuples(st.integers(1, 3), st.one_of(st.none(), st.sampled_from([b"{}", b"", b"a\nb", b"a", b"b"]))),
    max_size=6,
)


@given(ROWS, st.sets(st.integers(0, 5)))
def test_rows_read_in_one_are_those_read_one_by_one_or_are_left_to_that(
    drawn: list[tuple[int, bytes | None]], flipped: set[int]
) -> None:
    place, rows = 0, []
    for at, (step, body) in enumerate(drawn):
        place += step
        where, body, told = sealed(place, body)
        rows.append((where, body, bytes(32) if at in flipped else told))
    found = whole(joined(rows), DIGESTS)
    if found is not None:
        assert first_wrong(rows, DIGESTS) == 0
        assert [*found] == [*numbers_of(rows)]


def test_rows_without_a_gap_and_unaltered_are_taken_in_one() -> None:
    rows = [sealed(place, b'{"n":%d}' % place) for place in (4, 5, 6)]
    found = whole(joined(rows), DIGESTS)
    assert found is not None
    assert [*found] == [*numbers_of(rows)] == found[:]
    assert (found[-1], len(found)) == (numbers_of(rows)[2], 3)
    assert whole(joined(rows), {}) is None, "no hash is known for that epoch"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = open_store(tmp_path)
    for number in range(9):
        store.take(intake(number))
    return store


def read(store: Store, path: Path, limit: int) -> list[tuple[int, bool]]:
    with closing(Reader(path / FILE)) as reader:
        after, found = 0, []
        while rows := reader.numbers(after, limit):
            found += [(row.position, row.body is not None) for row in rows]
            after = rows[-1].position
    return found


def test_every_step_through_the_log_finds_the_same_over_stubs_and_epochs(
    store: Store, tmp_path: Path
) -> None:
    store.flush()
    change(tmp_path, "UPDATE event SET body = NULL, emptied = 'purged' WHERE position % 4 = 3")
    store.close()
    change(tmp_path, "UPDATE epoch SET epoch = 'left'")  # as another life's: a new one begins
    again = open_store(tmp_path)
    again.take(intake(100, 101))
    one_by_one = read(again, tmp_path, 1)
    assert len(one_by_one) > 11
    assert len({place >> 40 for place, _whole in one_by_one}) == 2
    for limit in (2, 3, 5, 200):
        assert read(again, tmp_path, limit) == one_by_one
    again.close()


def change(folder: Path, sql: str, values: tuple[object, ...] = ()) -> None:
    with closing(sqlite.connect_writer(folder / FILE)) as connection:
        connection.execute(sql, values)


@pytest.mark.parametrize(
    "forge",
    [
        lambda body: body[:-2] + "!}",
        lambda body: body + "\n",
        lambda body: body.replace(",", "\n", 1),
        lambda _body: "",
    ],
)
def test_an_altered_row_among_others_is_named_and_none_is_given(
    store: Store, tmp_path: Path, forge: Callable[[str], str]
) -> None:
    damaged = position(1, 5)
    with closing(sqlite.connect_writer(tmp_path / FILE)) as connection:
        (body,) = connection.execute("SELECT body FROM event WHERE position = ?", (damaged,)).fetchone()
    change(tmp_path, "UPDATE event SET body = ? WHERE position = ?", (forge(body), damaged))
    told: list[str] = []
    with closing(Reader(tmp_path / FILE, told.append)) as reader:
        with pytest.raises(sqlite.DatabaseError, match=f"event {damaged} is malformed"):
            reader.numbers(0, 200)
        assert told == [f"event {damaged} is malformed"]
        after = reader.numbers(damaged, 3)
        assert [row.position - damaged for row in after] == [1, 2, 3]
        assert isinstance(after.places, range), "read in one"
    store.close()
