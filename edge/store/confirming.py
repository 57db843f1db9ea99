"""A punch that was pushed stands in the terminal's own log: an event says so, once, in the same commit.

Whether an event waits for that is told by its own bytes, so nothing is kept beside it that could be lost.
"""

import json
from collections.abc import Sequence
from datetime import datetime

from edge.events import Draft, event_id, own_event
from edge.payloads import Confirmed
from edge.store.ledger import Ledger

KIND = "attendance.confirmed"
WAITING = (
    "SELECT fact FROM event WHERE fact IN (SELECT value FROM json_each(?))"
    " AND instr(body, '\"unconfirmed\":true')"
)


def confirm(ledger: Ledger, device_id: str, serial: str, facts: Sequence[str], now: datetime) -> list[Draft]:
    """Word of those `facts`, now seen in the log of `serial`, that are stored as unconfirmed."""
    rows = ledger.connection.execute(WAITING, (json.dumps(facts),)).fetchall()
    drafts = [_word(ledger.tip.epoch, device_id, serial, fact, now) for (fact,) in rows]
    held = ledger.held([draft.fact for draft in drafts])
    return [draft for draft in drafts if draft.fact not in held]


def _word(epoch: str, device_id: str, serial: str, fact: str, now: datetime) -> Draft:
    name = event_id(fact)
    said = Confirmed(event_id=name, device_id=device_id, device_serial=serial, how="terminal_log")
    return own_event(KIND, epoch, name, 0, now, said)
