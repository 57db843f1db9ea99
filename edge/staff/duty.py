"""The duty of staff on terminals: takes orders, has them carried, tells what each terminal answered.

Nothing is handed over before it is written down as sent, and no answer counts before it is written down too:
whatever a crash interrupts is sent again.
"""

import logging
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from drivers.base import LinkError
from edge.attention import Attention
from edge.clock.clock import WallClock
from edge.commands import Arguments, Commands, Refused
from edge.device.runner import Runner
from edge.events import Draft
from edge.snapshot import StaffPart
from edge.staff import orders as rules
from edge.staff.asked import Asked, understood
from edge.staff.book import Book
from edge.staff.courier import Courier
from edge.staff.orders import Kind, Part, StaffOrder
from edge.staff.overview import attention, shown
from edge.staff.telling import given, repeated, told
from edge.store import Store

LOG = logging.getLogger(__name__)

KEPT = timedelta(days=30)
"""So long a closed order is known."""
PRUNE_EVERY_S = 3600.0


class Staff:
    """The duty of one hall; `step` is called by main, `commands` by anybody."""

    def __init__(self, book: Book, store: Store, clock: WallClock, runners: Sequence[Runner]) -> None:
        self._book, self._store, self._clock = book, store, clock
        self._runners = {runner.device.device_id: runner for runner in runners}
        self._courier = Courier(book, clock, self._runners)
        self._one = threading.Lock()
        self._pruned_s = time.monotonic()
        self.commands: Commands = {
            "staff-push": partial(self._give, "staff.push"),
            "staff-revoke": partial(self._give, "staff.revoke"),
        }

    def step(self) -> None:
        """What is due now; a disk that takes nothing is for the next time."""
        try:
            if self._courier.answers_wait or not all(order.settled for order in self._book.orders()):
                with self._one:
                    self._courier.take_answers()
                    self._close_what_is_late()
                    self._courier.hand_over()
                self._tell()
            if time.monotonic() - self._pruned_s >= PRUNE_EVERY_S:
                self.prune()
        except OSError as error:
            LOG.error("the book of staff orders cannot be written: %s", error)

    def prune(self) -> None:
        """Forget what was answered long ago; OSError."""
        self._pruned_s, oldest = time.monotonic(), self._clock.now() - KEPT
        for order in self._book.orders() if self._clock.trusted() else ():
            if order.settled and all(datetime.fromisoformat(part.since) < oldest for part in order.parts):
                with self._one:
                    self._book.forget(order.id)

    def attention(self) -> Iterator[Attention]:
        """What a person should see to."""
        return attention(self._book, self._runners, self._clock.now())

    def shown(self) -> tuple[StaffPart, ...]:
        """For the snapshot."""
        return shown(self._book, self._runners)

    def _give(self, kind: Kind, arguments: Arguments) -> str:
        """Write an order down, and return its id; the same id again changes nothing, and is told as such."""
        asked = understood(kind, arguments, self._keeping(kind))
        with self._one:
            known = self._book.order(asked.id)
            order = known or self._written(asked)
        if known:
            return self._again(known, asked)
        self._say(order, given(order, self._clock.now()))
        return order.id

    def _written(self, asked: Asked) -> StaffOrder:
        """A new order, on disk; Refused where that fails."""
        order, before = self._new(asked), self._book.orders()
        try:
            self._book.keep(order)
            for older in before:
                if (changed := rules.superseded(older, order)) != older:
                    self._book.keep(changed)
        except OSError as error:
            raise Refused(f"写不下来，未执行 / it cannot be written down: {error}") from error
        return order

    def _again(self, known: StaffOrder, asked: Asked) -> str:
        """The id of an order given before; Refused where it is another one."""
        devices = tuple(part.device_id for part in known.parts)
        if (known.kind, known.user, devices) != (asked.kind, asked.user, asked.devices):
            raise Refused(f"{known.id}: 这个编号已用于另一条指令 / this id is that of another order")
        serials = {device: self._serial(device) for device in devices}
        self._say(known, *repeated(known, asked.actor, serials, self._clock.now()))
        return known.id

    def _say(self, order: StaffOrder, *drafts: Draft) -> None:
        """Store what was ordered; a store that takes nothing must not undo it."""
        try:
            self._store.add(*drafts)
        except LinkError as error:
            LOG.error("what was ordered as %s is not stored: %s", order.id, error)

    def _keeping(self, kind: Kind) -> list[str]:
        """The terminals that take people; a leaver may also be on one that is disabled."""
        devices = [runner.device for runner in self._runners.values() if runner.device.takes_people]
        return [device.device_id for device in devices if device.driver or kind == "staff.revoke"]

    def _new(self, asked: Asked) -> StaffOrder:
        now, at = self._clock.now(), self._clock.text()
        newest = max((order.number for order in self._book.orders()), default=0)
        return StaffOrder(
            id=asked.id or secrets.token_hex(6),
            number=newest + 1,
            kind=asked.kind,
            user=asked.user,
            actor=asked.actor,
            role=asked.role,
            given=at,
            expires=(now + timedelta(days=asked.days)).isoformat(timespec="seconds"),
            epoch=self._store.tip.epoch,
            parts=tuple(Part(device_id=device, since=at) for device in asked.devices),
            name=asked.name,
            card=asked.card,
        )

    def _close_what_is_late(self) -> None:
        now, at, believed = self._clock.now(), self._clock.text(), self._clock.trusted()
        for order in self._book.orders():
            changed = order
            for part in order.parts:
                if part.open and part.device_id not in self._runners:
                    changed = changed.having(rules.closed(part, "failed", "staff_no_device", at))
                elif part.open and believed and rules.late(order, now):
                    changed = changed.having(rules.expired(part, at))
            if changed != order:
                self._book.keep(changed)

    def _tell(self) -> None:
        """Store what was answered; a store that takes nothing is asked again."""
        untold = [
            (order, part)
            for order in self._book.orders()
            for part in order.parts
            if not (part.open or part.told)
        ]
        for order, part in untold:
            try:
                self._store.add(*told(order, part, self._serial(part.device_id), self._clock.now()))
            except LinkError as error:
                LOG.warning("the answer to %s is not stored yet: %s", order.id, error)
                return
            self._mark(order.id, part)

    def _mark(self, order_id: str, part: Part) -> None:
        with self._one:
            if (order := self._book.order(order_id)) is not None:
                order = order.having(rules.marked(part))
                self._book.keep(order.bare() if order.settled else order)

    def _serial(self, device_id: str) -> str:
        runner = self._runners.get(device_id)
        known = runner.health.told if runner else None
        return known.observation.serial if known else ""
