"""A ZKTeco terminal that calls us: its requests, and our answers.

`OK:n` goes out only after `emit` returned; n counts the lines that came, known and quarantined ones too,
for a terminal repeats what is not counted. Templates and photos are thanked for and forgotten: nothing of
them is kept or logged but that they came.
"""

import logging
from collections.abc import Callable, Sequence
from hashlib import sha256
from time import monotonic
from typing import ClassVar

from drivers.adms import oplog, speech
from drivers.adms.asking import Asking
from drivers.adms.attlog import Log, pieces, split
from drivers.adms.enrolled import PEOPLE, enrolled
from drivers.adms.known import Known
from drivers.adms.options import AdmsOptions
from drivers.adms.pace import Pace
from drivers.adms.people import Tongue
from drivers.adms.taping import Tapes
from drivers.adms.timing import Timing
from drivers.base import EMIT_MAX, Link, Listener, Observation, Reading, Reject, Reply, Request
from drivers.enrolment import statements
from drivers.room import ROOM
from drivers.zk.export import exported
from drivers.zk.punches import readings

LOG = logging.getLogger(__name__)

TABLE_MAX = 32
TABLES_MAX = 32
SILENT_POLLS = 6
PATIENCE_S = 90.0
AGAIN = Reply(503, b"again")
NOT_HERE = Reply(404, b"not here")
OK = Reply(200, speech.NOTHING)


