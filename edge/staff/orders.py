"""Orders about a person on terminals, and how they go on. Pure.

    waiting ─► sent ─► done | failed          waiting or sent ─► expired
                └─ no answer: sent again, for the same order twice is the same person once

A part is one terminal's share of an order; each is answered once. Orders about one person reach a terminal in
the order they were given, one at a time; a later one takes the place of those that were not sent yet.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

State = Literal["waiting", "sent", "done", "failed", "expired"]
Kind = Literal["staff.push", "staff.revoke"]
Role = Literal["technician", "supervisor", "upstream"]
"""Who may order."""
ROLES: tuple[Role, ...] = ("technician", "supervisor", "upstream")
NAMES: dict[Kind, str] = {"staff.push": "staff_push", "staff.revoke": "staff_revoke"}
"""What a driver knows them by."""
AGAIN = frozenset(("failed", "busy"))
"""Results of a driver that are no answer of the terminal: the order is sent again."""
HURRY, PAUSE_S, PAUSE_MAX_S = 3, 60.0, 3600.0
"""So many sendings follow one another at once; then each waits, twice as long every time."""
AT_ONCE = 8
"""Most orders a driver holds at a time."""
OVERDUE = timedelta(hours=24)
"""A leaver may be on a terminal for a day (domain §4)."""


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One terminal's share. cause: a word of `edge/causes/`; detail: what the terminal said; sent: how often.

    told: its answer is in the log. since: of the state, ISO 8601 with zone.
    """

    device_id: str
    state: State = "waiting"
    since: str
    cause: str = "staff_waiting"
    detail: str = ""
    sent: int = 0
    told: bool = False

    @property
    def open(self) -> bool:
        """It has no answer yet."""
        return self.state in ("waiting", "sent")


class StaffOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order. number: rises with each; epoch: of the log when it was given, which names its answers."""

    id: str
    number: int
    kind: Kind
    user: str
    actor: str
    given: str
    expires: str
    epoch: str
    parts: tuple[Part, ...]
    name: str = ""
    card: str = ""
    role: Role = "technician"

    def part(self, device_id: str) -> Part | None:
        """The share of a terminal."""
        return next((part for part in self.parts if part.device_id == device_id), None)

    def having(self, part: Part) -> "StaffOrder":
        """With this part in place of the one of the same terminal."""
        parts = tuple(part if each.device_id == part.device_id else each for each in self.parts)
        return msgspec.structs.replace(self, parts=parts)

    @property
    def settled(self) -> bool:
        """Every part is answered, and told."""
        return all(part.told and not part.open for part in self.parts)

    def bare(self) -> "StaffOrder":
        """Without what is needed no more once every part is answered."""
        return msgspec.structs.replace(self, name="", card="")


def sound(order: StaffOrder) -> bool:
    """Whether what a file says can be an order: moments are moments, each terminal stands there once."""
    devices = [part.device_id for part in order.parts]
    try:
        moments = [datetime.fromisoformat(text) for text in (order.given, order.expires, *_since(order))]
    except ValueError:
        return False
    return bool(devices) and len({*devices}) == len(devices) and all(at.tzinfo for at in moments)


def _since(order: StaffOrder) -> Iterator[str]:
    return (part.since for part in order.parts)


def closed(part: Part, state: State, cause: str, at: str, detail: str = "") -> Part:
    """Answered."""
    return msgspec.structs.replace(part, state=state, cause=cause, since=at, detail=detail)


def sent(part: Part, at: str) -> Part:
    """Handed over once more."""
    since = part.since if part.state == "sent" else at
    return msgspec.structs.replace(part, state="sent", cause="staff_sent", since=since, sent=part.sent + 1)


def answered(part: Part, result: str, at: str, known: Collection[str]) -> Part:
    """What a driver's result makes of a part that is open. known: the words of causes."""
    word, _, said = result.partition(": ")
    if word in AGAIN:
        return msgspec.structs.replace(part, cause="staff_unanswered")
    if word == "ok":
        return closed(part, "done", "staff_done", at, said)
    if word == "absent":
        return closed(part, "done", "staff_gone" if part.sent > 1 else "staff_absent", at, said)
    if word in known:
        return closed(part, "failed", word, at, said)
    return closed(part, "failed", "staff_refused", at, result)


def marked(part: Part) -> Part:
    """Its answer is in the log."""
    return msgspec.structs.replace(part, told=True)


def expired(part: Part, at: str) -> Part:
    """It is too late for it."""
    return closed(part, "expired", "staff_expired_sent" if part.sent else "staff_expired", at)


def superseded(order: StaffOrder, later: StaffOrder) -> StaffOrder:
    """An order without the parts that a later one about the same person makes pointless."""
    for part in order.parts:
        if order.user == later.user and part.state == "waiting" and later.part(part.device_id):
            order = order.having(closed(part, "failed", "staff_superseded", later.given, later.id))
    return order


def due(orders: Sequence[StaffOrder], device_id: str, flying: Collection[str]) -> Iterator[StaffOrder]:
    """What may be handed to a terminal now, oldest first. flying: ids of orders it holds already."""
    persons: set[str] = set()
    free = AT_ONCE - len(flying)
    for order in orders:
        part = order.part(device_id)
        if part is None or not part.open:
            continue
        if order.user not in persons and order.id not in flying and free > 0:
            free -= 1
            yield order
        persons.add(order.user)


def pause_s(sendings: int) -> float:
    """How long after so many sendings without an answer the next one waits."""
    return 0.0 if sendings < HURRY else min(PAUSE_S * 2.0 ** (sendings - HURRY), PAUSE_MAX_S)


def late(order: StaffOrder, now: datetime) -> bool:
    """Its time is up."""
    return datetime.fromisoformat(order.expires) <= now


def worries(orders: Iterable[StaffOrder], now: datetime) -> Iterator[tuple[StaffOrder, Part, str]]:
    """Where a leaver may still be known, for a day or for good, and why; a later order makes it good."""
    newest = {(part.device_id, order.user): order for order in orders for part in order.parts}
    for (device_id, _user), order in newest.items():
        part = order.part(device_id)
        if part is None or order.kind != "staff.revoke":
            continue
        if part.open and now - datetime.fromisoformat(order.given) >= OVERDUE:
            yield order, part, "revoke_overdue"
        elif part.state in ("failed", "expired") and part.cause != "staff_no_device":
            yield order, part, "revoke_failed"
