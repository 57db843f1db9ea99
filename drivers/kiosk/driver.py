"""One window: what its tablet, its desk and the queue system may say, and what becomes of it.

The state moves only after `emit` returned; it is in the same commit as the outcome, so a kill at any moment
loses no rating and counts none twice. The desk may ask, cancel and pause; it cannot rate, and is never told
a level. That nobody answered is said only after the tablet was heard (`waiting`).
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from drivers.base import Link, Listener, Observation, Reject, Reply, Request
from drivers.evaluation.door import Evaluator
from drivers.evaluation.levels import Page, Trigger
from drivers.evaluation.session import (
    Answer,
    Desk,
    Said,
    Session,
    answer,
    end,
    hand_over,
    invite,
    reading,
    tick,
)
from drivers.kiosk import pages
from drivers.kiosk.memory import read, written
from drivers.kiosk.observed import observation
from drivers.kiosk.options import Options as Keys
from drivers.kiosk.personal import Personal
from drivers.kiosk.said import (
    Nonsense,
    Rating,
    over,
    rating,
    service,
    state,
    timeout,
    told,
    trigger_of,
    wall_clock,
)
from drivers.kiosk.waiting import Waiting, ended, heard, pass_on

LOG = logging.getLogger(__name__)
OBSERVED_S = 25.0
HERE_S = 40.0
"""A tablet that called within this is there."""
Way = Callable[[Request, Link], dict[str, Any]]


class Kiosk(Listener, Evaluator):
    """One window with our own page."""

    Options = Keys
    proves_itself = True

    def __init__(self, options: Keys) -> None:
        super().__init__(options)
        self._window, self._own_timeout = options.window, options.timeout_s
        self._desk, self._paused, self._known = Desk(), False, False
        self._waiting, self._shown_id = Waiting(), ""
        self._seen_s: float | None = None
        self._observed = (-OBSERVED_S, "")
        self._page: Page = "local"
        self._timeout: object = None
        self._personal = Personal()

    @property
    def serial(self) -> str:
        """Names the window: a tablet is known by its key, and may be replaced at any time."""
        return f"kiosk-{self._window}"

    @property
    def windows(self) -> tuple[str, ...]:
        """Its window."""
        return (self._window,)

    @property
    def patience_s(self) -> float:
        """The page calls every two seconds; a tablet that starts anew takes its time."""
        return 90.0

    @staticmethod
    def identify(request: Request) -> str | None:
        """The window is in the path."""
        found = pages.parts(request.path)
        return f"kiosk-{found[1]}" if found else None

    def handle(self, request: Request, link: Link) -> Reply:
        """A file of the pages for anybody; all else for who has signed."""
        kind, window, rest = pages.parts(request.path) or ("k", self._window, "")
        if request.method in ("GET", "HEAD"):
            return pages.page(kind, window, rest, request.headers.get("if-none-match"))
        ways: dict[str, dict[str, Way]] = {
            "tablet": {"state": self._state, "rate": self._rate, "handed": self._handed},
            "desk": {
                "desk": self._desk_state,
                "invite": self._invite,
                "cancel": self._cancel,
                "pause": self._pause,
            },
            "system": {"invite": self._invite, "cancel": self._cancel},
        }
        if request.method != "POST" or not request.part:
            return pages.answer(401, {"error": "unknown"})
        way = ways.get(request.part, {}).get(rest)
        if way is None:
            return pages.answer(403, {"error": "not yours"})
        self._recall(link)
        self._hear_of_the_hall(request.query)
        self._take(link, *tick(self._desk, wall_clock(request.at), time.monotonic()))
        try:
            return pages.answer(200, way(request, link))
        except Nonsense as nonsense:
            return pages.answer(400, {"error": str(nonsense)})

    def ordered(self, link: Link) -> None:
        """What the daemon asks in the name of staff, a queue or a business system."""
        self._recall(link)
        self._take(link, *tick(self._desk, link.now(), time.monotonic()))
        while order := link.orders(0):
            match order.name:
                case "invite" if self._paused:
                    order.done("paused")
                case "invite":
                    about = order.about
                    order.done(
                        self._asked(link, link.now(), about, trigger_of(about.get("trigger"), "order"))
                    )
                case "cancel":
                    self._take(link, *end(self._desk, "cancelled", link.now(), time.monotonic()))
                    order.done("done")
                case _:
                    order.done("unsupported")

    def show(self, url: str, ttl_s: int, link: Link) -> str:
        """See `Evaluator`: the tablet, which calls every two seconds, is told with its session."""
        self._recall(link)
        self._take(link, *tick(self._desk, link.now(), time.monotonic()))
        if not self._here():
            return "away"
        if self._paused or self._desk.session:
            return "paused" if self._paused else "busy"
        session_id = self._asked(link, link.now(), {"timeout_s": ttl_s}, "business_system", "provincial")
        self._personal.put(session_id, url, ttl_s)
        return session_id

    def _state(self, request: Request, link: Link) -> dict[str, Any]:
        """The tablet calls: who it is, and what it should show."""
        said, now_s = state(request.body), time.monotonic()
        self._seen_s = now_s
        seen = observation(said, self.serial, self._desk.late, link.now(), request.at)
        told = f"{seen.counts} {seen.notes.keys()} {seen.firmware}"
        if now_s - self._observed[0] >= OBSERVED_S or told != self._observed[1]:
            link.observed(seen)
            self._observed = (now_s, told)
        holds = said.holds
        if holds is None:
            holds = () if not said.queue else tuple(each.session.id for each in self._waiting.held)
        self._say(link, self._desk, *heard(self._waiting, holds))
        open_ = self._desk.session
        if open_ and open_.page != self._page == "local" and not self._personal.of(open_.id):
            self._take(link, *end(self._desk, "device_error", wall_clock(request.at), now_s))
        self._shown_id = self._desk.session.id if self._desk.session else self._shown_id
        voice = self.options.voice is True
        return {"session": self._shown(), "paused": self._paused, "version": pages.version(), "voice": voice}

    def _shown(self) -> dict[str, Any] | None:
        session = self._desk.session
        told = {"id": session.id, "at": session.at, "page": session.page} if session else None
        return told | self._personal.of(told["id"]) if told else None

    def _rate(self, request: Request, link: Link) -> dict[str, Any]:
        """A citizen's answer, now or from the tablet's queue. «rejected»: no sense in it; it is put aside."""
        try:
            given = rating(request.body)
        except Nonsense as nonsense:
            link.emit([], link.cursor, rejects=[Reject.record(f"rating: {nonsense}", request.body)])
            return {"state": "rejected"}
        if self._observed[0] < 0:
            link.observed(Observation(self.serial, device_clock=link.now()))
        at = wall_clock(request.at - given.ago)
        if waits := self._waiting.find(given.session):
            said = Said("evaluation.submitted", waits, at, given.facts())
            self._say(link, self._desk, *ended(self._waiting, said))
            return {"state": "taken"}
        late = self._desk.late
        self._take(link, *answer(self._desk, self._answer(given, at)))
        if self._desk.late == late:
            return {"state": "taken"}
        LOG.info("%s: a late answer", self.serial)
        return {"state": "late"}

    def _answer(self, given: Rating, at: str) -> Answer:
        """What answers no open session becomes its own, under a name that a repetition has too."""
        asked = given.session and given.session not in self._waiting.over
        own = Session(
            id=given.session if asked else given.id,
            window_no=self._window,
            at=given.session_at if asked else given.at,
            began_s=time.monotonic(),
            timeout_s=0,
            page="local",
        )
        return Answer(at, time.monotonic(), own, given.facts(), own.id)

    def _handed(self, request: Request, link: Link) -> dict[str, Any]:
        """The citizen opened the province's page, asked or not."""
        asked, at = over(request.body), wall_clock(request.at)
        session = self._desk.session
        if waits := self._waiting.find(asked):
            said = Said("evaluation.handed_over", waits, at, {"trigger": waits.trigger})
            self._say(link, self._desk, *ended(self._waiting, said))
        elif not asked or (session and session.id == asked):
            if session is None and self._page == "provincial":
                self._asked(link, at, {}, "citizen")
            self._take(link, *hand_over(self._desk, at, time.monotonic()))
        return {}

    def _desk_state(self, _request: Request, _link: Link) -> dict[str, Any]:
        """What the staff may know: whether somebody is asked, and whether the tablet is there."""
        return {"session": self._desk.session is not None, "paused": self._paused, "tablet": self._here()}

    def _here(self) -> bool:
        return self._seen_s is not None and time.monotonic() - self._seen_s < HERE_S

    def _invite(self, request: Request, link: Link) -> dict[str, Any]:
        about = told(request.body)
        if self._paused:
            raise Nonsense("paused")
        trigger = trigger_of(about.get("trigger"), request.part)
        return {"session_id": self._asked(link, wall_clock(request.at), about, trigger)}

    def _asked(
        self, link: Link, at: str, about: Mapping[str, Any], trigger: Trigger, page: Page | None = None
    ) -> str:
        """Ask; the session's id. The province's page is not handed over before the citizen opens it."""
        project_no, item_code = service(about)
        session = Session(
            id=str(uuid4()),
            window_no=self._window,
            at=at,
            began_s=time.monotonic(),
            timeout_s=timeout(about.get("timeout_s"), self._own_timeout or None, self._timeout),
            trigger=trigger,
            page=page or self._page,
            project_no=project_no,
            item_code=item_code,
        )
        desk, said = invite(self._desk, session)
        if said and session.page == "provincial":
            desk, said = replace(desk, session=session), said[:-1]
        self._take(link, desk, said)
        return self._desk.session.id if self._desk.session else session.id

    def _cancel(self, request: Request, link: Link) -> dict[str, Any]:
        self._take(link, *end(self._desk, "cancelled", wall_clock(request.at), time.monotonic()))
        return {}

    def _pause(self, request: Request, link: Link) -> dict[str, Any]:
        """Pause or resume; whoever was asked is not any more."""
        paused = told(request.body).get("on") is True
        if paused:
            self._take(link, *end(self._desk, "cancelled", wall_clock(request.at), time.monotonic()))
        link.emit([], written(self._desk, paused, self._waiting))
        self._paused = paused
        return {}

    def _take(self, link: Link, desk: Desk, said: tuple[Said, ...]) -> None:
        """A step of the window; what the tablet has to be heard about first is kept back."""
        self._say(link, desk, *pass_on(self._waiting, said, self._shown_id))

    def _say(self, link: Link, desk: Desk, waiting: Waiting, said: tuple[Said, ...]) -> None:
        """What is said goes to disk together with the state it leads to; only then is that the state."""
        if said or waiting != self._waiting:
            told = [reading(each, self.serial) for each in said]
            link.emit(told, written(desk, self._paused, waiting))
        self._desk, self._waiting = desk, waiting
        self._personal.keep(desk.session.id if desk.session else "")

    def _recall(self, link: Link) -> None:
        """At the first word of a life: the state of the last."""
        if not self._known:
            self._desk, self._paused, self._waiting = read(link.cursor, time.monotonic())
            self._shown_id = self._desk.session.id if self._desk.session else ""
            self._known = True

    def _hear_of_the_hall(self, told: Mapping[str, str]) -> None:
        """What the edge knows of the evaluation profile comes with each request."""
        self._page = "provincial" if told.get("page") == "provincial" else "local"
        self._timeout = told.get("timeout_s")
