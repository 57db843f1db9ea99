"""Lawful erasure of a person (个人信息保护法 47): finds what the hall holds, empties what upstream holds too.

Nothing unconfirmed is lost: what waits for upstream is counted, and erased when the order is given again.
The stub keeps the terminal's key (serial, time, user number): a re-read revives nothing. Audits name nobody.
A citizen is found by the name or telephone number among the contact details of the supervision office.
"""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import NamedTuple

import msgspec

from drivers.base import LinkError
from edge.commands import Arguments, Refused
from edge.payloads import Audit
from edge.store import Reader, Store
from edge.store.contacts import Contacts
from edge.store.filters import Filter, passes

LOG = logging.getLogger(__name__)

STEP = 2000
"""Rows for each look at the log, and events for each commit."""
REASON_MAX = 200
FIELD = rb"(?<![0-9A-Za-z])%b(?:[\x00\t\r\n,;|&\"]|\Z)"
"""How terminals tell an id: padded with zeros, or between separators."""


class Order(NamedTuple):
    """Whose data, on which device only, why, by whom."""

    person: str
    device: str | None
    reason: str
    actor: str


class Found(NamedTuple):
    """What the hall holds of a person. left: raw rejects that cannot be told to be anybody's.

    contacts: details of how to reach this person, which are no events.
    """

    positions: Sequence[int]
    waiting: int
    rejects: Sequence[tuple[int, str]]
    left: int
    contacts: int


class Erasure:
    """The commands `erasable` and `erase`; `retired` tells up to where upstream holds everything."""

    def __init__(self, store: Store, retired: Callable[[], int]) -> None:
        self._store, self._retired = store, retired
        self._contacts = Contacts(store.path.parent)

    def count(self, arguments: Arguments) -> str:
        """What could be erased now."""
        found = self._find(understood(arguments))
        return told("可删除", "can be erased", len(found.positions), found)

    def erase(self, arguments: Arguments) -> str:
        """Erase it; Refused, after that, where some of it has to wait."""
        order = understood(arguments)
        found, erased = self._find(order), 0
        contacts = self._contacts.erase(order.person) if found.contacts else 0
        for first in range(0, max(1, len(found.positions)), STEP):
            rejects, gone = ((), 0) if first else (found.rejects, contacts)
            audit = partial(audited, order, len(rejects), gone)
            erased += self._store.erase(found.positions[first : first + STEP], rejects, audit, gone > 0)
        counts = (erased, len(found.rejects), contacts)
        LOG.info("erased by order of %s: %d events, %d rejects, %d contacts", order.actor, *counts)
        text = told("已删除", "erased", erased, found)
        if found.waiting:
            raise Refused(text)
        return text

    def _find(self, order: Order) -> Found:
        upto = self._retired()
        with closing(self._store.reader()) as reader:
            if order.device is not None and order.device not in reader.devices():
                raise Refused(f"{order.device}: 没有这台设备的数据 / there is nothing of such a device")
            aside = reader.parked().keys()
            places = list(_places(reader, order))
            kept = reader.quarantined(order.device)
        contacts = 0 if order.device else self._reachable(order.person)
        due = [place for place in places if place <= upto and place not in aside]
        rejects = [
            (number, reason.replace(f"|{order.person}|", "|×|"))
            for number, raw, reason in kept
            if holds(raw, order.person) or f"|{order.person}|" in reason
        ]
        left = sum(bool(raw) and not holds(raw, order.person) for _, raw, _ in kept)
        return Found(due, len(places) - len(due), rejects, left, contacts)

    def _reachable(self, person: str) -> int:
        """How many contact details are this person's; Refused where that cannot be seen."""
        try:
            return self._contacts.count(person)
        except LinkError as error:
            raise Refused(f"联系方式读不了，未执行 / the contact details cannot be read: {error}") from error


def understood(arguments: Arguments) -> Order:
    """The order, checked; Refused."""
    person, reason = arguments.get("person", ""), arguments.get("reason", "").strip()
    if not person.strip():
        raise Refused("要写明是谁 / say whose data")
    if not reason.isprintable() or not 0 < len(reason) <= REASON_MAX:
        raise Refused(
            f"依据要一行，1–{REASON_MAX} 字 / the reason takes one line of 1–{REASON_MAX} characters"
        )
    if re.search(f"(?<![0-9A-Za-z]){re.escape(person)}(?![0-9A-Za-z])", reason):
        raise Refused(
            "依据会永久留在审计中，不得写明其人 / the reason stays in the audit for ever: name nobody"
        )
    return Order(person, arguments.get("device"), reason, arguments.get("actor", "-"))


def audited(order: Order, rejects: int, contacts: int, events: int, digest: str) -> Audit:
    """What the log keeps of it: how much and why, never who. digest: of the hashes that the stubs keep."""
    also = f" contacts={contacts}" if contacts else ""
    detail = f"events={events} rejects={rejects}{also} digest={digest} reason={order.reason}"
    return Audit(
        actor=order.actor,
        role="technician",
        action="person.erase",
        target="events",
        result="done",
        detail=detail,
    )


def holds(raw: bytes, person: str) -> bool:
    """Whether a record holds the id as a text field of its own; in binary it could be any number."""
    return re.search(FIELD % re.escape(person.encode()), raw) is not None


def told(verb_zh: str, verb_en: str, events: int, found: Found) -> str:
    """What was or would be done, and what not."""
    zh = f"{verb_zh} {events} 条事件内容、{len(found.rejects)} 条隔离原文"
    en = f"{verb_en}: {events} events, {len(found.rejects)} quarantined records"
    if found.contacts:
        zh += f"、{found.contacts} 条联系方式"
        en += f", {found.contacts} contact details"
    if found.waiting:
        zh += f"；{found.waiting} 条尚待上级确认或被搁置，不能删除，待确认后再执行一次"
        en += f"; {found.waiting} wait for upstream or are set aside: order it again when they are confirmed"
    if found.left:
        zh += f"；隔离区另有 {found.left} 条原文认不出是谁的，未动"
        en += f"; {found.left} raw records in quarantine cannot be told to be anybody's and stay"
    return f"{zh} / {en}"


def _places(reader: Reader, order: Order) -> Iterator[int]:
    """Where the events of a person stand that still have their body."""
    after, text = 0, msgspec.json.encode(order.person).decode()
    wanted = Filter(order.device, order.person)
    while rows := reader.holding(text, after, STEP):
        yield from (row.position for row in rows if row.body and passes(wanted, row.body))
        after = rows[-1].position
