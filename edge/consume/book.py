"""The ledger of one source and epoch: which numbers are here, which are missing, the chain without a gap.

A number is settled by whatever bytes came first under it, usable or not. The chain grows only while there is
no gap; bodies above one wait. Without number 1, which names the algorithm, nothing is contiguous.
"""

from typing import Literal

from edge.consume.database import LedgerRow, Tables
from edge.consume.ranges import contains, gaps, insert
from edge.consume.read import Numbered
from edge.contract import Range
from edge.events import Digest, digest_of, extend, genesis

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

    @property
    def head(self) -> str:
        """Chain hash at `upto`, hex; "" at 0."""
        return self._head.hex() if self.upto else ""

    def gaps(self, sent_to: int) -> list[Range]:
        """The numbers missing below the newest received, or below `sent_to` if that is more."""
        return gaps(self.upto, self.above, sent_to)

    def settle(self, item: Numbered) -> Settled:
        """Enter a number; `save` follows at the end of the batch."""
        if item.sequence <= self.upto or contains(self.above, item.sequence):
            return "known" if self._same(item) else "conflict"
        if item.hash_alg is not None:
            self._hash_alg, self._digest = item.hash_alg, digest_of(item.hash_alg)
            self._head = genesis(self.epoch, self._digest)
        if item.sequence == self.upto + 1 and self._digest is not None:
            self._extend(item.body, self._digest)
            self._catch_up(self._digest)
        else:
            self._tables.wait(self.key, item.sequence, item.body)
            insert(self.above, item.sequence)
        return "new"

    def _same(self, item: Numbered) -> bool:
        if item.sequence > self.upto:
            kept = self._tables.waiting(self.key, item.sequence, item.sequence)
            return [item.body] == [body for _, body in kept]
        known = self._tables.body_hash(self.key, item.sequence)
        return self._digest is not None and known == self._digest(item.body)

    def _catch_up(self, digest: Digest) -> None:
        if not self.above or self.above[0][0] != self.upto + 1:
            return
        first, last = self.above.pop(0)
        for _, body in self._tables.waiting(self.key, first, last):
            self._extend(body, digest)
        self._tables.waited(self.key, last)

    def _extend(self, body: bytes, digest: Digest) -> None:
        body_hash, self._head = extend(self._head, body, digest)
        self.upto += 1
        self._tables.settle(self.key, self.upto, body_hash)

    def save(self) -> None:
        """Write down how far it is without a gap."""
        self._tables.save_ledger(LedgerRow(self.key, self.upto, self._head, self._hash_alg))
