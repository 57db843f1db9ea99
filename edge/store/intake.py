"""What one `emit` does to the database: new facts are numbered, known ones are not, rejects go to quarantine.

Runs inside the writer's transaction; when nothing is new and the cursor stands, nothing is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from drivers.base import IntakeClosed, Reject
from edge.events import Draft
from edge.store.books import PUNCH
from edge.store.confirming import confirm
from edge.store.ledger import Ledger

QUARANTINE_MAX = 10_000
"""Rejects kept of one device; beyond it the source keeps what it has, and status says so."""
COUNTED = (PUNCH, "evaluation.submitted")
"""What a device is for: of these, status tells how many are stored."""


@dataclass(frozen=True, slots=True)
class Intake:
    """One emit of one device. `complete_until` is an ISO time with zone.

    before: facts older than the terminal's `in_service_from`; kept as keys alone during its first read.
    confirms: the terminal also pushes, so what is known may be known by a push alone. former: `serial` stood
    there before: which one stands there now, and how far its log is known, stays.
    """

    device_id: str
    serial: str
    drafts: Sequence[Draft]
    cursor: str | None
    complete_until: str | None = None
    rejects: Sequence[Reject] = field(default=())
    before: frozenset[str] = frozenset()
    confirms: bool = False
    former: bool = False


def first_read_ended(ledger: Ledger, serial: str) -> bool:
    """Whether a complete read of this terminal is behind us."""
    row = ledger.connection.execute("SELECT 1 FROM terminal WHERE serial = ?", (serial,)).fetchone()
    return row is not None


def take(ledger: Ledger, intake: Intake) -> int:
    """Store what is new of one emit; returns how many events that were."""
    connection, recorded = ledger.connection, _text(ledger.now())
    sort_out = bool(intake.before) and not first_read_ended(ledger, intake.serial)
    held = ledger.held([draft.fact for draft in intake.drafts])
    fresh = []
    for draft in intake.drafts:
        if draft.copies > 1:
            _count_copies(ledger, draft)
        if draft.fact in held:
            continue
        held.add(draft.fact)
        if sort_out and draft.fact in intake.before:
            connection.execute("INSERT INTO known (fact) VALUES (?)", (draft.fact,))
        else:
            fresh.append(draft)
    ledger.add(fresh, recorded)
    new = len(fresh)
    if intake.confirms:
        seen = [draft.fact for draft in intake.drafts if draft.fact in held and not draft.hint]
        ledger.add_own(confirm(ledger, intake.device_id, intake.serial, seen, ledger.now()), recorded)
    rejected = sum(_quarantine(ledger, intake, reject, recorded) for reject in intake.rejects)
    counted = sum(draft.kind in COUNTED for draft in fresh)
    _keep_device(ledger, intake, new, counted, rejected, recorded)
    return new


def add_own(ledger: Ledger, drafts: Sequence[Draft]) -> None:
    """Store events of the edge itself, each once."""
    held = ledger.held([draft.fact for draft in drafts])
    ledger.add_own([draft for draft in drafts if draft.fact not in held], _text(ledger.now()))


def save_watermark(ledger: Ledger, device_id: str, complete_until: str | None) -> None:
    """Write how far a device's data is complete (rides in a commit that happens anyway)."""
    ledger.connection.execute(
        "UPDATE device SET complete_until = ? WHERE device_id = ?", (complete_until, device_id)
    )


def _keep_device(
    ledger: Ledger, intake: Intake, new: int, counted: int, rejected: int, recorded: str
) -> None:
    connection = ledger.connection
    row = connection.execute(
        "SELECT serial, cursor FROM device WHERE device_id = ?", (intake.device_id,)
    ).fetchone()
    serial, cursor = row if row and intake.former else (intake.serial, intake.cursor)
    if new or rejected or row != (serial, cursor):
        connection.execute(
            "INSERT INTO device (device_id, serial, cursor, last_data, stored, quarantined)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (device_id) DO UPDATE SET serial = ?2, cursor = ?3,"
            " last_data = coalesce(?4, last_data), stored = stored + ?5, quarantined = quarantined + ?6",
            (intake.device_id, serial, cursor, recorded if new else None, counted, rejected),
        )
    if intake.complete_until and not first_read_ended(ledger, intake.serial):
        connection.execute(
            "INSERT INTO terminal (serial, first_read) VALUES (?, ?)", (intake.serial, recorded)
        )


def _count_copies(ledger: Ledger, draft: Draft) -> None:
    ledger.connection.execute(
        "INSERT INTO copies (fact, copies) VALUES (?1, ?2)"
        " ON CONFLICT (fact) DO UPDATE SET copies = ?2 WHERE copies < ?2",
        (draft.fact, draft.copies),
    )


def _quarantine(ledger: Ledger, intake: Intake, reject: Reject, recorded: str) -> int:
    """1 when it is new, 0 when we hold it; IntakeClosed when the device's quarantine is full."""
    connection = ledger.connection
    known = connection.execute(
        "SELECT 1 FROM quarantine WHERE serial = ? AND sha256 = ?", (intake.serial, reject.sha256)
    ).fetchone()
    if known:
        return 0
    row = connection.execute(
        "SELECT quarantined, complete_until FROM device WHERE device_id = ?", (intake.device_id,)
    ).fetchone()
    if row and row[0] >= QUARANTINE_MAX:
        raise IntakeClosed(f"quarantine of {intake.device_id} is full ({QUARANTINE_MAX})")
    connection.execute(
        "INSERT INTO quarantine (device_id, serial, reason, length, sha256, raw, seen, pending_from)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            intake.device_id,
            intake.serial,
            reject.reason,
            reject.length,
            reject.sha256,
            reject.raw,
            recorded,
            row[1] if row else None,
        ),
    )
    return 1


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
