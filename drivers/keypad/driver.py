"""One line of keypads: presses become ratings, invitations light the keys.

Write first, thank after: the keypad thanks once the rating is on disk. What could not be stored is kept for
the next life, and the serial buffer keeps what is pressed meanwhile.
"""

import logging
from typing import ClassVar
from uuid import uuid4

from drivers.base import EMIT_MAX, Fact, Link, LinkError, Observation, Order
from drivers.evaluation import session as machine
from drivers.evaluation.door import Evaluator
from drivers.evaluation.levels import STARS, Trigger
from drivers.evaluation.session import Answer, Desk, Said, Session
from drivers.keypad.hearing import Ear, Press
from drivers.keypad.line import Line, moment, opened
from drivers.keypad.memory import Memory, left_open, memory_of
from drivers.keypad.options import TIMEOUT, KeypadOptions

LOG = logging.getLogger(__name__)
OBSERVED_EVERY_S = 30.0
ASKING: tuple[Trigger, ...] = ("staff", "business_system", "queue")


class Keypad(Evaluator):
    """The keypads of one line; each address is a window."""

    Options: ClassVar[type[KeypadOptions]] = KeypadOptions
    options: KeypadOptions

    @property
    def windows(self) -> tuple[str, ...]:
        """See `Evaluator`."""
        return tuple(self.options.places.values())

    def run(self, link: Link) -> None:
        """Hear the line until told to stop."""
        memory = memory_of(self.options.port)
        with opened(self.options, memory, link.stop) as line:
            if line is None:
                return
            self._observe(link, memory)
            self._resume(link, memory)
            ear = Ear(self.options.frame(), self.options.layout(), *self.options.around())
            while not link.stop.is_set():
                self._round(link, line, ear, memory)

    def _round(self, link: Link, line: Line, ear: Ear, memory: Memory) -> None:
        before = ear.noise
        for press in ear.hear(line.read(), moment()):
            self._pressed(link, line, memory, press)
        memory.noise += ear.noise - before
        for address in [address for address, desk in memory.desks.items() if desk.session]:
            desk, said = machine.tick(memory.desk(address), link.now(), moment())
            memory.say(address, desk, said, self.options.serial)
        self._save(link, memory)
        if order := link.orders(0):
            self._ordered(link, line, memory, order)
        if moment() - memory.observed_s > OBSERVED_EVERY_S:
            self._observe(link, memory)

    def _pressed(self, link: Link, line: Line, memory: Memory, press: Press) -> None:
        """A key of a keypad: a rating, its own timeout, or nothing we know."""
        now_s, word = moment(), self.options.keys.get(press.code)
        if press.address not in self.options.places or word is None:
            LOG.warning(
                "%s: key %r at address %r is not in the config", self.options.serial, *reversed(press)
            )
            memory.unknown += 1
            return
        if now_s - memory.pressed_s.get(press.address, -1e9) < self.options.debounce_ms / 1000:
            return
        desk = memory.desk(press.address)
        if word == TIMEOUT:
            desk, said = machine.end(desk, "timeout", link.now(), now_s)
        elif desk.session is None and not self.options.takes_walk_ups:
            memory.unasked += 1
            return
        else:
            late = desk.late
            desk, said = machine.answer(desk, self._answer(link, press, now_s))
            if desk.late > late:
                LOG.info("%s: a late press at %s", self.options.serial, self.options.places[press.address])
        memory.pressed_s[press.address] = now_s
        memory.say(press.address, desk, said, self.options.serial)
        self._save(link, memory)
        if any(each.kind == "evaluation.submitted" for each in said):
            line.write(self.options.command(self.options.thanks, press.address))

    def _answer(self, link: Link, press: Press, now_s: float) -> Answer:
        level = self.options.level(press.code)
        facts: dict[str, Fact] = {
            "level": level,
            "stars": STARS[level] if level else None,
            "scale": self.options.scale,
            "channel": "hall_terminal",
            "raw_code": press.code,
        }
        own = Session(str(uuid4()), self.options.places[press.address], link.now(), now_s, 0)
        return Answer(own.at, now_s, own, facts)

    def _ordered(self, link: Link, line: Line, memory: Memory, order: Order) -> None:
        """An order for one window of this line."""
        window = order.about.get("window", "")
        address = next((each for each, place in self.options.places.items() if place == window), None)
        if address is None or order.name not in ("invite", "cancel", "welcome"):
            order.done("unsupported")
        elif order.name == "welcome":
            line.write(self.options.command(self.options.welcome, address))
            order.done("done")
        elif order.name == "cancel":
            desk, said = machine.end(memory.desk(address), "cancelled", link.now(), moment())
            self._obey(link, memory, order, address, (desk, said))
            order.done("done" if said else "nothing is asked there")
        else:
            asked = self._asked(link, window, order)
            self._obey(link, memory, order, address, machine.invite(memory.desk(address), asked))
            line.write(self.options.command(self.options.start, address))
            session = memory.desk(address).session
            order.done(session.id if session else "over")

    def _obey(
        self, link: Link, memory: Memory, order: Order, address: str, step: tuple[Desk, tuple[Said, ...]]
    ) -> None:
        memory.say(address, *step, self.options.serial)
        try:
            self._save(link, memory)
        except LinkError:
            order.done("not stored")
            raise

    def _asked(self, link: Link, window: str, order: Order) -> Session:
        about = order.about
        told = about.get("timeout_s", "")
        return Session(
            str(uuid4()),
            window,
            link.now(),
            moment(),
            int(told) if told.isdecimal() and 3 <= int(told) <= 600 else self.options.timeout_s,
            next((word for word in ASKING if word == about.get("trigger")), "staff"),
            project_no=about.get("project_no") or None,
            item_code=about.get("item_code") or None,
        )

    def _resume(self, link: Link, memory: Memory) -> None:
        """Store what the last life could not; end what the last process left open."""
        if memory.fresh:
            for address, session in left_open(link.cursor, self.options.places):
                desk, said = machine.end(Desk(session), "device_error", link.now(), moment())
                memory.say(address, desk, said, self.options.serial)
        memory.fresh = False
        self._save(link, memory)

    def _save(self, link: Link, memory: Memory) -> None:
        """Everything said is on disk when this returns; our clock is told first, since a keypad has none."""
        if memory.unsaved:
            self._observe(link, memory)
        while memory.unsaved:
            batch = memory.unsaved[:EMIT_MAX]
            link.emit(batch, memory.cursor())
            del memory.unsaved[: len(batch)]

    def _observe(self, link: Link, memory: Memory) -> None:
        memory.observed_s = moment()
        late = sum(desk.late for desk in memory.desks.values())
        counts = {
            "late": late,
            "noise": memory.noise,
            "unasked": memory.unasked,
            "unknown_keys": memory.unknown,
        }
        link.observed(Observation(self.options.serial, "keypad", device_clock=link.now(), counts=counts))
