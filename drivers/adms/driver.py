"""A ZKTeco terminal that calls us: its requests, and our answers.

`OK:n` goes out only after `emit` returned; n counts the lines that came, known and quarantined ones too,
for a terminal repeats what is not counted. Templates and photos are thanked for and forgotten: nothing of
them is kept or logged. The clock of the terminal is told by a punch that was made just now, and by nothing
else.
"""

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import ClassVar

from drivers.adms import attlog, oplog, speech
from drivers.adms.attlog import Upload
from drivers.adms.known import Command, Kind, Known
from drivers.adms.options import AdmsOptions
from drivers.adms.queries import Queries
from drivers.base import EMIT_MAX, Link, Listener, Observation, Order, Reading, Reject, Reply, Request
from drivers.zk.punches import readings

ORDERS: dict[str, Kind] = {"reread": "whole", "recent": "recent"}
LIVE = timedelta(seconds=60)
"""A record that bears our time to within this was made just now, and the terminal's clock is right."""
SILENT_POLLS = 6
PATIENCE_S = 90.0
AGAIN = Reply(503, b"again")
NOT_HERE = Reply(404, b"not here")
OK = Reply(200, speech.NOTHING)


class Adms(Listener):
    """One terminal."""

    Options: ClassVar[type[AdmsOptions]] = AdmsOptions

    def __init__(self, options: AdmsOptions) -> None:
        self._options = options
        self._known: Known | None = None
        self._queries = Queries()
        self._waiting: list[Order] = []
        self._orders: dict[str, list[Order]] = {}
        self._model = self._firmware = ""
        self._counts: dict[str, int] = {}
        self._notes: dict[str, str] = {}
        self._offset = timedelta()
        self._called_s = 0.0
        self._steady = False

    @property
    def serial(self) -> str:
        """See `Listener`."""
        return self._options.serial

    @property
    def address(self) -> str:
        """See `Listener`."""
        return self._options.address

    @property
    def patience_s(self) -> float:
        """See `Listener`."""
        return max(PATIENCE_S, SILENT_POLLS * self._options.poll_seconds)

    @staticmethod
    def identify(request: Request) -> str | None:
        """The `SN` of a request below /iclock/."""
        if not request.path.lower().startswith("/iclock/"):
            return None
        return next((value for key, value in request.query.items() if key.lower() == "sn"), None)

    def handle(self, request: Request, link: Link) -> Reply:
        """Answer one request."""
        answers: dict[tuple[str, str], Callable[[Request, Link], Reply]] = {
            ("GET", "cdata"): self._greet,
            ("POST", "cdata"): self._store,
            ("GET", "getrequest"): self._give,
            ("POST", "devicecmd"): self._results,
            ("GET", "ping"): self._heard,
            ("POST", "fdata"): self._heard,
            ("POST", "exchange"): self._cannot_encrypt,
            ("POST", "registry"): self._not_attendance,
            ("GET", "registry"): self._not_attendance,
            ("POST", "push"): self._not_attendance,
        }
        name = request.path.lower().removeprefix("/iclock/").removesuffix(".aspx")
        answer = answers.get((request.method, name))
        if answer is None:
            return NOT_HERE
        now_s = monotonic()
        self._steady = now_s - self._called_s <= 2 * self._options.poll_seconds + 5
        reply = answer(request, link)
        self._called_s = now_s
        return reply

    def ordered(self, link: Link) -> None:
        """Make the orders last: they become commands of the cursor."""
        while (order := link.orders(0)) is not None:
            if order.name in ORDERS:
                self._waiting.append(order)
            else:
                order.done("unsupported")
        known = self._cursor(link)
        kinds = {ORDERS[order.name] for order in self._waiting} - {each.kind for each in known.commands}
        for kind in sorted(kinds):
            known = known.asking(Command(secrets.token_hex(8), kind))
        self._keep(known, link)
        for order in self._waiting:
            command = next((each for each in known.commands if each.kind == ORDERS[order.name]), None)
            if command:
                self._orders.setdefault(command.id, []).append(order)
            else:
                order.done("busy")
        self._waiting.clear()

    def _greet(self, request: Request, link: Link) -> Reply:
        query = {key.lower(): value for key, value in request.query.items()}
        self._observe(link)
        if "options" not in query:
            return OK
        delay = self._options.poll_seconds
        return Reply(200, speech.greeting(self.serial, self._cursor(link).stamps, delay, request.at))

    def _store(self, request: Request, link: Link) -> Reply:
        query = {key.lower(): value for key, value in request.query.items()}
        table = query.get("table", "").upper()
        if table == "ATTLOG":
            return self._attlog(request, query, link)
        if table == "OPERLOG":
            return self._operlog(request, query, link)
        if table == "OPTIONS":
            self._learn(speech.options(request.body))
        self._observe(link)
        return OK if request.whole else AGAIN

    def _attlog(self, request: Request, query: dict[str, str], link: Link) -> Reply:
        upload, name = attlog.decode(request.body, request.whole), query.get("cmdid", "")
        newest = max((record.time for record in upload.records), default="")
        clock = None if name else self._clock(upload, newest, request.at)
        self._notes.clear()
        self._observe(link, clock)
        known = self._cursor(link).seen(newest)
        known = known.stamped("ATTLOG", query.get("stamp", "")) if request.whole and not name else known
        self._emit(upload, known, link)
        if not request.whole:
            return AGAIN
        if known.command(name):
            self._queries.pack(name, query.get("packidx", ""), query.get("packcnt", ""))
            self._settle(link)
        return Reply(200, b"OK:%d" % upload.lines)

    def _operlog(self, request: Request, query: dict[str, str], link: Link) -> Reply:
        alarms, lines = oplog.alarms(self.serial, request.body, request.whole)
        self._observe(link)
        known = self._cursor(link)
        known = known.stamped("OPERLOG", query.get("stamp", "")) if request.whole else known
        self._emit_all(alarms, [], known, link)
        return Reply(200, b"OK:%d" % lines) if request.whole else AGAIN

    def _give(self, request: Request, link: Link) -> Reply:
        told = next((value for key, value in request.query.items() if key.upper() == "INFO"), "")
        if told:
            self._learn(speech.info(told))
        self._observe(link)
        self.ordered(link)
        self._settle(link)
        due = self._queries.due(self._cursor(link), monotonic(), request.at, self._offset)
        return Reply(200, speech.commands(due))

    def _results(self, request: Request, link: Link) -> Reply:
        for result in speech.results(request.body):
            if self._cursor(link).command(result.command):
                self._queries.result(result.command, result.code)
            self._learn(speech.about(result.values))
        self._observe(link)
        self._settle(link)
        return OK if request.whole else AGAIN

    def _heard(self, _request: Request, link: Link) -> Reply:
        self._observe(link)
        return OK

    def _cannot_encrypt(self, _request: Request, link: Link) -> Reply:
        self._notes["push_encrypted"] = ""
        self._observe(link)
        return NOT_HERE

    def _not_attendance(self, _request: Request, link: Link) -> Reply:
        self._notes["push_access"] = ""
        self._observe(link)
        return NOT_HERE

    def _cursor(self, link: Link) -> Known:
        if self._known is None:
            self._known = Known.parse(link.cursor)
        return self._known

    def _keep(self, known: Known, link: Link) -> None:
        if known != self._cursor(link):
            link.emit([], known.text())
            self._known = known

    def _emit(self, upload: Upload, known: Known, link: Link) -> None:
        punches = Counter(upload.records)
        self._emit_all(readings(self.serial, punches.elements(), {}), upload.rejects, known, link)

    def _emit_all(self, found: list[Reading], rejects: list[Reject], known: Known, link: Link) -> None:
        """Emit in blocks; the cursor moves with the last."""
        while len(found) > EMIT_MAX or len(rejects) > EMIT_MAX:
            link.emit(found[:EMIT_MAX], link.cursor, rejects=rejects[:EMIT_MAX])
            found, rejects = found[EMIT_MAX:], rejects[EMIT_MAX:]
        if found or rejects or known != self._known:
            link.emit(found, known.text(), rejects=rejects)
        self._known = known

    def _settle(self, link: Link) -> None:
        """Let go of the questions that have their answer, or will never have one."""
        for command in self._cursor(link).commands:
            outcome = self._queries.outcome(command.id, monotonic())
            if not outcome:
                continue
            until = self._queries.asked[command.id].until
            proved = outcome == "ok" and command.kind != "confirm"
            known = self._cursor(link).without(command.id)
            known = replace(known, complete=until) if proved else known
            link.emit([], known.text(), until if proved else None)
            self._known = known
            del self._queries.asked[command.id]
            for order in self._orders.pop(command.id, ()):
                order.done(outcome)

    def _learn(self, about: speech.About) -> None:
        self._model = about.model or self._model
        self._firmware = about.firmware or self._firmware
        self._counts.update(about.counts)

    def _clock(self, upload: Upload, newest: str, at: datetime) -> str | None:
        """Its clock, where this upload tells: by a record made just now, or the only one in a steady talk."""
        if not newest:
            return None
        off = datetime.fromisoformat(newest) - at.replace(tzinfo=None)
        known = self._known.newest if self._known else ""
        only = len(upload.records) == 1 and self._steady and newest > known
        if abs(off) > LIVE and not (only and known):
            return None
        self._offset = off
        return newest

    def _observe(self, link: Link, clock: str | None = None) -> None:
        counts = dict(self._counts)
        link.observed(Observation(self.serial, self._model, self._firmware, clock, counts, dict(self._notes)))
