"""Citizens at a window's tablet, without a browser: they pair it, wait to be asked, rate; some rate unasked.

As on the page, a rating waits in the tablet until the daemon has vouched for it; `emitted` counts what was
put there. The window's staff ask by the desk's own page.
"""

import http.client
import random
import secrets
import threading
from collections.abc import Callable
from datetime import datetime

from tests.sim.tablet import Tablet

LEVELS = ("very_satisfied", "satisfied", "basically_satisfied", "dissatisfied", "very_dissatisfied")
TAGS = {"very_satisfied": ["517"], "very_dissatisfied": ["115"]}
ROUND_S = 0.4
INVITE_EVERY = 6
"""Rounds from one invitation to the next."""
TIMEOUT_S = 5
PROMPT, UNASKED = 0.5, 0.04
"""How likely it is in a round that who is asked answers, and that somebody rates unasked."""
Code = Callable[[str], str]
"""A one-time code for a part, as a technician gets it."""


class Citizens:
    """Those of one window. code: as `Code`; called when they begin."""

    def __init__(self, port: int, window: str, code: Code) -> None:
        serial = f"kiosk-{window}"
        self.tablet, self._desk = Tablet(port, f"/k/{window}/", serial), Tablet(port, f"/w/{window}/", serial)
        self._code, self.emitted = code, 0
        self._waiting: list[dict[str, object]] = []
        self._answered = ""

    def live(self, stop: threading.Event) -> None:
        """Until `stop`, and then until the tablet holds nothing any more."""
        for page, part in ((self.tablet, "tablet"), (self._desk, "desk")):
            self._pair(page, part, stop)
        rounds = 0
        while not stop.wait(ROUND_S):
            if rounds % INVITE_EVERY == 0:
                self._quietly(lambda: self._desk.send("POST", "invite", {"timeout_s": TIMEOUT_S}))
            self._quietly(self._round)
            rounds += 1
        for _ in range(100):
            self._quietly(self._bring)
            if not self._waiting:
                return

    def _pair(self, page: Tablet, part: str, stop: threading.Event) -> None:
        """Once the port listens; a code that was not taken leaves the page without a key."""
        while not page.key and not stop.wait(ROUND_S):
            self._quietly(lambda: page.pair(self._code(part)))

    def _round(self) -> None:
        """One call of the page: what should it show? Perhaps somebody taps."""
        told = self.tablet.send("POST", "state", {"version": "demo", "queue": len(self._waiting)})
        session = told.said.get("session")
        if isinstance(session, dict) and session["id"] != self._answered and random.random() < PROMPT:
            self._answered = str(session["id"])
            self._rate({"id": session["id"], "at": session["at"]})
        elif random.random() < UNASKED:
            self._rate(None)
        self._bring()

    def _rate(self, session: dict[str, object] | None) -> None:
        level, at = random.choice(LEVELS), _clock()
        self._waiting.append(
            {
                "id": secrets.token_hex(16),
                "session": session,
                "level": level,
                "tags": TAGS.get(level, []),
                "comment": None,
                "at": at,
            }
        )
        self.emitted += 1

    def _bring(self) -> None:
        for rating in list(self._waiting):
            sent = _clock()
            answer = self.tablet.send("POST", "rate", {**rating, "sent": sent})
            if answer.vouched and answer.status == 200:
                self._waiting.remove(rating)

    @staticmethod
    def _quietly(act: Callable[[], object]) -> None:
        """What does not get through is tried again in the next round."""
        try:
            act()
        except (OSError, http.client.HTTPException, ValueError):
            return


def _clock() -> str:
    """The tablet's, naive."""
    return datetime.now().astimezone().replace(tzinfo=None).isoformat(timespec="seconds")
