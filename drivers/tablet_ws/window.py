"""The window a tablet stands at: what it says becomes sessions and ratings, on disk before it counts.

All times that are told are those of the tablet's clock, as far as it tells one: an invitation of ours is told
in the same clock. A rating is remembered by its name, so that a copy of it begins no session.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from drivers.base import Link, Observation, Reading, Reject
from drivers.evaluation.levels import Page, Trigger, Unrated
from drivers.evaluation.memory import read, written
from drivers.evaluation.patterns import Told
from drivers.evaluation.session import (
    Answer,
    Desk,
    Said,
    Session,
    answer,
    end,
    invite,
    reading,
    tick,
)
from drivers.evaluation.vendor import UNKNOWN, Rating, moment, named, own_session, rating
from drivers.tablet_ws.options import WsTabletOptions

NAMES_KEPT = 200
EARLY = timedelta(seconds=5)
"""A rating may seem so much older than the invitation it answers: clocks show whole seconds."""
Outcome = Literal["taken", "again", "none", "refused"]


class Window:
    """One window, over the lines to its tablet."""

    def __init__(self, options: WsTabletOptions) -> None:
        self._options, self.serial = options, options.own_serial
        self._desk, self._names, self._known = Desk(), list[str](), False
        self._ahead: timedelta | None = None if options.tells_time else timedelta()
        self._unknown = set[str]()
        self._copies = 0

    @property
    def session(self) -> Session | None:
        """Who is asked now."""
        return self._desk.session

    def recall(self, link: Link) -> None:
        """At the first word of a life: the state of the last."""
        if not self._known:
            self._desk, kept = read(link.cursor, time.monotonic())
            self._names = [str(each) for each in kept.get("names", [])]
            self._known = True

    def show_clock(self, link: Link, clock: object = None) -> None:
        """Tell the Link who it is, and its clock where it told that."""
        shown = moment(clock, self._options.utc_offset_minutes)
        if self._options.tells_time:
            if shown:
                self._ahead = datetime.fromisoformat(shown) - datetime.fromisoformat(link.now())
        else:
            shown = link.now()
        notes = {"level_unknown": str(len(self._unknown))} if self._unknown else {}
        counts = {"late": self._desk.late, "copies": self._copies}
        link.observed(Observation(self.serial, "tablet", device_clock=shown, counts=counts, notes=notes))

    def ask(self, link: Link, about: Mapping[str, str], trigger: Trigger, page: Page, wait_s: int) -> Session:
        """Somebody is asked to rate; the session that is open then, or was handed over."""
        session = Session(
            id=str(uuid4()),
            window_no=self._options.window,
            at=self._now(link),
            began_s=time.monotonic(),
            timeout_s=wait_s,
            trigger=trigger,
            page=page,
            project_no=about.get("project_no") or None,
            item_code=about.get("item_code") or None,
        )
        self._take(link, *invite(self._desk, session))
        return self._desk.session or session

    def end(self, link: Link, why: Unrated) -> bool:
        """The open session ends without a rating; whether there was one."""
        open_ = self._desk.session is not None
        self._take(link, *end(self._desk, why, self._now(link), time.monotonic()))
        return open_

    def pass_time(self, link: Link) -> Session | None:
        """The session whose time is up, if one is."""
        before = self._desk.session
        self._take(link, *tick(self._desk, self._now(link), time.monotonic()))
        return before if self._desk.session is None else None

    def rate(self, link: Link, told: Told) -> Outcome:
        """A rating as the tablet tells it; what is «again» was stored before."""
        given = rating(told, self._options, self.serial, self._now(link))
        if given is None:
            self.end(link, "timeout")
            return "none"
        if isinstance(given, Reject):
            return self._refuse(link, given)
        if given.name in self._names:
            self._copies += 1
            return "again"
        own = own_session(given, self._options.window, time.monotonic())
        answered = self._answered(given)
        desk, said = answer(
            self._desk, Answer(given.at, self._moment_s(given, answered), own, given.facts, answered)
        )
        names = [*self._names, given.name][-NAMES_KEPT:]
        self._take(link, desk, said, names, given)
        return "taken"

    def _refuse(self, link: Link, given: Reject) -> Outcome:
        link.emit([], link.cursor, rejects=[given])
        if given.reason == UNKNOWN:
            self._unknown.add(given.sha256)
        return "refused"

    def _answered(self, given: Rating) -> str | None:
        """Which session a rating is of: the one it names; the open one, unless it is older; else its own."""
        session = self._desk.session
        if given.session or session is None:
            return given.session or given.name
        early = datetime.fromisoformat(given.at) < datetime.fromisoformat(session.at) - EARLY
        return given.name if given.told_at and early else None

    def _moment_s(self, given: Rating, answered: str | None) -> float:
        """When it was given, on the clock deadlines are counted on: it may have been brought much later."""
        session, now_s = self._desk.session, time.monotonic()
        if session is None or not given.told_at or answered not in (None, session.id):
            return now_s
        took = datetime.fromisoformat(given.at) - datetime.fromisoformat(session.at)
        return min(now_s, session.began_s + max(0.0, took.total_seconds()))

    def _take(
        self,
        link: Link,
        desk: Desk,
        said: tuple[Said, ...],
        names: list[str] | None = None,
        given: Rating | None = None,
    ) -> None:
        """What is said goes to disk together with the state it leads to; only then is that the state."""
        names = self._names if names is None else names
        if said or names != self._names:
            told = [self._reading(each, given) for each in said]
            link.emit(told, written(desk, names=names))
        self._desk, self._names = desk, names

    def _reading(self, said: Said, given: Rating | None) -> Reading:
        if given is None:
            return reading(said, self.serial)
        return named(said, given, self._options, self.serial)

    def _now(self, link: Link) -> str:
        """This moment, by the tablet's clock."""
        ours = datetime.fromisoformat(link.now())
        return (ours + (self._ahead or timedelta())).replace(microsecond=0).isoformat()