class Adms(Listener):
    """One terminal."""

    Options: ClassVar[type[AdmsOptions]] = AdmsOptions
    takes_people = True

    def __init__(self, options: AdmsOptions) -> None:
        self._options = options
        self._asking = Asking()
        self._model = self._firmware = ""
        self._counts: dict[str, int] = {}
        self._settings: dict[str, int | None] = {"duplicate_period_s": None, "cyclic_delete": None}
        self._notes: dict[str, str] = {}
        self._forgotten: set[str] = set()
        self._pace = Pace()
        self._tapes = Tapes()
        self._timing = Timing(2 * options.poll_seconds + 5)

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
        return _query(request).get("sn")

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
        self._timing.called(monotonic())
        if taping := self._tapes.of(link):
            taping.heard(request)
        try:
            reply = answer(request, link)
        except Exception:
            self._timing.broke()
            raise
        if taping:
            taping.answered(reply)
        return reply

    def exported(
        self, lines: Sequence[bytes], serial: str, cursor: str | None
    ) -> tuple[list[Reading], list[Reject]]:
        """See `Driver`; `*_attlog.dat`, as of a terminal that is asked."""
        return exported(lines, serial, None)

    def ordered(self, link: Link) -> None:
        """See `Listener`; a command to the terminal lives in the cursor."""
        self._asking.ordered(link)

    def _greet(self, request: Request, link: Link) -> Reply:
        self._observe(link)
        if "options" not in _query(request):
            return OK
        known = self._asking.known(link).speaking(_query(request).get("language", ""))
        self._emit([], [], known, link)
        greeting = speech.greeting(self.serial, known.stamps, self._options.poll_seconds, request.at)
        return Reply(200, greeting)

    def _store(self, request: Request, link: Link) -> Reply:
        query = _query(request)
        match query.get("table", "").upper():
            case "ATTLOG":
                return self._attlog(request, query, link)
            case "OPERLOG":
                return self._operlog(request, query, link)
            case "RTLOG" | "RTSTATE":
                return self._not_attendance(request, link)  # its punches, which a thank-you would lose
            case "OPTIONS":
                self._learn(speech.options(request.body))
            case table:
                self._forget(table, request.body)
                if table in PEOPLE and self._tell(request, self._asking.known(link), link) is None:
                    return self._too_many(link)
        self._observe(link)
        return OK if request.whole else AGAIN

    def _attlog(self, request: Request, query: dict[str, str], link: Link) -> Reply:
        name = query.get("cmdid", "")
        with ROOM.of(request.body.count(b"\n")):
            log = Log(request.body, request.whole)
        self._notes.clear()
        known, asked = self._asking.known(link), self._asking.ours(name, link)
        if not asked and not self._pace.takes(log.lines, monotonic()):
            return self._too_many(link)
        clock = None if name else self._timing.told(log.newest, log.records, known.newest, request.at)
        self._observe(link, clock)
        known = known.seen(log.newest)
        if request.whole and not name:
            known = known.stamped("ATTLOG", query.get("stamp", ""))
        if asked:
            self._shown(log, name, query.get("packidx", ""), known, link)
        else:
            self._hinted(log, known, link)
        if not request.whole:
            return AGAIN
        self._asking.pack(name, query.get("packidx", ""), query.get("packcnt", ""))
        self._asking.settle(link)
        return Reply(200, b"OK:%d" % log.lines)

    def _too_many(self, link: Link) -> Reply:
        """More than people can punch: it keeps them for later."""
        self._notes["push_flood"] = ""
        self._observe(link)
        return AGAIN

    def _shown(self, log: Log, name: str, index: str, known: Known, link: Link) -> None:
        """What the terminal lists in answer to a question of ours."""
        counts = self._asking.counts(name, index, link)
        if counts is not None:
            link.reading(whole=counts, since=self._asking.since)
        for number, part in enumerate(log, 1):
            with ROOM.of(len(part.records)):
                found = readings(self.serial, part.records, {})
                last = number == len(log)
                self._emit(found, part.rejects, known if last else self._asking.known(link), link)
                self._asking.hints.show(found)
            self._asking.shown(name, part.records, link)

    def _hinted(self, log: Log, known: Known, link: Link) -> None:
        """What was pushed, by the terminal or by whoever claims to be it."""
        for number, part in enumerate(log, 1):
            with ROOM.of(len(part.records)):
                found = readings(self.serial, part.records, {}, pushed=True)
                last = number == len(log)
                self._emit(found, part.rejects, known if last else self._asking.known(link), link)
                self._asking.hints.hear(found)

    def _operlog(self, request: Request, query: dict[str, str], link: Link) -> Reply:
        known = self._asking.known(link)
        known = known.stamped("OPERLOG", query.get("stamp", "")) if request.whole else known
        lines = self._tell(request, known, link, operations=True)
        if lines is None:
            return self._too_many(link)
        return Reply(200, b"OK:%d" % lines) if request.whole else AGAIN

    def _tell(self, request: Request, known: Known, link: Link, operations: bool = False) -> int | None:
        """Store what is said of people, and perhaps what was done; returns the lines, None if too many."""
        parts = tuple(pieces(request.body, request.whole))
        lines = sum(1 for part in parts for _ in split(part))
        if not self._pace.takes(lines, monotonic()):
            return None
        self._observe(link)
        for number, part in enumerate(parts, 1):
            found = oplog.alarms(self.serial, part) if operations else []
            found += self._people(request, part)
            self._emit(found, [], known if number == len(parts) else self._asking.known(link), link)
        return lines

    def _people(self, request: Request, lines: bytes) -> list[Reading]:
        """How people are enrolled, at this moment of the terminal's clock."""
        clock = request.at.replace(tzinfo=None) + self._timing.offset
        return statements(self.serial, clock.isoformat(timespec="seconds"), enrolled(lines))

    def _give(self, request: Request, link: Link) -> Reply:
        if told := _query(request).get("info"):
            self._learn(speech.info(told))
        self._observe(link)
        self._asking.ordered(link)
        self._asking.settle(link)
        tongue = Tongue(self._options.encoding, self._asking.known(link).language)
        asked = self._asking.due(request.at, self._timing.offset, link)
        said = [*asked, *self._asking.people.due(monotonic(), tongue)]
        return Reply(200, speech.commands(said, tongue.encoding or "utf-8"))

    def _forget(self, table: str, body: bytes) -> None:
        """Say once of each table that came what it was, without a byte of it."""
        name = table[:TABLE_MAX]
        if name not in self._forgotten and len(self._forgotten) < TABLES_MAX:
            self._forgotten.add(name)
            digest = sha256(body).hexdigest()
            LOG.info("%s: table %r is not kept: %d bytes, sha256 %s", self.serial, name, len(body), digest)

    def _results(self, request: Request, link: Link) -> Reply:
        for result in speech.results(request.body):
            self._asking.result(result, link)
            self._learn(speech.about(result.values))
        self._observe(link)
        self._asking.settle(link)
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

    def _emit(self, found: Sequence[Reading], rejects: Sequence[Reject], known: Known, link: Link) -> None:
        """Emit in blocks; the cursor moves with the last."""
        while len(found) > EMIT_MAX or len(rejects) > EMIT_MAX:
            link.emit(found[:EMIT_MAX], link.cursor, rejects=rejects[:EMIT_MAX])
            found, rejects = found[EMIT_MAX:], rejects[EMIT_MAX:]
        if found or rejects or known != self._asking.known(link):
            link.emit(found, known.text(), rejects=rejects)
        self._asking.keep(known)

    def _learn(self, about: speech.About) -> None:
        self._model = about.model or self._model
        self._firmware = about.firmware or self._firmware
        self._counts.update(about.counts)
        self._settings.update(about.settings)

    def _observe(self, link: Link, clock: str | None = None) -> None:
        notes = {**self._asking.notes, **self._notes}
        who = (self.serial, self._model, self._firmware)
        link.observed(Observation(*who, clock, dict(self._counts), notes, dict(self._settings)))


def _query(request: Request) -> dict[str, str]:
    """The query, its keys in small letters."""
    return {key.lower(): value for key, value in request.query.items()}
