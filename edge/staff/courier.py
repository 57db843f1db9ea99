"""Carries orders to the drivers, and their answers back into the book.

A driver gets what is due once it answers as the terminal it should be: not while it is away, out of service
or waits to be accepted. It asks again whom an order is about when it carries it out, since meanwhile its time
may be up. What it holds is forgotten with its Link, or after a while, and handed over again.
"""

import time
from collections import deque
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from drivers.base import Order, Person
from edge.causes import CAUSES
from edge.clock.clock import WallClock
from edge.device.link import DeviceLink
from edge.device.runner import Runner
from edge.staff import orders as rules
from edge.staff.book import Book
from edge.staff.orders import NAMES, StaffOrder

FLIGHT_S = 1800.0
"""So long a driver may hold an order; a bug may have lost it."""
FULL_S = 60.0
"""So long a terminal is left alone that has too many orders."""
Key = tuple[str, str]
"""Order and device."""


class Flight(NamedTuple):
    """An order that a driver holds: on which Link, since when."""

    link: DeviceLink
    since_s: float


class Courier:
    """Of one hall. All but `answered` and `person` are called by main, one at a time."""

    def __init__(self, book: Book, clock: WallClock, runners: Mapping[str, Runner]) -> None:
        self._book, self._clock, self._runners = book, clock, runners
        self._answers: deque[tuple[str, str, str]] = deque()
        self._flying: dict[Key, Flight] = {}
        self._not_before: dict[Key, float] = {}

    @property
    def answers_wait(self) -> bool:
        """There is an answer to take."""
        return bool(self._answers)

    def answered(self, order_id: str, device_id: str, result: str) -> None:
        """A driver's answer, from its own thread; never blocks."""
        self._answers.append((order_id, device_id, result))

    def person(self, order_id: str, device_id: str) -> Person | None:
        """Whom an order is about, while it stands."""
        order = self._book.order(order_id)
        part = order.part(device_id) if order else None
        if order is None or part is None or not part.open:
            return None
        return Person(order.id, order.user, order.name, order.card)

    def take_answers(self) -> None:
        """Write down what was answered; an answer stays in the queue until it is; OSError."""
        while self._answers:
            order_id, device_id, result = self._answers[0]
            order = self._book.order(order_id)
            part = order.part(device_id) if order else None
            self._not_before.pop((order_id, device_id), None)
            if order and part and part.open:
                changed = rules.answered(part, result, self._clock.text(), CAUSES)
                self._book.keep(order.having(changed))
                if changed.open:
                    pause = time.monotonic() + rules.pause_s(changed.sent)
                    self._not_before[order_id, device_id] = pause
            self._flying.pop((order_id, device_id), None)
            self._answers.popleft()

    def hand_over(self) -> None:
        """What is due at each terminal that is there; OSError."""
        for device_id, runner in self._runners.items():
            link = runner.link
            if link is None or link.revoked or not present(runner):
                continue
            now_s, flying = time.monotonic(), self._still_flying(device_id, link)
            for order in rules.due(self._book.orders(), device_id, flying):
                if now_s >= self._not_before.get((order.id, device_id), 0.0):
                    self._hand(order, runner, link)

    def _still_flying(self, device_id: str, link: DeviceLink) -> set[str]:
        """The orders that a driver holds, others forgotten."""
        oldest_s = time.monotonic() - FLIGHT_S
        held = {key: flight for key, flight in self._flying.items() if key[1] == device_id}
        for key, flight in held.items():
            if flight.link is not link or flight.since_s < oldest_s:
                del self._flying[key]
        return {key[0] for key in held if key in self._flying}

    def _hand(self, order: StaffOrder, runner: Runner, link: DeviceLink) -> None:
        """To one terminal; first of all it is written down."""
        device_id = runner.device.device_id
        part = order.part(device_id)
        if part is None:
            return
        self._book.keep(order.having(rules.sent(part, self._clock.text())))
        key = order.id, device_id
        done, person = partial(self.answered, *key), partial(self.person, *key)
        if runner.hand(Order(NAMES[order.kind], done, person=person)):
            self._flying[key] = Flight(link, time.monotonic())
        else:
            self._not_before[key] = time.monotonic() + FULL_S


def present(runner: Runner) -> bool:
    """It answers as the terminal it should be."""
    return runner.health.state in ("online", "degraded")
