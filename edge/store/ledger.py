"""The numbers: which sequence is next, and the chain up to it. Lives inside the writer's transaction.

`Ledger.add` is the only place where an event gets a number; it keeps (epoch, sequence) gap-free because
number and row come and go together: the writer restores `tip` whenever it rolls back.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from edge.events import Draft, Place, digest_of, genesis, seal
from edge.payloads import HashAlg
from edge.store import schema
from edge.store.sqlite import Connection
from edge.urgency import urgent


@dataclass(frozen=True, slots=True)
class Tip:
    """The newest number of the log and the chain there. `epoch_number` counts epochs of this database.

    urgent: positions of the urgent events that the commit brought.
    """

    epoch_number: int
    epoch: str
    hash_alg: HashAlg
    sequence: int
    chain: bytes
    urgent: tuple[int, ...] = ()

    @property
    def position(self) -> int:
        """Of the newest event."""
        return schema.position(self.epoch_number, self.sequence)


ANY_HELD = (
    "SELECT EXISTS (SELECT 1 FROM event WHERE fact BETWEEN ?1 AND ?2)"
    " OR EXISTS (SELECT 1 FROM known WHERE fact BETWEEN ?1 AND ?2)"
)


class Ledger:
    """Numbers drafts into rows of `event`, on the writer's connection, inside its transaction.

    own: what becomes of an event of the edge itself at the moment it is stored.
    """

    def __init__(
        self,
        connection: Connection,
        place: Place,
        tip: Tip,
        now: Callable[[], datetime],
        own: Callable[[Draft], Draft] = lambda draft: draft,
    ) -> None:
        self.connection = connection
        self.place = place
        self.tip = tip
        self.now = now
        self._own = own

    def held(self, facts: Sequence[str]) -> set[str]:
        """Which of these facts are stored, or known from before the terminal's service.

        Facts of one emit stand together in the index: two looks tell that a first read finds nothing there.
        """
        if not facts:
            return set()
        bounds = (min(facts), max(facts))
        (any_held,) = self.connection.execute(ANY_HELD, bounds).fetchone()
        if not any_held:
            return set()
        rows = self.connection.execute(
            "SELECT asked.value FROM json_each(?) AS asked"
            " WHERE EXISTS (SELECT 1 FROM event WHERE fact = asked.value)"
            " OR EXISTS (SELECT 1 FROM known WHERE fact = asked.value)",
            (json.dumps(facts),),
        )
        return {fact for (fact,) in rows}

    def add_own(self, drafts: Sequence[Draft], recorded: str) -> None:
        """`add` for what the edge itself states."""
        self.add([self._own(draft) for draft in drafts], recorded)

    def add(self, drafts: Sequence[Draft], recorded: str) -> None:
        """Give the drafts the next numbers and write their rows."""
        tip, place, digest = self.tip, self.place, digest_of(self.tip.hash_alg)
        sequence, where, chain, rows, hurried = tip.sequence, tip.position, tip.chain, [], tip.urgent
        for draft in drafts:
            sequence, where = sequence + 1, where + 1
            sealed = seal(draft, place, tip.epoch, sequence, recorded, chain, digest)
            chain = sealed.chain
            if urgent(draft.kind, draft.data):
                hurried = (*hurried, where)
            rows.append((where, draft.fact, sealed.body, sealed.hash, chain))
        self.connection.executemany(
            "INSERT INTO event (position, fact, body, hash, chain) VALUES (?, ?, ?, ?, ?)", rows
        )
        self.tip = Tip(tip.epoch_number, tip.epoch, tip.hash_alg, sequence, chain, hurried)


def read_tip(connection: Connection) -> Tip | None:
    """The newest number on disk, or None in a database that has no epoch yet."""
    row = connection.execute(
        "SELECT number, epoch, hash_alg FROM epoch ORDER BY number DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    number, epoch, hash_alg = row
    last = connection.execute("SELECT position, chain FROM event ORDER BY position DESC LIMIT 1").fetchone()
    if last is None or schema.epoch_of(last[0]) != number:
        return Tip(number, epoch, hash_alg, 0, genesis(epoch, digest_of(hash_alg)))
    return Tip(number, epoch, hash_alg, schema.sequence_of(last[0]), last[1])
