"""What a database cannot keep never holds up its batch: it is refused or garbage, once, and the rest counts.

NUL in PostgreSQL's text, ids longer than its index takes, numbers beyond 64 bits.
"""

import msgspec
import pytest

from edge.consume.read import EPOCH_MAX, ID_MAX, TOPIC_MAX
from tests.consume.hall import Hall, altered, receipt

HALL = Hall()
BODIES, HEADS = HALL.log(range(3))
LONG = "".join(chr(0x4E00 + n % 5000) for n in range(20_000))  # does not shrink


def word(**changes: object) -> bytes:
    """Word of number 3, altered."""
    told = msgspec.json.decode(HALL.withheld(BODIES, HEADS, 3))
    return msgspec.json.encode(told | {"data": told["data"] | changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "a\0b"},
        {"id": "\0"},
        {"id": LONG},
        {"id": "i" * (ID_MAX + 1)},
        {"type": "cn.zwdt.tea\0served.v1", "data": {}},
        {"time": "2026-11-22\x0009:00:00+08:00"},
        {"data": {"punch_state": "\0"}},
    ],
    ids=lambda changes: ascii(changes)[:40],
)
def test_an_event_that_cannot_be_kept_is_refused_and_settles_its_number(ledger, books, changes):
    other = altered(BODIES[2], **changes)
    taken = ledger.take([HALL.batch([*BODIES[:2], other, BODIES[3]])])
    assert ([item.sequence for item in taken.refused], len(taken.events)) == ([3], 3)
    assert [refusal.sequence for refusal in receipt(ledger).refused] == [3]
    assert receipt(ledger).upto == 4
    assert books.rows("SELECT sequence, body FROM refused") == [(3, other)]
    assert ledger.take([HALL.one(other)]).refused == ()


@pytest.mark.parametrize("extra", [{"data": {"cups": "a\0b"}}, {"id": "i" * ID_MAX}, {"id": LONG[:ID_MAX]}])
def test_what_can_be_kept_counts(ledger, books, extra):
    newer = altered(BODIES[1], **{"type": "cn.zwdt.tea.served.v1", "data": {}} | extra)
    assert len(ledger.take([HALL.batch([BODIES[0], newer])]).events) == 2
    assert books.rows("SELECT body FROM events ORDER BY sequence DESC LIMIT 1") == [(newer.decode(),)]


GARBAGE = {
    "NUL in the epoch": HALL.one(altered(BODIES[1], epoch="e\0")),
    "NUL in the source": HALL.one(altered(BODIES[1], source="/zwdt/330100/h\0")),
    "NUL in the topic": (HALL.topic("evt", "att") + "\0", BODIES[1]),
    "NUL in the hall": ("zwdt/v1/330100/h\x001/evt/att", BODIES[1]),
    "long topic": (f"zwdt/v1/330100/h1/evt/{LONG}", BODIES[1]),
    "long unknown topic": (LONG, BODIES[1]),
    "NUL in a withheld id": HALL.one(word(event_id="a\0")),
    "no withheld id": HALL.one(word(event_id="")),
    "long withheld id": HALL.one(word(event_id=LONG)),
    "NUL in a withheld type": HALL.one(word(event_type="a\0")),
    "NUL in a withheld detail": HALL.one(word(detail="a\0")),
    "withheld with too many bytes": HALL.one(word(size=1 << 70)),
    "withheld with fewer than none": HALL.one(word(size=-1)),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_what_cannot_be_kept_and_has_no_number_is_garbage(ledger, books, what):
    taken = ledger.take([HALL.batch(BODIES[:2]), GARBAGE[what], HALL.one(BODIES[3])])
    assert (len(taken.garbage), len(taken.events), taken.refused) == (1, 3, ())
    assert len(taken.garbage[0].topic) <= TOPIC_MAX
    assert ledger.take([GARBAGE[what]]).garbage == ()
    assert (receipt(ledger).upto, receipt(ledger).want) == (2, ((3, 3),))
    assert books.rows("SELECT ledger, body FROM refused") == [(None, GARBAGE[what][1][:4096])]


@pytest.mark.parametrize(
    "state",
    [
        HALL.state("e\0"),
        HALL.state("e" * (EPOCH_MAX + 1)),
        HALL.state(sent_to=1 << 70),
        HALL.state(sent_to=-1),
    ],
)
def test_a_state_that_cannot_be_kept_says_nothing(ledger, state):
    taken = ledger.take([state, HALL.batch(BODIES)])
    assert (len(taken.events), taken.garbage) == (4, ())
    assert (receipt(ledger).epoch, receipt(ledger).upto, receipt(ledger).want) == ("e1", 4, ())
