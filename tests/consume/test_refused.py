"""What cannot be used: with a number it settles that and is told, without one it is garbage."""

import msgspec
import pytest

from edge.consume.read import BATCH_BYTES_MAX, DATA
from edge.consume.receipts import Receipts
from edge.contract import Receipt
from edge.events import event_type
from edge.payloads import EpochOpened
from tests.consume.hall import Hall, altered, receipt

HALL = Hall()


def test_unusable_event_settles_its_number_and_is_kept(ledger, books):
    bodies, _ = HALL.log(range(2))
    broken = [
        altered(bodies[1], time="yesterday"),
        altered(bodies[1], sequence=f"{3:020d}", data={"device_id": 5}),
        altered(bodies[1], sequence=f"{4:020d}", id=None),
    ]
    taken = ledger.take([HALL.one(bodies[0]), *map(HALL.one, broken)])
    assert len(taken.refused) == 3
    got = receipt(ledger)
    assert (got.upto, [refusal.sequence for refusal in got.refused]) == (4, [2, 3, 4])
    assert "$.time" in got.refused[0].reason
    assert books.rows("SELECT sequence, body FROM refused ORDER BY 1") == list(zip([2, 3, 4], broken))  # noqa: B905
    assert ledger.take([HALL.one(broken[0])]).refused == ()


def test_every_refusal_is_told_though_a_receipt_is_bounded(ledger):
    opening = HALL.log([])[0][0]
    bad = [altered(opening, sequence=f"{n:020d}", time="now") for n in range(2, 152)]
    ledger.take([HALL.one(opening), HALL.batch(bad)])
    pages = [[refusal.sequence for refusal in receipt(ledger).refused] for _ in range(4)]
    assert [len(page) for page in pages] == [64, 64, 22, 64]
    assert sum(pages[:3], []) == list(range(2, 152))


def test_opening_with_an_unknown_algorithm_is_refused_and_nothing_is_lost(ledger):
    bodies, _ = HALL.log(range(2))
    opening = altered(bodies[0], data={"reason": "new_database", "hash_alg": "crc32"})
    ledger.take([HALL.one(opening), *map(HALL.one, bodies[1:])])
    got = receipt(ledger)
    assert (got.upto, got.also, got.want, got.refused[0].sequence) == (0, ((1, 3),), (), 1)


def test_a_refused_event_that_has_become_usable_counts_and_is_refused_no_more(ledger, books, monkeypatch):
    bodies, _ = HALL.log(range(2))
    with monkeypatch.context() as patch:
        patch.setitem(DATA, event_type("attendance.punch"), msgspec.json.Decoder(EpochOpened))
        assert len(ledger.take([HALL.batch(bodies)]).refused) == 2
    assert len(ledger.take([HALL.one(bodies[1])]).events) == 1
    assert [refusal.sequence for refusal in receipt(ledger).refused] == [3]
    assert len(ledger.take([HALL.one(bodies[2])]).events) == 1
    assert receipt(ledger).refused == ()


def test_no_refusal_at_all_is_told_from_the_end_of_a_page(ledger):
    opening = HALL.log([])[0][0]
    ledger.take(
        [HALL.one(opening), *(HALL.one(altered(opening, sequence=f"{n:020d}", id="")) for n in range(2, 66))]
    )
    assert [len(receipt(ledger).refused) for _ in range(3)] == [64, 64, 64]


@pytest.mark.parametrize("refused", [1, 63, 64, 65, 128, 150])
def test_all_refusals_are_sent_and_then_no_more(ledger, refused):
    opening = HALL.log([])[0][0]
    bad = [altered(opening, sequence=f"{n:020d}", time="now") for n in range(2, 2 + refused)]
    ledger.take([HALL.one(opening), HALL.batch(bad)])
    sent: list[Receipt] = []

    def publish(_topic: str, payload: bytes) -> bool:
        sent.append(msgspec.json.decode(payload, type=Receipt))
        return True

    receipts = Receipts(ledger, publish, "count")
    for turn in range(20):
        receipts.turn(turn / 5)
    assert sorted(told.sequence for one in sent for told in one.refused) == list(range(2, 2 + refused))


GARBAGE = {
    "no JSON": HALL.one(b"\xff\xfe"),
    "empty": HALL.one(b""),
    "no object": HALL.one(b"[1]"),
    "deep": HALL.one(b"[" * 100_000),
    "no number": HALL.one(b'{"source": "/zwdt/330100/h1", "epoch": "e1"}'),
    "number 0": HALL.one(altered(HALL.log([])[0][0], sequence="0" * 20)),
    "number too large": HALL.one(altered(HALL.log([])[0][0], sequence="9" * 20)),
    "another hall's": Hall("h2").one(HALL.log([])[0][0]),
    "withheld opening": HALL.one(HALL.withheld(*HALL.log([]), 1)),
    "withheld without hash": HALL.one(HALL.withheld(*HALL.log([1]), 2).replace(b'"hash":"', b'"hash":"x')),
    "batch of nothing": (HALL.topic("evt-batch"), b"{"),
    "gzip cut": (HALL.topic("evt-batch"), HALL.batch(HALL.log(range(3))[0], packed=True)[1][:-9]),
    "gzip and more": (HALL.topic("evt-batch"), HALL.batch([], packed=True)[1] + b"x"),
    "gzip bomb": HALL.batch([b" " * BATCH_BYTES_MAX], packed=True),
    "foreign topic": ("zwdt/v1/330100/h1/cmd/x", b"{}"),
    "no hall's topic": ("zwdt/v1/a b/h1/evt/att", b"{}"),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_settles_nothing_and_is_kept_once(ledger, books, what):
    topic, payload = GARBAGE[what]
    assert [garbage.topic for garbage in ledger.take([GARBAGE[what]]).garbage] == [topic]
    assert ledger.take([GARBAGE[what]]).garbage == ()
    assert ledger.sources() == frozenset()
    assert ledger.counts()[""].refused == 2
    assert books.rows("SELECT length, body, ledger FROM refused") == [(len(payload), payload[:4096], None)]
