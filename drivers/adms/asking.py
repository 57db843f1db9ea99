"""The questions to one terminal: those that were ordered, and those that prove what it pushed.

An ordered question lives in the cursor and survives a crash. A proof does not: the next life asks anew. It
begins at the last proof, so that it is short, or at the newest record known, so that its answer is never
empty. A staff order lives in the daemon's own book, which gives it again.
"""

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic

from drivers.adms.hints import Hints
from drivers.adms.known import Command, Kind, Known
from drivers.adms.people import People
from drivers.adms.queries import Queries
from drivers.adms.recount import Recount
from drivers.adms.speech import Result
from drivers.base import STAFF, Link, Order
from drivers.zk.records import Record

ORDERS: dict[str, Kind] = {"reread": "whole", "recount": "recount"}
HINT_S = 15.0
"""So long after an answer what was pushed since is looked for in the log."""
PROOF_S = 600.0
"""So often an idle terminal is asked, and one that gives no answer."""
FAR_S = 3600.0
"""So often a proof may reach back beyond the last one: a forger must not keep a terminal busy."""
UNPROVED = 3
"""After so many questions without an answer a person should know."""


class Asking:
    """Those of one life; `known` is the cursor."""

    def __init__(self) -> None:
        self.hints = Hints()
        self.people = People()
        self.notes: dict[str, str] = {}
        self._known: Known | None = None
        self._queries = Queries()
        self._recount = Recount()
        self._waiting: list[Order] = []
        self._orders: dict[str, list[Order]] = {}
        self._proof: Command | None = None
        self._unproved = 0
        self._half = ""
        self._asked_s: float | None = None
        self._far_s: float | None = None
        self._next_s = 0.0

    def known(self, link: Link) -> Known:
        """What outlives a crash."""
        if self._known is None:
            self._known = Known.parse(link.cursor)
        return self._known

    def keep(self, known: Known) -> None:
        """It is on disk, or worth nothing there."""
        self._known = known

    def ordered(self, link: Link) -> None:
        """Make the orders last: they become questions of the cursor."""
        while (order := link.orders(0)) is not None:
            if order.name in ORDERS:
                self._waiting.append(order)
            elif order.name in STAFF:
                self.people.take(order)
            else:
                order.done("unsupported")
        known = before = self.known(link)
        kinds = {ORDERS[order.name] for order in self._waiting} - {each.kind for each in known.commands}
        for kind in sorted(kinds):
            known = known.asking(Command(secrets.token_hex(8), kind))
        if known != before:
            link.emit([], known.text())
            self._known = known
        for order in self._waiting:
            command = next((each for each in known.commands if each.kind == ORDERS[order.name]), None)
            if command:
                self._orders.setdefault(command.id, []).append(order)
            else:
                order.done("busy")
        self._waiting.clear()

    def ours(self, name: str, link: Link) -> bool:
        """Whether `name` is a question of ours."""
        return bool(self.known(link).command(name)) or bool(self._proof and self._proof.id == name)

    def counts(self, name: str, index: str, link: Link) -> bool | None:
        """What a pack does to the count of the whole log: begins it, ends it (it came twice), or neither."""
        command = self.known(link).command(name)
        if command is None or command.kind == "since":
            return None
        half, self._half = self._half == name, name
        if self._queries.begins(name, index):
            self._recount.begins()
            return True
        if half or self._queries.came(name, index):
            self._recount.void()
            return False
        return None

    @property
    def since(self) -> str:
        """The day the count under way begins with; "" = the first record."""
        return self._recount.since or ""

    def shown(self, name: str, records: Iterable[Record], link: Link) -> None:
        """Records of an answer are stored."""
        if self.known(link).command(name):
            self._recount.count(record.time for record in records)

    def pack(self, name: str, index: str, count: str) -> None:
        """A pack of an answer is stored."""
        self._half = ""
        self._queries.pack(name, index, count, monotonic())

    def result(self, result: Result, link: Link) -> None:
        """The terminal says what became of a question."""
        self._recount.told(result.command, result.code, result.values)
        if self.ours(result.command, link):
            self._queries.result(result.command, result.code)
        else:
            self.people.result(result.command, result.code)

    def due(self, at: datetime, offset: timedelta, link: Link) -> list[tuple[str, str]]:
        """What to ask now, as `(id, command)`."""
        known = self.known(link)
        if not known.commands:
            self._prove(link)
        asking = (self._proof,) if self._proof else known.commands[:1]  # one at a time, or they would mingle
        if asking and asking[0].kind == "recount":
            first = self._recount.question(secrets.token_hex(8), monotonic())
            if first is not None:
                return first
            begin = f"{self.since}T00:00:00" if self.since else ""
            asking = (replace(asking[0], first=begin),)
        return self._queries.due(asking, known, monotonic(), at, offset)

    def _prove(self, link: Link) -> None:
        """Begin a proof, where something was pushed, or nothing was proved for a while."""
        now_s, complete = monotonic(), self.known(link).complete
        far = self._far_s is None or now_s - self._far_s >= FAR_S
        if self._proof or now_s < self._next_s or not (far or complete):
            return
        since = "" if far else complete[:10]
        span = self.hints.span(since)
        if span is None and self._asked_s is not None and now_s - self._asked_s < PROOF_S:
            return
        if not complete or (span and span.first[:10] < complete[:10]):
            self._far_s = now_s
        self._proof = Command(secrets.token_hex(8), "since", *(span or ("", "")))
        self._asked_s = now_s
        self.hints.ask(since)

    def settle(self, link: Link) -> None:
        """Let go of the questions that have their answer, or will never have one."""
        if self._proof and (outcome := self._queries.outcome(self._proof.id, monotonic())):
            self._proved(self._proof, outcome, link)
        for command in self.known(link).commands:
            if outcome := self._queries.outcome(command.id, monotonic()):
                self._answered(command, outcome, link)

    def _proved(self, proof: Command, outcome: str, link: Link) -> None:
        until = self._queries.asked[proof.id].until
        if outcome == "ok":
            link.emit([], link.cursor, until)
            self._known = replace(self.known(link), complete=until)
            self.hints.judge()
        else:
            self.hints.give_up()
        self._queries.forget(proof.id)
        self._proof, self._next_s = None, monotonic() + (HINT_S if outcome == "ok" else PROOF_S)
        self._unproved = 0 if outcome == "ok" else self._unproved + 1
        unproved = self._unproved >= UNPROVED and self.known(link).newest
        told = {"push_unconfirmed": self.hints.told(), "push_unproved": outcome if unproved else ""}
        self.notes = {note: detail for note, detail in told.items() if detail}

    def _answered(self, command: Command, outcome: str, link: Link) -> None:
        if outcome != "ok":
            link.reading(whole=False)
        until, known = self._queries.asked[command.id].until, self.known(link).without(command.id)
        known = replace(known, complete=until) if outcome == "ok" else known
        link.emit([], known.text(), until if outcome == "ok" else None)
        self._known = known
        self._recount.ended(until if outcome == "ok" else "", monotonic())
        self._queries.forget(command.id)
        for order in self._orders.pop(command.id, ()):
            order.done(outcome)
