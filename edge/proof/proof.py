"""Whether the log is as it was written, and the first row that is not. Pure: rows in order go in.

A row's `hash` is of its body, its `chain` of the chain before it and that hash; its body bears its number,
its id is a function of its fact. A stub has no body to look at: hash and chain stand for it. Numbers may be
absent only where a later epoch declares it. Whoever makes all hashes anew is unmasked by an anchor alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from edge.contract import UNREADABLE
from edge.events import digest_of, event_id, genesis
from edge.payloads import HashAlg
from edge.store import SealedRow, epoch_of, position, sequence_of

Fault = Literal[
    "edited",
    "gap",
    "foreign",
    "chain",
    "fact",
    "emptied",
    "nowhere",
    "unreadable",
    "cut",
    "rewritten",
    "other_database",
]
"""What can be wrong; each has a text `tamper.*` in `edge/words/__init__.py`."""
Standing = Literal["fits", "reached", "declared", "cut", "rewritten", "other_database"]
"""What became of an anchor; reached: its number is here, its head was not kept; declared: a later epoch says
that its number is not here."""

KEPT_FOR_EVER = b"|edge."
MISSING_MAX = 500
"""From so many ranges on, the last one an epoch declares may cover rows that are here."""


class Bad(msgspec.Struct, frozen=True):
    """The first row that is wrong, or the first number where one ought to be."""

    epoch: str
    sequence: int
    position: int
    fault: Fault
    detail: str = ""


class Anchor(msgspec.Struct, frozen=True):
    """A number and the chain there (hex, "" = not known), as `who` saw it when it was so."""

    who: str
    epoch: str
    sequence: int
    head: str


class _Borne(msgspec.Struct):
    """What a body says of its own place."""

    id: str
    sequence: str
    epoch: str


_BORNE = msgspec.json.Decoder(_Borne)


class Close(msgspec.Struct, frozen=True):
    """What later epochs say of one that has ended.

    last: its newest number then, where that is known. missing: numbers that were not here.
    moved: rows went to a later epoch, and no more numbers are absent than those count for.
    """

    last: int | None = None
    missing: tuple[tuple[int, int], ...] = ()
    moved: bool = False


class Chain:
    """One epoch, walked row by row; `close` is None while it is the newest."""

    def __init__(self, number: int, epoch: str, hash_alg: HashAlg, close: Close | None = None) -> None:
        self.number, self.epoch, self.hash_alg, self.close = number, epoch, hash_alg, close
        self.rows = self.newest = 0
        self.emptied = {"purged": 0, "erased": 0}
        self.declared: list[tuple[int, int]] = []
        """Numbers that are absent, as a later epoch says."""
        self._digest = digest_of(hash_alg)
        self._value: bytes | None = genesis(epoch, self._digest)

    def check(self, row: SealedRow) -> Bad | None:
        """Take the next row; what is wrong with it or before it."""
        number = sequence_of(row.position)
        if number > self.newest + 1 and (bad := self._absent(self.newest + 1, number - 1)):
            return bad
        if number == 0 or self._has_no_place(number):
            return self._bad(number, "nowhere")
        digest, value = self._digest, self._value
        bad = self._stub(row, number) if row.body is None else self._body(row, number, row.body)
        if bad is None and value is not None and digest(value + row.hash) != row.chain:
            bad = self._bad(number, "chain")
        self.rows, self.newest, self._value = self.rows + 1, number, row.chain
        return bad

    def end(self) -> Bad | None:
        """No row follows: what ought to."""
        last = self.close.last if self.close else 1
        return self._absent(self.newest + 1, last) if last and self.newest < last else None

    def _body(self, row: SealedRow, number: int, body: bytes) -> Bad | None:
        try:
            borne = _BORNE.decode(body)
        except UNREADABLE:
            return self._bad(number, "edited")
        if borne.sequence != f"{number:020d}" or borne.epoch != self.epoch:
            return self._bad(number, "foreign", f"{borne.epoch} #{borne.sequence.lstrip('0')}")
        if self._digest(body) != row.hash:
            return self._bad(number, "edited")
        if borne.id != event_id(row.fact.decode(errors="replace")):
            return self._bad(number, "fact")
        return None

    def _stub(self, row: SealedRow, number: int) -> Bad | None:
        why = row.emptied or "purged"
        if why not in self.emptied or KEPT_FOR_EVER in row.fact:
            return self._bad(number, "emptied", why)
        self.emptied[why] += 1
        return None

    def _has_no_place(self, number: int) -> bool:
        close = self.close
        if close is None:
            return False
        beyond = close.last is not None and number > close.last
        return beyond or any(low <= number <= high for low, high in close.missing[: MISSING_MAX - 1])

    def _absent(self, first: int, last: int) -> Bad | None:
        """These numbers are not here; a fault unless a later epoch accounts for them."""
        close = self.close or Close()
        undeclared = first_outside(first, last, close.missing)
        if undeclared is not None and not close.moved:
            return self._bad(undeclared, "gap", f"{undeclared}–{last}" if last > undeclared else "")
        self.declared.append((first, last))
        self.newest, self._value = last, None
        return None

    def _bad(self, number: int, fault: Fault, detail: str = "") -> Bad:
        return Bad(self.epoch, number, position(self.number, number), fault, detail)


class Log:
    """All epochs of a database, in order."""

    def __init__(self, chains: Sequence[Chain]) -> None:
        self.chains, self._at = chains, 0

    def check(self, row: SealedRow) -> Bad | None:
        """Take the next row of the database."""
        number = epoch_of(row.position)
        while self._at < len(self.chains) and self.chains[self._at].number < number:
            if bad := self.chains[self._at].end():
                return bad
            self._at += 1
        if self._at == len(self.chains) or self.chains[self._at].number != number:
            return Bad("", sequence_of(row.position), row.position, "nowhere")
        return self.chains[self._at].check(row)

    def end(self) -> Bad | None:
        """No row follows."""
        if not self.chains:
            return Bad("", 1, position(1, 1), "cut")
        return next(filter(None, (chain.end() for chain in self.chains[self._at :])), None)


def first_outside(first: int, last: int, ranges: Iterable[tuple[int, int]]) -> int | None:
    """The first of `first`..`last` that lies in none of the ranges."""
    for low, high in sorted(ranges):
        if low <= first <= high:
            first = high + 1
    return first if first <= last else None


def compare(
    anchor: Anchor, chains: Mapping[str, Chain], value: Callable[[int], bytes | None]
) -> tuple[Standing, Bad | None]:
    """Hold our log against what somebody saw of it. value: our chain at a position."""
    chain = chains.get(anchor.epoch)
    if chain is None:
        return "other_database", Bad(anchor.epoch, anchor.sequence, 0, "other_database", anchor.who)
    place = position(chain.number, anchor.sequence)
    ours = value(place)
    if ours is None and chain.close is not None:
        return "declared", None
    if ours is None:
        cut = position(chain.number, chain.newest + 1)
        return "cut", Bad(anchor.epoch, chain.newest + 1, cut, "cut", f"{anchor.who} #{anchor.sequence}")
    if anchor.head and ours.hex() != anchor.head:
        return "rewritten", Bad(anchor.epoch, anchor.sequence, place, "rewritten", anchor.who)
    return "fits" if anchor.head else "reached", None
