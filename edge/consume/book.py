"""The ledger of one source and epoch: which numbers are here, which are missing, the chain without a gap.

A number is settled by whatever bytes came first under it, usable or not, or by word that its event is
withheld, which tells their hash. The chain grows only while there is no gap; what is above one waits.
Without number 1, which names the algorithm, nothing is contiguous.
"""

from typing import Literal

from edge.consume.database import HASH_BYTES, LedgerRow, Link, Tables
from edge.consume.ranges import contains, gaps, insert
from edge.consume.read import Numbered
from edge.contract import Range
from edge.events import Digest, digest_of, genesis

Settled = Literal["new", "known", "conflict"]
"""A number is new, or here with the same bytes, or here with others (the first ones stay)."""


class Book:
    """One ledger over its tables, loaded or begun. Changes reach the tables in the caller's transaction."""

    def __init__(self, tables: Tables, source: str, epoch: str) -> None:
        row = tables.ledger(source, epoch)
        self.begun = row is None
        if row is None:
            row = LedgerRow(tables.add_ledger(source, epoch), 0, b"", None)
        self._tables = tables
        self.key, self.upto, self._head, self._hash_alg = row
        self._digest: Digest | None = digest_of(row.hash_alg) if row.hash_alg else None
        self.epoch = epoch
        self.above = tables.islands(self.key)
        """Numbers received beyond a gap."""
        self._fresh: list[bytes] = []
        """The hashes of the numbers up to `upto` that are not written down yet."""
        self._run = (1, b"")
        """The first number and the hashes of the run that was looked into last."""
        self.given_up: list[int] = []
        """Numbers whose withholding did not fit the chain when it came to them: they are missing again."""
        self._parked: list[Range] | None = None

    @property
    def head(self) -> str:
        """Chain hash at `upto`, hex; "" at 0."""
        return self._head.hex() if self.upto else ""

    def parked(self) -> list[Range]:
        """The numbers of which only word is here: their events are parked at the edge."""
        if self._parked is None:
            self._parked = []
            for sequence in self._tables.parked(self.key):
                insert(self._parked, sequence)
        return self._parked

    def forget_parked(self) -> None:
        """It has changed."""
        self._parked = None

    def gaps(self, sent_to: int) -> list[Range]:
        """The numbers missing below the newest received, or below `sent_to` if that is more."""
        return gaps(self.upto, self.above, sent_to)

    def settle(self, item: Numbered) -> Settled:
        """Enter a number; `save` follows at the end of the batch."""
        if item.sequence == self.upto + 1 and item.event and self._digest and not self.above:
            self._grow(self._digest(item.body), self._digest)
            return "new"
        link = _link(item)
        if item.sequence <= self.upto or contains(self.above, item.sequence):
            return "known" if self._same(item.sequence, link) else "conflict"
        if item.hash_alg is not None:
            self._hash_alg, self._digest = item.hash_alg, digest_of(item.hash_alg)
            self._head = genesis(self.epoch, self._digest)
        if item.sequence == self.upto + 1 and self._digest is not None:
            if not self._extend(link, self._digest):
                return "conflict"
            self._catch_up(self._digest)
        else:
            self._tables.wait(self.key, item.sequence, link)
            insert(self.above, item.sequence)
        return "new"

    def _same(self, sequence: int, link: Link) -> bool:
        if sequence > self.upto:
            ((_, kept),) = self._tables.waiting(self.key, sequence, sequence)
            return self._alike(kept, link)
        return self._digest is not None and self._settled(sequence) == _hash(link, self._digest)

    def _settled(self, sequence: int) -> bytes:
        """The hash of a number of the chain."""
        at = sequence - self.upto + len(self._fresh) - 1
        if at >= 0:
            return self._fresh[at]
        start = (sequence - self._run[0]) * HASH_BYTES
        if not 0 <= start < len(self._run[1]):
            self._run = self._tables.hashes(self.key, sequence)
            start = (sequence - self._run[0]) * HASH_BYTES
        return self._run[1][start : start + HASH_BYTES]

    def _alike(self, kept: Link, link: Link) -> bool:
        """Whether both are of one event; believed where it cannot be told without the algorithm."""
        if kept.hash is None and link.hash is None:
            return kept.body == link.body
        if self._digest is None:
            return None in (kept.hash, link.hash) or kept.hash == link.hash
        return _hash(kept, self._digest) == _hash(link, self._digest)

    def _catch_up(self, digest: Digest) -> None:
        if not self.above or self.above[0][0] != self.upto + 1:
            return
        first, last = self.above.pop(0)
        for sequence, link in self._tables.waiting(self.key, first, last):
            if not self._extend(link, digest):
                self.given_up.append(sequence)
                self.above[:0] = [(sequence + 1, last)] if sequence < last else []
                last = sequence
                break
        self._tables.waited(self.key, last)

    def _extend(self, link: Link, digest: Digest) -> bool:
        """Settle the next number; False where a withheld one does not fit the chain."""
        body_hash = _hash(link, digest)
        if link.chain not in (None, digest(self._head + body_hash)):
            return False
        self._grow(body_hash, digest)
        return True

    def _grow(self, body_hash: bytes, digest: Digest) -> None:
        self._head = digest(self._head + body_hash)
        self._fresh.append(body_hash)
        self.upto += 1

    def save(self) -> None:
        """Write down how far it is without a gap."""
        if self._fresh:
            self._tables.settle(self.key, self.upto - len(self._fresh) + 1, b"".join(self._fresh))
        self._fresh, self._run = [], (1, b"")
        self._tables.save_ledger(LedgerRow(self.key, self.upto, self._head, self._hash_alg))


def _link(item: Numbered) -> Link:
    if item.withheld is None:
        return Link(item.body)
    return Link(item.body, bytes.fromhex(item.withheld.hash), bytes.fromhex(item.withheld.chain))


def _hash(link: Link, digest: Digest) -> bytes:
    return digest(link.body) if link.hash is None else link.hash
