"""What is told of an answered part: `command.result`, and who ordered it in `edge.audit`. Pure.

Both are named by order and terminal alone, so that telling them again after a crash adds nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from edge.events import Draft, own_event
from edge.payloads import Audit, CommandResult
from edge.staff.orders import Part, StaffOrder


def told(order: StaffOrder, part: Part, serial: str, now: datetime) -> tuple[Draft, Draft]:
    """The two events of one answer. serial: of the terminal that gave it, "" where none did."""
    said = f"{part.cause}: {part.detail}" if part.detail else part.cause
    result = CommandResult(
        command_id=order.id,
        command=order.kind,
        state=_state(part),
        issued_by=order.actor,
        detail=said,
        device_id=part.device_id,
        device_serial=serial or None,
        device_user_id=order.user,
    )
    done: Literal["done", "failed"] = "done" if part.state == "done" else "failed"
    audit = Audit(
        actor=order.actor,
        role=order.role,
        action=order.kind,
        target=part.device_id,
        result=done,
        detail=f"{order.id} {part.cause}",
    )
    subject = f"{order.id} {part.device_id}"
    return (
        own_event("command.result", order.epoch, subject, 0, now, result),
        own_event("edge.audit", order.epoch, f"staff {subject}", 0, now, audit),
    )


def repeated(order: StaffOrder, actor: str, serials: Mapping[str, str], now: datetime) -> list[Draft]:
    """That an order was given once more and nothing was done again: how it stands with each terminal.

    actor: who repeated it. Each repetition is told, by its moment.
    """
    results = [
        CommandResult(
            command_id=order.id,
            command=order.kind,
            state="duplicate",
            issued_by=actor,
            detail=part.cause,
            device_id=part.device_id,
            device_serial=serials.get(part.device_id) or None,
            device_user_id=order.user,
        )
        for part in order.parts
    ]
    moment = int(now.timestamp() * 1000)
    return [
        own_event("command.result", order.epoch, f"{order.id} {each.device_id} again", moment, now, each)
        for each in results
    ]


def given(order: StaffOrder, now: datetime) -> Draft:
    """That it was ordered, by whom and for which terminals; audits name nobody but who orders."""
    audit = Audit(
        actor=order.actor,
        role=order.role,
        action=order.kind,
        target=order.id,
        result="done",
        detail="given: " + ", ".join(part.device_id for part in order.parts),
    )
    return own_event("edge.audit", order.epoch, f"staff {order.id}", 0, now, audit)


def _state(part: Part) -> Literal["done", "failed", "expired"]:
    return "done" if part.state == "done" else "expired" if part.state == "expired" else "failed"
