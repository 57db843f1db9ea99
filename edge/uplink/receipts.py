"""Whether a receipt may be obeyed: it must speak of our chain. Pure; the store is asked through arguments."""

from collections.abc import Callable, Mapping

import msgspec

from edge.contract import UNREADABLE, Receipt
from edge.store import epoch_of, position
from edge.uplink.confirmations import Fitting

REASON_MAX = 200
"""Characters kept of why an application cannot use an event."""


class Unfit(Exception):
    """The receipt does not fit our chain: nothing is retired, and a person is told."""


class OtherDatabase(Exception):
    """The receipt speaks of an epoch that is closed: of another database, or of ours before this epoch."""


class Contradicts(Unfit):
    """It speaks of our present epoch and holds numbers up to `reached` that are not those of this database.

    forked: one of them stands here too, and is another.
    """

    def __init__(self, text: str, reached: int, *, forked: bool) -> None:
        super().__init__(text)
        self.reached, self.forked = reached, forked


def fit(
    payload: bytes, epochs: Mapping[str, int], chain: Callable[[int], bytes | None], newest: int
) -> Fitting:
    """Decode and check a receipt; Unfit, Contradicts or OtherDatabase.

    chain: our chain hash at a position. newest: position of our newest event; nobody can hold more.
    """
    try:
        receipt = msgspec.json.decode(payload, type=Receipt)
    except UNREADABLE as error:
        raise Unfit(str(error)) from error
    number = epochs.get(receipt.epoch)
    if number is None:
        raise OtherDatabase(receipt.epoch)
    upto = position(number, receipt.upto)
    ours = chain(upto) if receipt.upto else b""
    reached = max([receipt.upto, *(last for _first, last in receipt.also)])
    if ours is None or ours.hex() != receipt.head:
        why = f"{receipt.upto} with head {receipt.head[:16]!r} is not in our chain"
        raise _unfit(why, number, reached, newest, forked=ours is not None)
    also = [(position(number, first), position(number, last)) for first, last in receipt.also]
    want = [(position(number, first), position(number, last)) for first, last in receipt.want if first > 0]
    word = [(position(number, first), position(number, last)) for first, last in receipt.withheld]
    if not all(upto < first <= last <= newest for first, last in also):
        why = f"what it holds above {receipt.upto} is not in our log: {receipt.also}"
        raise _unfit(why, number, reached, newest) if position(number, reached) > newest else Unfit(why)
    refused = tuple((position(number, each.sequence), each.reason[:REASON_MAX]) for each in receipt.refused)
    if any(chain(place) is None for place, _reason in refused):
        raise Unfit("what it refuses is not in our log")
    return Fitting(receipt.n, upto, tuple(also), tuple(want), refused, receipt.head, tuple(word))


def _unfit(
    why: str, number: int, reached: int, newest: int, *, forked: bool = False
) -> Unfit | OtherDatabase:
    """A receipt of an epoch that is over proves nothing: what it did not retire was sent again since."""
    if number != epoch_of(newest):
        return OtherDatabase(why)
    return Contradicts(why, reached, forked=forked)
