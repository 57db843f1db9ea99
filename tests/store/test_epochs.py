"""A database that is not the one upstream knows goes on under a new epoch: what moves, stays and is said."""

import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.contract import Event
from edge.events import digest_of, extend, genesis, own_event
from edge.payloads import Audit, EpochOpened, HashAlg
from edge.store import ReceiptRow, Store, Witness, epochs, marks, position, sqlite
from tests.store.halls import NOW, PLACE, intake, open_store

FILES = ("edge.db", "edge.db-wal", "edge.db-shm")
pytestmark = pytest.mark.usefixtures("one_process")
RECEIVED = "2026-11-20T12:00:00+08:00"


def log(store: Store) -> list[tuple[int, Event]]:
    with closing(store.reader()) as reader:
        rows = reader.after(0, 100_000)
    return [(row.position, msgspec.json.decode(row.body, type=Event)) for row in rows]


def said(store: Store) -> EpochOpened:
    """What the present epoch says of itself."""
    (body,) = (event for place, event in log(store) if place == position(store.tip.epoch_number, 1))
    return msgspec.json.decode(body.data, type=EpochOpened)


def facts(events: list[tuple[int, Event]]) -> dict[str, bytes]:
    return {event.id: bytes(event.data) for _, event in events if "epoch_opened" not in event.type}


def chain_of_epoch(store: Store) -> bytes:
    digest = digest_of(store.tip.hash_alg)
    chain = genesis(store.tip.epoch, digest)
    with closing(store.reader()) as reader:
        for row in reader.after(position(store.tip.epoch_number, 0), 100_000):
            chain = extend(chain, row.body.encode(), digest)[1]
    return chain


def confirm(store: Store, upto: int) -> None:
    store.keep_receipt(ReceiptRow("county", 1, position(store.tip.epoch_number, upto), RECEIVED))


def put_back(folder: Path, copy: Path) -> None:
    for name in FILES:
        (folder / name).unlink(missing_ok=True)
    shutil.copy(copy, folder / "edge.db")


def aged_copy(folder: Path, confirmed: int, hash_alg: HashAlg = "sha256") -> tuple[Path, str, str]:
    """A copy with 21 numbers, after which the hall gave 30 more; its epoch and its head."""
    store = open_store(folder, hash_alg, ("county",))
    store.take(intake(*range(19)))
    confirm(store, confirmed)
    audit = Audit(actor="lee", role="technician", action="look", target="edge", result="done")
    store.add(own_event("edge.audit", store.tip.epoch, "edge", 1, NOW, audit))
    epoch, head = store.tip.epoch, store.tip.chain.hex()
    store.close()
    shutil.copy(folder / "edge.db", folder / "copy")
    store = open_store(folder, hash_alg, ("county",))
    store.take(intake(*range(100, 130)))
    store.close()
    return folder / "copy", epoch, head


@pytest.mark.parametrize("hash_alg", ["sha256", "sm3"])
def test_an_older_copy_gives_no_number_again(tmp_path: Path, hash_alg: HashAlg) -> None:
    copy, epoch, head = aged_copy(tmp_path, 10, hash_alg)
    put_back(tmp_path, copy)
    with closing(sqlite.connect_reader(copy)) as connection:
        before = connection.execute("SELECT position, fact, body, hash, chain FROM event").fetchall()
    store = open_store(tmp_path, hash_alg, ("county",))
    assert (store.epoch_reason, store.inherited) == ("older_copy", False)
    assert said(store) == EpochOpened(
        reason="older_copy",
        hash_alg=hash_alg,
        previous=epoch,
        last_sequence=21,
        head=head,
        missing=((22, 51),),
        moved=11,
    )
    with closing(sqlite.connect_reader(store.path)) as connection:
        after = connection.execute("SELECT position, fact, body, hash, chain FROM event").fetchall()
    assert after[:10] == before[:10], "what is confirmed stays as it was"
    assert [row[1] for row in after[11:]] == [row[1] for row in before[10:]], "the same facts, own ones too"
    events = [msgspec.json.decode(row[2], type=Event) for row in after[10:]]
    assert [int(event.sequence) for event in events] == list(range(1, 13))
    assert {event.epoch for event in events} == {store.tip.epoch}
    old = [msgspec.json.decode(row[2], type=Event) for row in before[10:]]
    assert [(each.id, each.time, each.type, each.data) for each in events[1:]] == [
        (each.id, each.time, each.type, each.data) for each in old
    ]
    assert chain_of_epoch(store) == store.tip.chain
    assert store.take(intake(3, 15)) == 0, "what moved is still known"
    store.close()
    store = open_store(tmp_path, hash_alg, ("county",))
    assert (store.epoch_reason, store.tip.epoch_number) == (None, 2), "and that is all"
    store.close()


def test_whoever_waits_for_a_long_start_is_told(tmp_path: Path) -> None:
    copy, _epoch, _head = aged_copy(tmp_path, 10)
    put_back(tmp_path, copy)
    told: list[bool] = []
    store = Store(tmp_path, PLACE, "sha256", lambda: NOW, told=lambda: told.append(True))
    store.open()
    assert told
    store.close()


