"""Which receipt is obeyed, which is none of ours, and which proves that our database is an older copy."""

import msgspec
import pytest

from edge.contract import Receipt
from edge.store import position
from edge.uplink.receipts import Contradicts, OtherDatabase, Unfit, fit

EPOCHS = {"before": 1, "now": 2}
NEWEST = position(2, 10)


def chain(place: int) -> bytes | None:
    return place.to_bytes(8) if place in {position(1, 3), *(position(2, n) for n in range(1, 11))} else None


def heard(upto: int, epoch: str = "now", head: str = "", **rest: object) -> bytes:
    ours = (chain(position(EPOCHS.get(epoch, 9), upto)) or b"").hex()
    return msgspec.json.encode(Receipt(n=1, epoch=epoch, upto=upto, head=head or ours, **rest))  # type: ignore[arg-type]


def test_a_receipt_of_our_chain_is_obeyed() -> None:
    assert fit(heard(10), EPOCHS, chain, NEWEST).upto == NEWEST
    assert fit(heard(4, also=((6, 10),)), EPOCHS, chain, NEWEST).also == ((position(2, 6), NEWEST),)


@pytest.mark.parametrize(
    ("payload", "reached", "forked"),
    [
        (heard(11, head="ab"), 11, False),
        (heard(5, also=((7, 12),)), 12, False),
        (heard(9, head="ab"), 9, True),
        (heard(9, head="ab", also=((11, 40),)), 40, True),
    ],
)
def test_numbers_that_are_not_ours_contradict(payload: bytes, reached: int, forked: bool) -> None:
    with pytest.raises(Contradicts) as told:
        fit(payload, EPOCHS, chain, NEWEST)
    assert (told.value.reached, told.value.forked) == (reached, forked)


@pytest.mark.parametrize("payload", [b"{", heard(3, also=((3, 5),)), heard(3, also=((6, 5),))])
def test_nonsense_proves_nothing(payload: bytes) -> None:
    with pytest.raises(Unfit) as told:
        fit(payload, EPOCHS, chain, NEWEST)
    assert not isinstance(told.value, Contradicts)


@pytest.mark.parametrize("payload", [heard(7, "before", "ab"), heard(1, "elsewhere", "ab")])
def test_an_epoch_that_is_over_proves_nothing(payload: bytes) -> None:
    with pytest.raises(OtherDatabase):
        fit(payload, EPOCHS, chain, NEWEST)
