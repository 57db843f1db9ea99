"""Erasing for good, by law: payloads, raw rejects, and the event that says so go into one commit.

Freed bytes are overwritten, whole free pages too; older pages in the WAL go when it is used again, at the
latest when the daemon stops.
"""

import json
from collections.abc import Callable, Sequence

from edge.events import digest_of, own_event
from edge.payloads import Audit
from edge.store.ledger import Ledger
from edge.store.purge import make_stubs

Telling = Callable[[int, str], Audit]
DUE = (
    "SELECT position, fact, hash, chain, length(CAST(body AS BLOB)) FROM event WHERE body IS NOT NULL"
    " AND position IN (SELECT value FROM json_each(?)) AND position NOT IN (SELECT position FROM parked)"
    " ORDER BY position"
)
"""What is set aside keeps its payload: nobody upstream holds it yet."""


def erase(
    ledger: Ledger,
    positions: Sequence[int],
    rejects: Sequence[tuple[int, str]],
    audit: Telling,
    anyway: bool = False,
) -> int:
    """Empty these events, and these rejects (id, reason to keep); returns how many events had a body.

    audit: told their count and the digest (hex) of their hashes in order, which their stubs keep.
    anyway: something else was erased with them, which is told also where there are none.
    """
    ledger.connection.execute("PRAGMA secure_delete = ON")
    try:
        rows = ledger.connection.execute(DUE, (json.dumps(positions),)).fetchall()
        make_stubs(ledger.connection, rows, "erased")
        ledger.connection.executemany("UPDATE quarantine SET raw = NULL, reason = ?2 WHERE id = ?1", rejects)
    finally:
        ledger.connection.execute("PRAGMA secure_delete = FAST")
    if rows or rejects or anyway:
        tip, now = ledger.tip, ledger.now()
        said = audit(len(rows), digest_of(tip.hash_alg)(b"".join(row[2] for row in rows)).hex())
        draft = own_event("edge.audit", tip.epoch, "erase", tip.sequence + 1, now, said)
        ledger.add_own([draft], now.isoformat(timespec="milliseconds"))
    return len(rows)