def test_a_database_as_new_as_its_mark_goes_on(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    store = open_store(tmp_path)
    store.take(intake(1, 2))
    store.renew_mark()
    store.take(intake(3))
    store._writer.stop()  # killed: the mark is older than the database
    store = Store(tmp_path / "other", PLACE, "sha256", lambda: NOW)
    shutil.copytree(tmp_path, tmp_path / "other", ignore=shutil.ignore_patterns("other", "edge.lock"))
    store.open()
    assert (store.epoch_reason, store.inherited, store.tip.sequence) == (None, True, 4)
    store.close()


def test_another_history_under_the_same_numbers_is_told(tmp_path: Path) -> None:
    copy, epoch, _head = aged_copy(tmp_path, 10)
    put_back(tmp_path, copy)
    (tmp_path / "epoch").rename(tmp_path / "kept")
    store = open_store(tmp_path, confirm=("county",))
    store.take(intake(*range(200, 260)))
    store.close()
    (tmp_path / "kept").rename(tmp_path / "epoch")
    store = open_store(tmp_path, confirm=("county",))
    assert store.epoch_reason == "older_copy"
    opened = said(store)
    assert (opened.previous, opened.last_sequence, opened.missing) == (epoch, 81, ((11, 51),))
    assert len(facts(log(store))) == 80
    store.close()


@pytest.mark.parametrize("empty", [True, False])
def test_a_database_that_is_gone_says_what_it_had(tmp_path: Path, empty: bool) -> None:
    _copy, epoch, _head = aged_copy(tmp_path, 10)
    for name in FILES:
        (tmp_path / name).unlink(missing_ok=True)
    if empty:
        (tmp_path / "edge.db").touch()
    store = open_store(tmp_path)
    opened = said(store)
    assert store.epoch_reason == opened.reason == ("salvaged" if empty else "new_database")
    assert (opened.previous, opened.last_sequence, opened.missing) == (epoch, 0, ((1, 51),))
    store.close()


def test_a_new_hall_says_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert said(store) == EpochOpened(reason="new_database", hash_alg="sha256")
    assert store.epoch_reason is None
    store.close()


def test_a_copy_from_before_the_present_epoch_is_told(tmp_path: Path) -> None:
    copy, _epoch, _head = aged_copy(tmp_path, 10)
    put_back(tmp_path, copy)
    second = open_store(tmp_path)
    epoch = second.tip.epoch
    second.take(intake(*range(300, 310)))
    second.close()
    put_back(tmp_path, copy)
    third = open_store(tmp_path)
    assert third.epoch_reason == "older_copy"
    assert (said(third).previous, said(third).missing) == (epoch, ((1, 32),))
    third.close()


def test_with_nobody_to_confirm_the_broker_decides(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.take(intake(*range(9)))
    store.keep_receipt(ReceiptRow("", 0, position(1, 4), RECEIVED))
    store.take(intake(9))
    store.leave_epoch(Witness(store.tip.epoch, 500))
    assert (said(store).moved, said(store).missing) == (7, ((12, 500),))
    assert [place for place, _ in log(store)][:4] == [position(1, number) for number in range(1, 5)]
    store.close()


def test_what_is_parked_stays_parked_under_its_new_number(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.take(intake(1, 2))
    park = "INSERT INTO parked (position, reason, since) VALUES (?, 'too large', 'now')"
    store._writer.write(lambda ledger: ledger.connection.execute(park, (position(1, 2),)).rowcount)
    ids = dict(log(store))
    store.leave_epoch(Witness(store.tip.epoch, 9))
    with closing(sqlite.connect_reader(store.path)) as connection:
        ((place,),) = connection.execute("SELECT position FROM parked").fetchall()
    assert dict(log(store))[place].id == ids[position(1, 2)].id
    store.close()


def test_a_move_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(tmp_path)
    store.take(intake(*range(5)))
    before, tip = log(store), store.tip
    monkeypatch.setattr(epochs, "CHUNK", 2)
    count = 0

    def full(row: Any, hash_alg: HashAlg) -> Any:
        nonlocal count
        count += 1
        if count == 4:
            raise sqlite.OperationalError("database or disk is full")
        return real(row, hash_alg)

    real = epochs._draft
    monkeypatch.setattr(epochs, "_draft", full)
    with pytest.raises(Exception, match="full"):
        store.leave_epoch(Witness(store.tip.epoch, 9))
    monkeypatch.undo()
    assert (log(store), store.tip) == (before, tip)
    assert store.take(intake(77)) == 1
    store.close()


def test_a_mark_that_cannot_be_read_proves_nothing(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    (tmp_path / "epoch").write_bytes(b"\xff{")
    assert marks.read_mark(tmp_path) is None
    store = open_store(tmp_path)
    assert store.epoch_reason is None
    store.close()
