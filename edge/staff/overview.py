"""What people see of the orders: their parts with what keeps them open, and what they should see to."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from edge.attention import Attention
from edge.device.runner import Runner
from edge.snapshot import StaffPart
from edge.staff import orders as rules
from edge.staff.book import Book
from edge.staff.courier import present
from edge.staff.orders import Part, StaffOrder

SHOWN_MAX, NAMED_MAX = 200, 3


def attention(book: Book, runners: Mapping[str, Runner], now: datetime) -> Iterator[Attention]:
    """Where a leaver may still be known, and orders that cannot be read any more.

    One for each terminal and cause, however many leavers. A terminal that a person has put aside is no worry
    while it is; its part stays open.
    """
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for order, part, cause in rules.worries(book.orders(), now):
        runner = runners.get(part.device_id)
        if part.open and runner and runner.health.state == "disabled":
            continue
        since = order.given if cause == "revoke_overdue" else part.since
        found.setdefault((part.device_id, cause), []).append((since, order.id))
    for (device_id, cause), each in found.items():
        named = [order_id for _since, order_id in sorted(each)]
        more = ["…"] if len(named) > NAMED_MAX else []
        yield Attention(device_id, cause, min(each)[0], ", ".join([*named[:NAMED_MAX], *more]))
    for lost, since in book.damaged().items():
        yield Attention("store", "staff_unreadable", since, lost)


def shown(book: Book, runners: Mapping[str, Runner]) -> tuple[StaffPart, ...]:
    """Open parts first, then the newest answers."""
    every = [(order, part) for order in reversed(book.orders()) for part in order.parts]
    ranked = sorted(every, key=lambda pair: not pair[1].open)
    return tuple(
        _part(order, part, _why(part, runners.get(part.device_id))) for order, part in ranked[:SHOWN_MAX]
    )


def _why(part: Part, runner: Runner | None) -> str:
    """Why it is as it is: of what waits, the cause that keeps its terminal away."""
    return runner.health.cause if runner and part.open and not present(runner) else part.cause


def _part(order: StaffOrder, part: Part, cause: str) -> StaffPart:
    return StaffPart(
        order=order.id,
        command=order.kind,
        user=order.user,
        actor=order.actor,
        device_id=part.device_id,
        state=part.state,
        given=order.given,
        since=part.since,
        expires=order.expires,
        cause=cause,
        detail=part.detail,
        sent=part.sent,
    )
