"""The store: numbers without a gap, one fact one row, one commit for all of an emit, one owner."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from drivers.base import IntakeClosed, Reject
from edge.contract import Event
from edge.events import digest_of, extend, genesis
from edge.payloads import HashAlg
from edge.store import DatabaseNewer, Store, sqlite
from edge.store import intake as intake_room
from tests.hall import until
from tests.store.halls import intake, open_store


def rows(store: Store) -> list[Event]:
    with closing(store.reader()) as reader:
        return [msgspec.json.decode(row.body, type=Event) for row in reader.after(0, 100_000)]


@pytest.mark.parametrize("hash_alg", ["sha256", "sm3"])
def test_numbers_are_gap_free_and_the_chain_holds(tmp_path: Path, hash_alg: HashAlg) -> None:
    store = open_store(tmp_path, hash_alg)
    for start in range(0, 50, 10):
        assert store.take(intake(*range(start, start + 10))) == 10
    store.close()
    store = open_store(tmp_path, hash_alg)
    assert store.take(intake(50)) == 1
    digest = digest_of(hash_alg)
    with closing(store.reader()) as reader:
        bodies = [row.body for row in reader.after(0, 1000)]
        chain = genesis(store.tip.epoch, digest)
        for body in bodies:
            chain = extend(chain, body.encode(), digest)[1]
        assert reader.chain(store.tip.position) == chain == store.tip.chain
    events = [msgspec.json.decode(body, type=Event) for body in bodies]
    assert [int(event.sequence) for event in events] == list(range(1, 53))
    assert events[0].type == "cn.zwdt.edge.epoch_opened.v1"
    assert len({event.id for event in events}) == 52
    store.close()


def test_the_same_fact_is_stored_once_whatever_the_path(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert store.take(intake(1, 2, 2, 1)) == 2
    assert store.take(intake(2, 3)) == 1
    assert store.take(intake(1, 2, 3, device="same-terminal-other-name")) == 0
    assert store.take(intake(1, serial="SN2")) == 1
    store.close()


def test_a_second_look_with_nothing_new_writes_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.take(intake(*range(100)))
    wal = tmp_path / "edge.db-wal"
    before = (wal.stat().st_size, wal.read_bytes())
    assert store.take(intake(*range(100))) == 0
    assert (wal.stat().st_size, wal.read_bytes()) == before
    store.close()


def test_cursor_and_counts_are_of_the_same_commit(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.take(intake(1, 2, cursor="two"))
    store.close()
    store = open_store(tmp_path)
    assert store.cursor("fp-1") == "two"
    with closing(store.reader()) as reader:
        assert reader.devices()["fp-1"].stored == 2
    store.close()


def test_many_devices_share_commits_and_none_is_lost(tmp_path: Path) -> None:
    store = open_store(tmp_path)

    def feed(device: int) -> int:
        return sum(store.take(intake(n, device=f"d{device}", serial=f"SN{device}")) for n in range(25))

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(feed, range(16))) == 400
    events = rows(store)
    assert [int(event.sequence) for event in events] == list(range(1, 402))
    store.close()


def test_a_job_that_fails_takes_back_its_own_rows_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_room, "QUARANTINE_MAX", 1)
    store = open_store(tmp_path)
    store.take(intake(1, rejects=(Reject.record("bad date", b"one"),)))
    with pytest.raises(IntakeClosed, match="quarantine"):
        store.take(intake(2, rejects=(Reject.record("bad date", b"two"),)))
    assert store.take(intake(3)) == 1
    assert [int(event.sequence) for event in rows(store)] == [1, 2, 3]
    assert bytes(rows(store)[-1].data) == intake(3).drafts[0].data
    store.close()


def test_a_job_that_fails_in_a_group_costs_the_others_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_room, "QUARANTINE_MAX", 1)
    store = open_store(tmp_path)
    store.take(intake(1, rejects=(Reject.record("bad date", b"one"),)))
    release, held = threading.Event(), threading.Event()

    def hold(_ledger: object) -> None:
        held.set()
        release.wait(10)

    def feed(number: int) -> int | str:
        rejects = (Reject.record("bad date", b"two"),) if number == 4 else ()
        try:
            return store.take(intake(number, rejects=rejects))
        except IntakeClosed as error:
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        pool.submit(store._writer.write, hold)
        assert held.wait(5)
        waiting = [pool.submit(feed, number) for number in range(2, 8)]
        assert until(lambda: store._writer._jobs.qsize() + len(store._writer._left) == 6, 5)
        release.set()
        outcomes = [one.result(10) for one in waiting]
    assert [outcome for outcome in outcomes if outcome != 1] == [outcomes[2]]
    assert "quarantine" in str(outcomes[2])
    events = rows(store)
    assert [int(event.sequence) for event in events] == list(range(1, 8))
    kept = {bytes(event.data) for event in events[2:]}
    assert kept == {bytes(intake(number).drafts[0].data) for number in (2, 3, 5, 6, 7)}
    store.close()


def test_rejects_are_kept_once_with_their_bytes(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    reject = Reject.record("impossible date", b"\x01\x02")
    store.take(intake(1, rejects=(reject,)))
    store.take(intake(2, rejects=(reject, Reject.frame("unknown", b"maybe a photo"))))
    store.close()
    connection = sqlite.connect_reader(tmp_path / "edge.db")
    with closing(connection):
        kept = connection.execute("SELECT raw, length FROM quarantine ORDER BY id").fetchall()
    assert kept == [(b"\x01\x02", 2), (None, 13)]


def test_before_service_is_sorted_out_in_the_first_complete_read_only(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    early = frozenset(draft.fact for draft in intake(1, 2, 3).drafts)
    assert store.take(intake(1, 2, 10, before=early)) == 1
    assert store.take(intake(3, 11, before=early, complete_until="2026-11-20T12:00:00+08:00")) == 1
    late_found = intake(4, before=early | {intake(4).drafts[0].fact})
    assert store.take(late_found) == 1, "a record that first appears later is sent whatever date it bears"
    assert store.take(intake(1, 2, 3)) == 0, "what was sorted out stays a duplicate"
    store.close()


def test_the_watermark_rides_in_the_next_commit(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.take(intake(1, complete_until="2026-11-20T09:00:00+08:00"))
    assert store.complete_until("fp-1") == "2026-11-20T09:00:00+08:00"
    store.close()
    store = open_store(tmp_path)
    assert store.complete_until("fp-1") == "2026-11-20T09:00:00+08:00"
    store.close()


def test_copies_of_one_record_are_a_counter(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    draft = msgspec.structs.replace(intake(1).drafts[0], copies=2)
    assert store.take(intake_room.Intake("fp-1", "SN1", (draft,), "c")) == 1
    store.close()
    with closing(sqlite.connect_reader(tmp_path / "edge.db")) as connection:
        assert connection.execute("SELECT copies FROM copies").fetchall() == [(2,)]


def test_a_second_instance_is_refused_with_the_owners_pid(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    code = (
        "from tests.store.halls import open_store; from pathlib import Path; import sys\n"
        "from edge.store import SecondInstance\n"
        "try: open_store(Path(sys.argv[1]))\n"
        "except SecondInstance as error: print(error.pid)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == str(os.getpid())
    store.close()
    open_store(tmp_path).close()


def test_a_newer_database_is_refused_untouched(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    path = tmp_path / "edge.db"
    with closing(sqlite.connect_writer(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.read_bytes()
    with pytest.raises(DatabaseNewer, match="99"):
        open_store(tmp_path)
    assert path.read_bytes() == before


def test_after_a_failed_commit_everyone_waiting_is_told_and_the_numbers_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    store.take(intake(1))
    fail = threading.Event()
    fail.set()
    real = intake_room.take

    def broken(ledger: object, wanted: object) -> int:
        if fail.is_set():
            raise sqlite.OperationalError("database or disk is full")
        return real(ledger, wanted)  # type: ignore[arg-type]

    monkeypatch.setattr("edge.store.take", broken)
    with pytest.raises(IntakeClosed, match="full"):
        store.take(intake(2))
    fail.clear()
    assert store.take(intake(2)) == 1
    assert [int(event.sequence) for event in rows(store)] == [1, 2, 3]
    store.close()


def test_readers_cannot_write(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with closing(sqlite.connect_reader(store.path)) as connection, pytest.raises(sqlite.OperationalError):
        connection.execute("DELETE FROM event")
    store.close()


def test_durability_pragmas_of_the_writer(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    seen = store._writer.write(
        lambda ledger: [
            ledger.connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
    )
    assert seen == ["wal", 2]
    store.close()
