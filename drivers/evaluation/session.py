"""One window: idle → invited → answered | timeout | cancelled | handed over; whatever the device. Pure.

A session has exactly one outcome, the first that comes; a timeout is «unrated», never a rating. An answer
after an answer is late: counted, not stored. One that nobody asked for, or that comes after an invitation
ended unanswered, is a citizen's own and begins its own session: none is lost, none counts for another's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from drivers.base import Fact, Reading
from drivers.evaluation.levels import Page, Trigger, Unrated

Kind = Literal["evaluation.invited", "evaluation.submitted", "evaluation.unrated", "evaluation.handed_over"]
LATE_S = 10.0
"""So long after an answer another press is the same person's; later it is somebody who was not asked."""


@dataclass(frozen=True, slots=True)
class Session:
    """One service at one window. id: of the daemon's making. at: naive wall clock when it began, in seconds.

    began_s: the same moment on a clock that never jumps; the deadline is counted on it.
    """

    id: str
    window_no: str
    at: str
    began_s: float
    timeout_s: int
    trigger: Trigger = "staff"
    page: Page = "local"
    project_no: str | None = None
    item_code: str | None = None


class Ended(NamedTuple):
    """The last session of a window, and how it ended."""

    id: str
    kind: Kind
    at_s: float


class Said(NamedTuple):
    """What becomes an event: of this session, at a moment (naive wall clock), with the facts of its kind."""

    kind: Kind
    session: Session
    at: str
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Desk:
    """A window's state. late: answers that came after one had counted, since the start."""

    session: Session | None = None
    last: Ended | None = None
    late: int = 0


Step = tuple[Desk, tuple[Said, ...]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's answer. session_id: which session it answers, where the device knows; else the open one.

    own: the session it becomes where no open one is answered. facts: of `evaluation.submitted`.
    """

    at: str
    now_s: float
    own: Session
    facts: Mapping[str, Fact] = field(default_factory=dict)
    session_id: str | None = None


def invite(desk: Desk, session: Session) -> Step:
    """Ask for a rating. Asked again for the same service, the open session stays; another service ends it."""
    open_ = desk.session
    if open_ and open_.project_no == session.project_no:
        return desk, ()
    desk, before = end(desk, "cancelled", session.at, session.began_s)
    asked = Said("evaluation.invited", session, session.at, _asked(session))
    if session.page == "provincial":
        return _handed_over(desk, session, (*before, asked))
    return replace(desk, session=session), (*before, asked)


def answer(desk: Desk, given: Answer) -> Step:
    """Take a person's answer: of the open session, late, or a session of its own."""
    desk, timed_out = tick(desk, given.at, given.now_s)
    session = desk.session
    if session and given.session_id in (None, session.id):
        elapsed_ms = max(0, round((given.now_s - session.began_s) * 1000))
        told_ms = given.facts.get("dwell_ms")
        facts = {**given.facts, "dwell_ms": elapsed_ms if told_ms is None else told_ms}
        said = Said("evaluation.submitted", session, given.at, facts)
        return _over(desk, said, given.now_s), (*timed_out, said)
    if _is_late(desk.last, given):
        return replace(desk, late=desk.late + 1), timed_out
    own = replace(given.own, trigger="citizen", timeout_s=0)
    asked = Said("evaluation.invited", own, given.at, _asked(own))
    said = Said("evaluation.submitted", own, given.at, given.facts)
    done = _over(desk, said, given.now_s) if session is None else desk
    return done, (*timed_out, asked, said)


def end(desk: Desk, reason: Unrated, at: str, now_s: float) -> Step:
    """The open session, if there is one, ends without an answer."""
    if desk.session is None:
        return desk, ()
    said = Said("evaluation.unrated", desk.session, at, {"reason": reason})
    return _over(desk, said, now_s), (said,)


def tick(desk: Desk, at: str, now_s: float) -> Step:
    """Time passes: an open session past its deadline ends as a timeout."""
    session = desk.session
    if session is None or now_s - session.began_s < session.timeout_s:
        return desk, ()
    return end(desk, "timeout", at, now_s)


def hand_over(desk: Desk, at: str, now_s: float) -> Step:
    """The province's page takes the open session over; what comes of it is not known here."""
    if desk.session is None:
        return desk, ()
    said = Said("evaluation.handed_over", desk.session, at, {"trigger": desk.session.trigger})
    return _over(desk, said, now_s), (said,)


def reading(said: Said, serial: str) -> Reading:
    """What goes to `emit`: its key names the session, so a second copy of an outcome is a duplicate."""
    session = said.session
    facts = {"session_id": session.id, "window_no": session.window_no, **said.facts}
    if said.kind == "evaluation.submitted":
        facts |= {"project_no": session.project_no, "item_code": session.item_code}
    return Reading(said.kind, serial, f"{session.at}|{session.id}", said.at, facts)


def _asked(session: Session) -> dict[str, Fact]:
    return {
        "trigger": session.trigger,
        "page": session.page,
        "timeout_s": session.timeout_s,
        "project_no": session.project_no,
        "item_code": session.item_code,
    }


def _handed_over(desk: Desk, session: Session, before: tuple[Said, ...]) -> Step:
    desk, said = hand_over(replace(desk, session=session), session.at, session.began_s)
    return desk, (*before, *said)


def _over(desk: Desk, said: Said, now_s: float) -> Desk:
    return replace(desk, session=None, last=Ended(said.session.id, said.kind, now_s))


def _is_late(last: Ended | None, given: Answer) -> bool:
    """It repeats an answer that has counted, or comes right after one without naming its session."""
    if last is None or last.kind not in ("evaluation.submitted", "evaluation.handed_over"):
        return False
    return given.session_id == last.id or (given.session_id is None and given.now_s - last.at_s < LATE_S)
