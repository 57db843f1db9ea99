"""All windows with a local code: what a phone may say there, and what becomes of it.

A session is one opening of the page: the edge names it in a ticket and tells us its name; the name is in the
rating's key, so a session has one rating however often it is sent. There is nothing to remember.
"""

import time

from drivers.base import Link, Listener, Observation, Reject, Reply, Request
from drivers.evaluation.door import Evaluator
from drivers.evaluation.session import Answer, Desk, Session, answer, reading
from drivers.kiosk import pages
from drivers.kiosk.said import Nonsense, Rating, rating, wall_clock
from drivers.phone.options import Options as Keys

SERIAL = "phones"


class Phones(Listener, Evaluator):
    """Every phone of the hall; one table of the config."""

    Options = Keys
    by_code = True

    @property
    def serial(self) -> str:
        """One for all: which phone it was is not known, and not asked."""
        return SERIAL

    @property
    def windows(self) -> tuple[str, ...]:
        """The windows that have a code."""
        windows: tuple[str, ...] = self.options.windows
        return windows

    @property
    def patience_s(self) -> float:
        """Nobody has to come."""
        return float("inf")

    @staticmethod
    def identify(request: Request) -> str | None:
        """By the path."""
        return SERIAL if pages.phone_parts(request.path) else None

    def handle(self, request: Request, link: Link) -> Reply:
        """The page, or a rating: of who came in by a code, which the edge has looked at."""
        found = pages.phone_parts(request.path)
        if found is None or request.part != "phone":
            return pages.answer(403, {"error": "unknown"})
        window, _, rest = found
        if request.method in ("GET", "HEAD"):
            return pages.page("q", window, rest, request.headers.get("if-none-match"))
        if (request.method, rest) != ("POST", "rate"):
            return pages.answer(404, {"error": "not here"})
        link.observed(Observation(SERIAL, device_clock=link.now()))  # every time here is by our own clock
        try:
            self._rate(window, rating(request.body), request, link)
        except Nonsense as nonsense:
            link.emit([], link.cursor, rejects=[Reject.frame(f"rating: {nonsense}", request.body)])
            return pages.answer(400, {"error": "rejected"})
        return pages.answer(200, {"state": "taken"})

    def _rate(self, window: str, given: Rating, request: Request, link: Link) -> None:
        """On disk when this returns. What the edge tells with the request: the session, and when it began."""
        now_s = time.monotonic()
        session = Session(request.query["session"], window, request.query["at"], now_s, 0)
        facts = {**given.facts(), "channel": "qr", "dwell_ms": None, "quality_flags": ()}
        told = Answer(wall_clock(request.at), now_s, session, facts, session.id)
        _, said = answer(Desk(), told)
        link.emit([reading(each, SERIAL) for each in said], link.cursor)

    def ordered(self, link: Link) -> None:
        """Nobody can be asked by a code on paper."""
        while order := link.orders(0):
            order.done("unsupported")
