"""A damaged database: found at the start, set aside untouched, and every row that is whole is saved."""

import random
import re
import shutil
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import msgspec
import pytest

from drivers.base import Reject
from edge.contract import Event
from edge.events import Draft
from edge.payloads import HashAlg
from edge.store import ReceiptRow, Store, marks, opening, position, salvage, sqlite
from tests.faults.damage import DAMAGES, PAGE
from tests.faults.lab import report
from tests.faults.oracle import Verdict
from tests.hall import until
from tests.store.halls import intake, open_store
from tests.store.test_epochs import FILES, RECEIVED, chain_of_epoch, log, said

pytestmark = pytest.mark.usefixtures("one_process")
SAVED_MIN = 0.999
ID = re.compile(rb'"id":"([^"]+)"')
ROWS = 700


def filled(folder: Path, rows: int, hash_alg: HashAlg = "sha256") -> Store:
    store = open_store(folder, hash_alg, ("county",))
    for start in range(0, rows, 500):
        store.take(intake(*range(start, min(start + 500, rows))))
    return store


def bodies(path: Path) -> dict[str, tuple[int, str]]:
    """id -> position and body of every row that still has one."""
    with closing(sqlite.connect_reader(path)) as connection:
        rows = connection.execute("SELECT position, body FROM event WHERE body IS NOT NULL").fetchall()
    return {msgspec.json.decode(body, type=Event).id: (place, body) for place, body in rows}


