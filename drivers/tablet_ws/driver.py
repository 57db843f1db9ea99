"""One vendor tablet on its line: login, heartbeat, invitation, card, rating, the province's page.

Write first, thank after: a rating that could not be stored is not thanked for, the line ends, and the tablet
says it again. Whoever is not logged in is asked to, and nothing else that it says is heard.
"""

import hmac
import time
from collections.abc import Mapping
from typing import ClassVar

from drivers.base import Fact, Link, Order
from drivers.conversing import Converser, Heard, Voice
from drivers.evaluation.door import Evaluator
from drivers.evaluation.levels import Trigger
from drivers.evaluation.patterns import Nonsense, Told, heard, word
from drivers.evaluation.session import Session
from drivers.tablet_ws.options import WsTabletOptions
from drivers.tablet_ws.window import Window

NONSENSE_MAX = 20
"""After so much that is no message a line is ended."""
USUAL_S = 60
BRING_S = 5.0
"""So long after its login a tablet is given to bring what it holds."""
ASKING: tuple[Trigger, ...] = ("staff", "business_system", "queue")


class WsTablet(Converser, Evaluator):
    """One tablet."""

    Options: ClassVar[type[WsTabletOptions]] = WsTabletOptions
    options: WsTabletOptions

    def __init__(self, options: WsTabletOptions) -> None:
        super().__init__(options)
        self._window = Window(options)
        self._voice: Voice | None = None
        self._about: Mapping[str, str] = {}
        self._since_s, self._nonsense = 0.0, 0
        self._shown: tuple[str, float] | None = None
        """Session and end of a page that is open there; its address is not kept."""

    @property
    def serial(self) -> str:
        """See `Listener`."""
        return self.options.own_serial

    @property
    def address(self) -> str:
        """See `Listener`."""
        return self.options.address

    @property
    def path(self) -> str:
        """See `Converser`."""
        return self.options.path

    @property
    def windows(self) -> tuple[str, ...]:
        """See `Evaluator`."""
        return (self.options.window,)

    @property
    def patience_s(self) -> float:
        """A line that says nothing is found dead before; a tablet that starts anew is given a moment."""
        return 30.0

    @property
    def restless(self) -> bool:
        """Somebody is asked, or shown a page of their own."""
        return self._window.session is not None or self._shown is not None

    def greet(self, voice: Voice, link: Link) -> None:
        """Ask who it is."""
        self._say(voice, "ask_login")

    def gone(self, voice: Voice) -> None:
        """A line ends no session: the tablet comes again, or its time is up."""
        if voice is self._voice:
            self._voice = None

    def hear(self, voice: Voice, text: str, link: Link) -> Heard:
        """See `Converser`."""
        try:
            name, told = self.options.messages.heard(heard(text))
        except Nonsense:
            name, told = "nonsense", {}
        if name == "login":
            return self._logs_in(voice, told, link)
        if voice is not self._voice:
            self._say(voice, "ask_login")
            return "stranger"
        self._window.recall(link)
        match name:
            case "beat":
                self._window.show_clock(link, told.get("clock"))
                self._say(voice, "beat", clock_ms=round(time.time() * 1000), clock_s=round(time.time()))
            case "rating":
                self._rated(voice, told, link)
            case _:
                self._not_understood(voice, name)
        return "known"

    def look(self, link: Link) -> None:
        """An invitation whose time is up is over, and the tablet is told so.

        Not while it is away: it may hold an answer that was given in time, and brings it when it comes again.
        """
        if self._voice is None or time.monotonic() - self._since_s < BRING_S:
            return
        self._window.recall(link)
        if over := self._window.pass_time(link):
            self._say(self._voice, "cancel", session=over.id)
        if self._shown and time.monotonic() >= self._shown[1]:
            self._close_page(self._voice)

    def learn(self, about: Mapping[str, str], link: Link) -> None:
        """See `Converser`: the card of who is on duty goes to the tablet."""
        self._about = about
        if self._voice:
            self._say(self._voice, "card", **about)

    def ordered(self, link: Link) -> None:
        """What the daemon asks in the name of staff, a queue or a business system; never kept for later."""
        while order := link.orders(0):
            order.done(self._obeyed(order, link) if self._voice else "away")

    def show(self, url: str, ttl_s: int, link: Link) -> str:
        """See `Evaluator`."""
        if self._voice is None:
            return "away"
        if "open" not in self.options.messages.says:
            return "unsupported"
        self._window.recall(link)
        if self._window.session or self._shown:
            return "busy"
        session = self._window.ask(link, {}, "business_system", "provincial", ttl_s)
        self._shown = (session.id, time.monotonic() + ttl_s)
        self._say(self._voice, "open", url=url, session=session.id, timeout_s=ttl_s)
        return session.id

    def _logs_in(self, voice: Voice, told: Told, link: Link) -> Heard:
        """A login by name and key; the line that was there before is over."""
        given = (word(told["login"]) or "", word(told["key"]) or "")
        true = (self.options.login, self.options.key())
        fits = [
            hmac.compare_digest(_bytes(one), _bytes(other)) for one, other in zip(given, true, strict=True)
        ]
        if not all(fits):
            self._say(voice, "wrong_login")
            voice.hang_up()
            return "forged"
        if self._voice is not None and self._voice is not voice:
            self._voice.hang_up()
        self._voice, self._since_s, self._nonsense = voice, time.monotonic(), 0
        self._window.show_clock(link, told.get("clock"))
        self._window.recall(link)
        self._say(voice, "logged_in")
        if self._about:
            self._say(voice, "card", **self._about)
        if session := self._window.session:
            self._invite(voice, session)
        return "known"

    def _rated(self, voice: Voice, told: Told, link: Link) -> None:
        self._window.show_clock(link)
        outcome = self._window.rate(link, told)
        echo: dict[str, Fact] = {name: told.get(name) for name in ("id", "session")}
        self._say(voice, "refused" if outcome == "refused" else "thanks", **echo)

    def _not_understood(self, voice: Voice, name: str) -> None:
        self._nonsense += 1
        self._say(voice, name or "unknown")
        if self._nonsense >= NONSENSE_MAX:
            voice.hang_up()

    def _obeyed(self, order: Order, link: Link) -> str:
        """What an order is answered with; the tablet is there."""
        voice, about = self._voice, order.about
        assert voice is not None  # noqa: S101 - see `ordered`
        self._window.recall(link)
        match order.name:
            case "invite" if self._shown:
                return "busy"
            case "invite":
                trigger, wait_s = _trigger(about.get("trigger")), self._wait_s(about.get("timeout_s"))
                session = self._window.ask(link, about, trigger, "local", wait_s)
                self._invite(voice, session)
                return session.id
            case "cancel" if self._shown:
                self._close_page(voice)
                return "done"
            case "cancel":
                session_id = self._window.session.id if self._window.session else ""
                if not self._window.end(link, "cancelled"):
                    return "nothing is asked there"
                self._say(voice, "cancel", session=session_id)
                return "done"
            case "welcome":
                self._say(voice, "welcome")
                return "done"
        return "unsupported"

    def _close_page(self, voice: Voice) -> None:
        """The page of one citizen has had its time."""
        if self._shown:
            self._say(voice, "cancel", session=self._shown[0])
        self._shown = None

    def _invite(self, voice: Voice, session: Session) -> None:
        about = {"project_no": session.project_no, "item_code": session.item_code}
        self._say(voice, "invite", session=session.id, timeout_s=session.timeout_s, **about)

    def _wait_s(self, asked: str | None) -> int:
        """How long an invitation waits: as asked, as configured, as the profile says."""
        for told in (asked, self.options.timeout_s or None, self._about.get("timeout_s")):
            if told and str(told).isdecimal() and 3 <= int(told) <= 600:
                return int(told)
        return USUAL_S

    def _say(self, voice: Voice, message: str, /, **values: Fact) -> None:
        if (text := self.options.messages.said(message, values)) is not None:
            voice.say(text)


def _trigger(told: str | None) -> Trigger:
    return next((each for each in ASKING if each == told), "staff")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
