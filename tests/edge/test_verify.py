"""Every way to touch the log is named with its first bad row; what the edge itself does to it is not."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from edge.contract import Receipt
from edge.payloads import HashAlg
from edge.proof import verify as room
from edge.proof.proof import Anchor, Bad, first_outside
from edge.proof.verify import NewerSchema, NoAnchor, OlderSchema, Report, brought_anchor, verify
from edge.store import FILE, ReceiptRow, Store, sqlite
from tests.store import forge
from tests.store.halls import intake, open_store

ROWS = 30
CONFIRMED = 20


def made(folder: Path, hash_alg: HashAlg = "sha256") -> Store:
    """A hall with ROWS numbers, of which upstream has confirmed CONFIRMED."""
    store = open_store(folder, hash_alg)
    store.take(intake(*range(1, CONFIRMED)))
    confirmed = store.tip
    head = confirmed.chain.hex()
    store.keep_receipt(ReceiptRow("county", 3, confirmed.position, "2026-11-20T12:00:00+08:00", head))
    store.take(intake(*range(CONFIRMED, ROWS)))
    assert (confirmed.sequence, store.tip.sequence) == (CONFIRMED, ROWS)
    return store


def shut(store: Store) -> None:
    """Close it, with nothing beside the database that bears witness."""
    store.close()
    store.path.with_name("epoch").unlink(missing_ok=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shut(made(tmp_path))
    return tmp_path


def head(folder: Path, number: int) -> Anchor:
    """What upstream would tell an auditor of a number, had it been asked now."""
    with closing(sqlite.connect_reader(folder / FILE)) as connection:
        (chain,) = connection.execute(
            "SELECT chain FROM event WHERE position = ?", (forge.at(number),)
        ).fetchone()
    return brought_anchor(f"{number}:{chain.hex()}")


def bad(report: Report) -> tuple[str, int]:
    assert report.bad is not None, report
    if report.bad.position > 0:
        assert report.bad.position & ((1 << 40) - 1) == report.bad.sequence
    return report.bad.fault, report.bad.sequence


@pytest.mark.parametrize("hash_alg", ["sha256", "sm3"])
def test_an_honest_log_is_whole_and_fits_its_receipt(tmp_path: Path, hash_alg: HashAlg) -> None:
    shut(made(tmp_path, hash_alg))
    report = verify(tmp_path, [head(tmp_path, 25)])
    assert report.bad is None
    assert (report.epochs[0].rows, report.epochs[0].hash_alg) == (ROWS, hash_alg)
    assert [(each.who, each.sequence, each.standing) for each in report.anchors] == [
        ("county", CONFIRMED, "fits"),
        ("--head", 25, "fits"),
    ]
    forge.edit(tmp_path, 10)
    assert bad(verify(tmp_path, [])) == ("edited", 10)


def stub(folder: Path, number: int, why: str = "purged") -> None:
    forge.sql(folder, f"UPDATE event SET body = NULL, size = 1, emptied = '{why}' WHERE position = @{number}")


def edited_and_hashed(folder: Path) -> None:
    forge.edit(folder, 10)
    with closing(sqlite.connect_writer(folder / FILE)) as connection:
        connection.create_function(
            "sha", 1, lambda body: __import__("hashlib").sha256(body.encode()).digest()
        )
        connection.execute("UPDATE event SET hash = sha(body) WHERE position = ?", (forge.at(10),))


def stub_with_another_hash(folder: Path) -> None:
    stub(folder, 10)
    forge.sql(folder, "UPDATE event SET hash = zeroblob(32) WHERE position = @10")


def stub_with_another_chain(folder: Path) -> None:
    stub(folder, 10, "erased")
    forge.sql(folder, "UPDATE event SET chain = zeroblob(32) WHERE position = @10")


def inserted_and_chained(folder: Path) -> None:
    forge.insert(folder, 10, "SN1|2026-11-20T08:00:00|9|0|attendance.punch")
    forge.forge_chain(folder, 10)


COPY = "SELECT {} , '{}', body, hash, chain, NULL, NULL FROM event WHERE position = @5"
TOUCHED: dict[str, tuple[Callable[[Path], object], str, int]] = {
    "an edited body": (lambda f: forge.edit(f, 10), "edited", 10),
    "an edited body with its hash": (edited_and_hashed, "chain", 10),
    "no JSON any more": (
        lambda f: forge.sql(f, "UPDATE event SET body = 'x' WHERE position = @10"),
        "edited",
        10,
    ),
    "no text any more": (
        lambda f: forge.sql(f, "UPDATE event SET body = CAST(x'ff00' AS TEXT) WHERE position = @10"),
        "edited",
        10,
    ),
    "a deleted row": (lambda f: forge.sql(f, "DELETE FROM event WHERE position = @10"), "gap", 10),
    "the first row deleted": (lambda f: forge.sql(f, "DELETE FROM event WHERE position = @1"), "gap", 1),
    "an inserted row": (lambda f: forge.insert(f, 10, "x|attendance.punch"), "foreign", 10),
    "an inserted row, chain made anew": (inserted_and_chained, "foreign", 10),
    "reordered rows": (lambda f: forge.swap(f, 10, 25), "foreign", 10),
    "another key": (
        lambda f: forge.sql(f, "UPDATE event SET fact = 'x' || fact WHERE position = @10"),
        "fact",
        10,
    ),
    "a stub with another hash": (stub_with_another_hash, "chain", 10),
    "a stub with another chain": (stub_with_another_chain, "chain", 10),
    "what is never emptied": (lambda f: stub(f, 1), "emptied", 1),
    "emptied for no reason we know": (lambda f: stub(f, 10, "because"), "emptied", 10),
    "an appended row": (
        lambda f: forge.sql(f, f"INSERT INTO event {COPY.format('@31', 'y')}"),
        "foreign",
        31,
    ),
    "a row before the first": (
        lambda f: forge.sql(f, f"INSERT INTO event {COPY.format('@0', 'y')}"),
        "nowhere",
        0,
    ),
    "a row of no epoch": (
        lambda f: forge.sql(f, f"INSERT INTO event {COPY.format(forge.at(1, 9), 'y')}"),
        "nowhere",
        1,
    ),
    "a cut tail": (lambda f: forge.sql(f, "DELETE FROM event WHERE position > @15"), "cut", 16),
    "everything": (lambda f: forge.sql(f, "DELETE FROM event", "DELETE FROM epoch"), "cut", 1),
    "two rows touched": (lambda f: (forge.edit(f, 22), forge.edit(f, 12)), "edited", 12),
}


@pytest.mark.parametrize("name", TOUCHED)
def test_the_first_bad_row_is_named(folder: Path, name: str) -> None:
    touch, fault, number = TOUCHED[name]
    touch(folder)
    assert bad(verify(folder, [])) == (fault, number)


def test_a_forger_who_makes_the_chain_anew_is_unmasked_by_an_anchor_alone(folder: Path) -> None:
    brought = head(folder, 18)
    forge.edit(folder, 10)
    forge.forge_chain(folder, 10)
    report = verify(folder, [head(folder, 5)])
    assert bad(report) == ("rewritten", CONFIRMED), "the head in the receipt differs"
    assert report.fits_up_to() == 5
    forge.sql(folder, "UPDATE receipt SET head = (SELECT lower(hex(chain)) FROM event WHERE position = @20 )")
    assert verify(folder, []).bad is None, "whoever forges the receipt as well shows only upstream"
    assert bad(verify(folder, [brought])) == ("rewritten", 18)


def test_an_anchor_beyond_our_end_or_of_another_database_is_told(folder: Path) -> None:
    assert bad(verify(folder, [Anchor("--head", "", 40, "00" * 32)])) == ("cut", 31)
    assert bad(verify(folder, [Anchor("--head", "elsewhere", 4, "00" * 32)]))[0] == "other_database"


def test_the_file_beside_the_database_is_an_anchor(folder: Path) -> None:
    now, mark = verify(folder, []), folder / "epoch"
    epoch = now.epochs[0].epoch
    county = {"epoch": epoch, "sequence": 12, "head": head(folder, 12).head}
    told = {"epoch": epoch, "sequence": 28, "head": head(folder, 28).head, "receipts": {"county": county}}
    mark.write_bytes(msgspec.json.encode(told))
    report = verify(folder, [])
    assert report.bad is None
    assert {(each.who, each.standing) for each in report.anchors} >= {
        ("epoch", "fits"),
        ("epoch county", "fits"),
    }
    forge.sql(folder, "DELETE FROM event WHERE position > @26", "DELETE FROM receipt")
    assert bad(verify(folder, [])) == ("cut", 27)
    mark.write_text("half a fi")
    assert verify(folder, []).bad is None, "without a witness the cut does not show"


@pytest.mark.parametrize(
    ("text", "anchor"),
    [
        ("12:" + "aB" * 32, Anchor("--head", "", 12, "ab" * 32)),
        ("e-1:12:" + "ab" * 32, Anchor("--head", "e-1", 12, "ab" * 32)),
        (
            msgspec.json.encode(Receipt(n=1, epoch="e", upto=3, head="cd")).decode(),
            Anchor("--head", "e", 3, "cd"),
        ),
        (
            '{"state":"ready","epoch":"e","version":"1","at":"","seq_head":7,"head":"ef"}',
            Anchor("--head", "e", 7, "ef"),
        ),
    ],
)
def test_an_anchor_is_read_from_what_upstream_has(text: str, anchor: Anchor) -> None:
    assert brought_anchor(text) == anchor


@pytest.mark.parametrize("text", ["", "12", "12:abc", "{}", "[]", "7", '{"upto":1}', "null"])
def test_what_is_no_anchor_is_refused(text: str) -> None:
    with pytest.raises(NoAnchor):
        brought_anchor(text)


def test_purged_and_erased_rows_are_counted_and_not_bad(folder: Path) -> None:
    for number in (3, 4, 12):
        stub(folder, number)
    stub(folder, 5, "erased")
    (epoch,) = verify(folder, []).epochs
    assert (epoch.purged, epoch.erased, epoch.rows) == (3, 1, ROWS)
    assert verify(folder, []).bad is None


def test_what_a_new_epoch_declares_is_no_tampering(folder: Path) -> None:
    forge.sql(folder, "DELETE FROM event WHERE position = @11", "DELETE FROM event WHERE position = @30")
    forge.new_epoch(folder, moved=range(21, 30), missing=((11, 11), (30, 30)))
    forge.new_epoch(folder, moved=[1, *range(3, 8)])
    report = verify(folder, [brought_anchor(f"{report_epoch(folder)}:{25}:{'00' * 32}")])
    assert report.bad is None, report.bad
    assert [epoch.declared for epoch in report.epochs] == [((11, 11), (21, 29)), ((1, 1), (3, 7)), ()]
    assert [each.standing for each in report.anchors if each.who == "--head"] == ["declared"]


def report_epoch(folder: Path) -> str:
    return verify(folder, []).epochs[0].epoch


@pytest.mark.parametrize(
    ("touch", "fault", "number"),
    [
        (lambda f: forge.sql(f, "DELETE FROM event WHERE position = @7"), "gap", 7),
        (lambda f: forge.sql(f, "DELETE FROM event WHERE position = @20"), "gap", 20),
        (lambda f: forge.edit(f, 15), "edited", 15),
        (lambda f: forge.sql(f, f"INSERT INTO event {COPY.format('@31', 'y')}"), "nowhere", 31),
        (lambda f: forge.sql(f, f"INSERT INTO event {COPY.format('@11', 'y')}"), "nowhere", 11),
        (lambda f: forge.sql(f, f"DELETE FROM event WHERE position = {forge.at(4, 2)}"), "gap", 4),
    ],
)
def test_what_no_epoch_declares_is(
    folder: Path, touch: Callable[[Path], object], fault: str, number: int
) -> None:
    forge.sql(folder, "DELETE FROM event WHERE position = @11")
    forge.new_epoch(folder, moved=range(21, 31), missing=((11, 11),))
    touch(folder)
    assert bad(verify(folder, [])) == (fault, number)


def test_the_chain_that_a_closed_epoch_ended_with_is_an_anchor(folder: Path) -> None:
    forge.new_epoch(folder)
    forge.edit(folder, 28)
    forge.forge_chain(folder, 28)
    report = verify(folder, [])
    assert bad(report) == ("rewritten", ROWS)
    assert report.fits_up_to() == CONFIRMED


def test_no_look_at_the_database_holds_up_the_writers_wal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "STEP", 4)
    store, held, more = made(tmp_path), [], iter(range(100, 200))

    def meanwhile(done: int, _total: int) -> None:
        store.take(intake(next(more)))
        with closing(sqlite.connect_writer(store.path)) as connection:
            held.append((done, connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()))

    report = verify(tmp_path, [], meanwhile)
    store.close()
    assert report.bad is None
    assert report.epochs[0].newest == ROWS, "what came meanwhile is for the next time"
    assert [done for done, _ in held] == [*range(4, ROWS, 4), ROWS]
    assert {result for _, result in held} == {(0, 0, 0)}


def test_a_damaged_file_is_told_as_a_bad_row(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.take(intake(*range(1, 500)))
    store.close()
    path = tmp_path / FILE
    content = bytearray(path.read_bytes())
    middle = content.find(b'"sequence":"00000000000000000250"') // 4096 * 4096
    content[middle : middle + 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    fault, number = bad(verify(tmp_path, []))
    assert fault == "unreadable"
    assert 230 < number <= 250


def test_a_database_of_another_schema_is_not_judged(folder: Path) -> None:
    forge.sql(folder, "PRAGMA user_version = 1")
    with pytest.raises(OlderSchema):
        verify(folder, [])
    forge.sql(folder, "PRAGMA user_version = 99")
    with pytest.raises(NewerSchema):
        verify(folder, [])


def test_which_number_no_range_holds() -> None:
    assert first_outside(3, 9, ((7, 20), (1, 4))) == 5
    assert first_outside(3, 9, ((3, 5), (6, 9))) is None
    assert first_outside(3, 9, ()) == 3
    assert Bad("e", 1, 2, "gap").detail == ""