def on_whole_pages(before: bytes, after: bytes, ids: dict[str, tuple[int, str]]) -> set[str]:
    """The rows whose page was not touched; found by their id, which stands nowhere but in the body."""
    pages = dict[str, int]()
    for found in ID.finditer(before):
        pages.setdefault(found[1].decode(), found.start(1) // PAGE)
    pages = {name: pages[name] for name in ids}
    return {
        name
        for name, page in pages.items()
        if before[page * PAGE : (page + 1) * PAGE] == after[page * PAGE : (page + 1) * PAGE]
    }


def damage_it(folder: Path, kind: str, seed: int) -> set[str]:
    """Damage a stopped database; returns the ids that must be saved."""
    path = folder / "edge.db"
    with closing(sqlite.connect_writer(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ids, before = bodies(path), path.read_bytes()
    DAMAGES[kind](path, random.Random(seed))
    return on_whole_pages(before, path.read_bytes(), ids)


@pytest.mark.parametrize(
    ("kind", "hash_alg"),
    [
        ("first page", "sm3"),
        ("10 pages", "sha256"),
        ("1000 bits", "sm3"),
        ("dd", "sha256"),
        ("half", "sha256"),
    ],
)
def test_what_stands_on_whole_pages_is_saved(tmp_path: Path, kind: str, hash_alg: HashAlg) -> None:
    filled(tmp_path, ROWS, hash_alg).close()
    whole = damage_it(tmp_path, kind, 11)
    damaged = (tmp_path / "edge.db").read_bytes()
    store = open_store(tmp_path, hash_alg, ("county",))
    assert store.epoch_reason == "salvaged"
    saved = bodies(store.path)
    assert len(whole & set(saved)) >= SAVED_MIN * len(whole)
    opened = said(store)
    assert opened.set_aside
    assert (tmp_path / opened.set_aside).read_bytes() == damaged, "set aside as it was"
    assert opened.moved == len(saved) - 1
    missing = sum(last - first + 1 for first, last in opened.missing)
    assert missing == ROWS + 1 - opened.moved, "every number that is not here is told"
    assert chain_of_epoch(store) == store.tip.chain
    opening_lost = bool(opened.missing) and opened.missing[0][0] == 1
    assert store.take(intake(*range(ROWS))) == missing - opening_lost
    store.close()
    store = open_store(tmp_path, hash_alg, ("county",))
    assert store.epoch_reason is None, "once is enough"
    store.close()


def test_no_row_is_believed_that_does_not_fit_its_hash(tmp_path: Path) -> None:
    filled(tmp_path, 300).close()
    path = tmp_path / "edge.db"
    data = bytearray(path.read_bytes())
    data[:PAGE] = bytes(PAGE)
    name = list(bodies(path))[150].encode()
    at = data.index(b'"device_user_id":"7"', data.index(name))
    data[at + 18] = ord("8")
    path.write_bytes(data)
    store = open_store(tmp_path)
    assert name.decode() not in bodies(path)
    assert said(store).missing == ((151, 151),)
    store.close()


def test_the_wal_is_read_too(tmp_path: Path) -> None:
    store = filled(tmp_path, 300)
    ids = set(bodies(store.path))
    copies = tmp_path / "killed"
    copies.mkdir()
    for name in FILES[:2]:
        shutil.copy(tmp_path / name, copies / name)
    store.close()
    assert (copies / "edge.db-wal").stat().st_size > (copies / "edge.db").stat().st_size
    (copies / "edge.db").write_bytes(b"\xff" * 9000)
    saved = open_store(copies)
    assert ids <= set(bodies(saved.path))
    saved.close()


def test_confirmed_rows_stay_where_they_were_by_the_word_of_the_mark(tmp_path: Path) -> None:
    store = filled(tmp_path, 300)
    store.keep_receipt(ReceiptRow("county", 5, position(1, 200), RECEIVED))
    store.close()
    before, chains = bodies(tmp_path / "edge.db"), "SELECT position, chain FROM event WHERE position <= ?"
    with closing(sqlite.connect_writer(tmp_path / "edge.db")) as connection:
        sealed = connection.execute(chains, (position(1, 200),)).fetchall()
        connection.execute("UPDATE event SET chain = zeroblob(32) WHERE position = ?", (position(1, 50),))
    damage_it(tmp_path, "header", 1)
    store = open_store(tmp_path, confirm=("county",))
    after = bodies(store.path)
    with closing(sqlite.connect_reader(store.path)) as connection:
        assert connection.execute(chains, (position(1, 200),)).fetchall() == sealed, "the chain is mended"
    assert [name for name in before if after[name] == before[name]] == list(before)[:200]
    assert said(store).moved == 101
    with closing(store.reader()) as reader:
        assert reader.receipts()["county"].position == position(1, 200)
    store.close()


def test_emptied_rows_stay_empty_and_known(tmp_path: Path) -> None:
    store = filled(tmp_path, 900)
    store.keep_receipt(ReceiptRow("county", 5, position(1, 901), RECEIVED))
    store.take(intake(950))
    after = 0
    while after < position(1, 700):
        after, _ = store.empty("attendance", after, position(1, 700))
    store.close()
    with closing(sqlite.connect_reader(tmp_path / "edge.db")) as connection:
        stubs = "SELECT position, fact, hash, chain, size, emptied FROM event WHERE body IS NULL"
        before = connection.execute(stubs).fetchall()
    assert len(before) == 699
    damage_it(tmp_path, "header", 1)
    store = open_store(tmp_path, confirm=("county",))
    with closing(sqlite.connect_reader(store.path)) as connection:
        assert connection.execute(stubs).fetchall() == before
    assert store.take(intake(*range(900))) == 0
    store.close()


def test_a_stub_that_fits_no_neighbour_is_not_believed(tmp_path: Path) -> None:
    store = filled(tmp_path, 30)
    store.keep_receipt(ReceiptRow("county", 5, position(1, 31), RECEIVED))
    store.empty("attendance", 0, position(1, 31))
    alter = "UPDATE event SET hash = zeroblob(32) WHERE position = ?"
    store._writer.write(lambda ledger: ledger.connection.execute(alter, (position(1, 20),)).rowcount)
    store.close()
    damage_it(tmp_path, "header", 1)
    store = open_store(tmp_path, confirm=("county",))
    assert said(store).missing == ((20, 20),)
    store.close()


def test_long_bodies_are_followed_over_their_pages(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    data = msgspec.json.encode({"text": "长" * 9000})
    store.add(Draft("attendance.punch", "edge|x|long", "2026-11-20T08:00:00+08:00", data))
    store.close()
    before = bodies(tmp_path / "edge.db")
    damage_it(tmp_path, "header", 1)
    store = open_store(tmp_path)
    assert {event.id: bytes(event.data) for _, event in log(store)}.items() >= {
        (event.id, bytes(event.data))
        for event in (msgspec.json.decode(body, type=Event) for _, body in before.values())
    }
    store.close()


def test_what_is_kept_beside_the_log_is_saved(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    early = frozenset(draft.fact for draft in intake(1, 2).drafts)
    reject = Reject.record("impossible date", b"\x01\x02")
    until = "2026-11-20T12:00:00+08:00"
    store.take(intake(1, 2, 3, before=early, complete_until=until, rejects=(reject,)))
    store.close()
    damage_it(tmp_path, "header", 1)
    store = open_store(tmp_path)
    with closing(store.reader()) as reader:
        (row,) = reader.devices().values()
    assert (row.device_id, row.serial, row.stored, row.quarantined) == ("fp-1", "SN1", 1, 1)
    assert (row.cursor, row.complete_until) == (None, None), "terminals are read again in full"
    assert store.take(intake(1, 2, 3, rejects=(reject,))) == 0
    store.close()


def test_damage_in_a_large_database_is_found_beside_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "CHECKED_FIRST_BYTES", 0)
    monkeypatch.setattr(opening, "CHECKED_AFTER_S", 0.05)
    whole = filled(tmp_path, 2000)
    time.sleep(0.2)
    assert whole.damage == ""
    whole.close()
    damage_it(tmp_path, "1 page", 3)
    store = open_store(tmp_path)
    assert until(lambda: bool(store.damage), 20)
    store.close()
    monkeypatch.undo()
    store = open_store(tmp_path)
    assert store.epoch_reason == "salvaged"
    store.close()


def test_a_salvage_killed_anywhere_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path, 200).close()
    whole = damage_it(tmp_path, "header", 3)
    path, steps = tmp_path / "edge.db", ("_set_aside", "fill", "marks.take_place", "_forget_old")
    for step in steps:
        with monkeypatch.context() as killed:
            room = salvage.marks if "." in step else salvage
            name = step.rpartition(".")[2]
            killed.setattr(room, name, _killed(getattr(room, name), step == "_forget_old"))
            with pytest.raises(KeyboardInterrupt):
                open_store(tmp_path)
    store = open_store(tmp_path)
    assert whole - set(bodies(path)) == set()
    assert store.epoch_reason == "salvaged"
    assert len(list(tmp_path.glob("edge.db.corrupt-*"))) <= 3, "one file, with its WAL"
    assert marks.read_order(tmp_path) is None
    store.close()


def _killed(real: Callable[..., None], after: bool) -> Callable[..., None]:
    def step(*given: object) -> None:
        if after:
            real(*given)
        raise KeyboardInterrupt

    return step


def test_the_newest_three_damaged_files_are_kept(tmp_path: Path) -> None:
    for day in range(1, 6):
        for suffix in ("", "-wal", "-shm"):
            (tmp_path / f"edge.db.corrupt-2026110{day}T000000{suffix}").touch()
    salvage._forget_old(tmp_path / "edge.db")
    kept = {path.name.partition("T")[0] for path in tmp_path.iterdir()}
    assert kept == {f"edge.db.corrupt-2026110{day}" for day in (3, 4, 5)}
    assert len(list(tmp_path.iterdir())) == 9


def test_a_row_altered_on_disk_is_seen_when_it_is_read(tmp_path: Path) -> None:
    store = filled(tmp_path, 50)
    alter = "UPDATE event SET body = replace(body, 'check_in', 'break_in') WHERE position = ?"
    store._writer.write(lambda ledger: ledger.connection.execute(alter, (position(1, 20),)).rowcount)
    with closing(store.reader()) as reader, pytest.raises(sqlite.DatabaseError, match="malformed"):
        reader.after(0, 100)
    assert store.damage
    store.close()
    store = open_store(tmp_path)
    assert (store.epoch_reason, said(store).missing) == ("salvaged", ()), "the WAL holds an older image of it"
    assert not any(b"break_in" in bytes(event.data) for _, event in log(store))
    store.close()


def up(folder: Path) -> tuple[Store, float]:
    """The store once it is whole, and what its slowest start took.

    A bit turned in a text breaks no page: it is seen when the row is read, and the next start mends it.
    """
    slowest = 0.0
    while True:
        began = time.monotonic()
        store = open_store(folder)
        slowest = max(slowest, time.monotonic() - began)
        with closing(store.reader()) as reader, suppress(sqlite.DatabaseError):
            after = 0
            while rows := reader.after(after, 500):
                after = rows[-1].position
        if not store.damage:
            return store, slowest
        store.close()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_long_form_hundred_thousand_rows(tmp_path: Path) -> None:
    def at_scale() -> Verdict:
        took, shares = dict[str, float](), list[float]()
        (tmp_path / "whole").mkdir()
        store = open_store(tmp_path / "whole")
        for day in range(4):
            for start in range(0, 25_000, 500):
                store.take(intake(*range(start, start + 500), serial=f"SN{day}"))
        store.close()
        for kind in DAMAGES:
            folder = tmp_path / kind.replace(" ", "-")
            shutil.copytree(tmp_path / "whole", folder)
            whole = damage_it(folder, kind, 5)
            store, took[f"{kind}_max_s"] = up(folder)
            shares += [len(whole & set(bodies(store.path))) / len(whole)] if whole else []
            store.close()
            shutil.rmtree(folder)
        return Verdict(100_000, figures={**took, "whole_rows_saved_percent": 100 * min(shares)})

    verdict = report("G6 100,000 rows", at_scale)
    assert verdict.figures["whole_rows_saved_percent"] >= 100 * SAVED_MIN
    assert max(value for name, value in verdict.figures.items() if name.endswith("_max_s")) < 30


def test_damage_is_told_only_once_the_next_start_will_know_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, told = filled(tmp_path, 10), list[tuple[str, str]]()
    monkeypatch.setattr(
        "edge.store.marks.write_order", lambda _folder, order: told.append((store.damage, order.why))
    )
    store.damaged("page 7")
    store.damaged("page 8")
    assert (told, store.damage) == ([("", "page 7")], "page 7")
    store.close()
