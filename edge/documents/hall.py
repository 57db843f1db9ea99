"""The documents and sign-ons of one running hall: what others ask them, and what a person may order."""

import logging
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from edge.attention import Attention
from edge.catalogue.documents import ConfigApplied
from edge.clock.clock import WallClock
from edge.commands import Arguments, Commands, Refused
from edge.documents.documents import Documents
from edge.documents.pictures import Picture, picture, stamp
from edge.documents.posts import Duty, on_duty
from edge.documents.shapes import NAMES
from edge.documents.sign_ons import SignOns
from edge.duty.clocks import audit
from edge.events import own_event
from edge.store import Store

LOG = logging.getLogger(__name__)


class Hall:
    """What is known of the hall itself."""

    def __init__(self, folder: str, store: Store, clock: WallClock) -> None:
        """folder: of the documents, "" = none; what is kept stands beside the database."""
        self._store, self._clock = store, clock
        state = store.path.parent
        self._folder = Path(folder) if folder else None
        self.documents = Documents(self._folder, state, clock.text, self._today, self._tell)
        self.sign_ons = SignOns(state)
        self.look()

    def look(self) -> None:
        """Take documents that have changed; called every second by main, which no document may end."""
        try:
            self.documents.look()
        except Exception as error:  # noqa: BLE001 - the last good copies stay in force
            LOG.error("the documents cannot be looked at: %r", error)

    def on_duty(self, window_no: str, at: datetime) -> Duty:
        """Who was at a window at a moment (with zone)."""
        return on_duty(window_no, at, self._clock.zone(""), self.sign_ons.all(), self.documents.held)

    def picture(self, name: str | None) -> Picture | None:
        """A picture beside the documents."""
        return picture(self._folder, name)

    def stamp(self, name: str | None) -> str | None:
        """Names its present content; None where there is none."""
        return stamp(self._folder, name)

    def attention(self) -> tuple[Attention, ...]:
        """Documents that were refused."""
        return self.documents.attention()

    @property
    def commands(self) -> Commands:
        """What a person may order."""
        return {"documents": self._told, "sign-on": self._sign_on, "sign-off": self._sign_off}

    def _today(self) -> date:
        """While nobody vouches for our clock, every day counts as over: nothing is taken away."""
        return self._clock.now().date() if self._clock.trusted() else date.max

    def _tell(self, told: ConfigApplied) -> None:
        moment = self._clock.now()
        revision = int(moment.timestamp() * 1000)
        self._store.add(own_event("config.applied", self._store.tip.epoch, told.doc, revision, moment, told))

    def _told(self, _arguments: Arguments) -> str:
        """Which version of each document is in force."""
        self.documents.look()
        return ", ".join(f"{name} {self.documents.version(name) or '-'}" for name in NAMES)

    def _sign_on(self, arguments: Arguments) -> str:
        """Somebody of the staff is at a window from now on."""
        window, staff_no = arguments.get("window", ""), arguments.get("staff_no", "")
        held = self.documents.held
        staff = held.staff.get(staff_no)
        if not window or not staff_no or (held.staff and (staff is None or not staff.active)):
            raise Refused(f"{window} {staff_no}: 花名册中没有这个工号 / no such staff number in the roster")
        what = f"{window} {staff_no}"
        return self._signed("sign-on", lambda at: self.sign_ons.add(window, staff_no, at), what, arguments)

    def _sign_off(self, arguments: Arguments) -> str:
        """Nobody has signed on at a window from now on."""
        window = arguments.get("window", "")
        if not window:
            raise Refused("window?")
        return self._signed("sign-off", lambda at: self.sign_ons.add(window, "", at), window, arguments)

    def _signed(self, action: str, sign: Callable[[datetime], None], what: str, arguments: Arguments) -> str:
        """actor: who orders it by the command line; the desk's own page tells the audit itself."""
        try:
            sign(self._clock.now())
        except OSError as error:
            raise Refused(f"无法保存 / cannot be kept: {error}") from error
        if actor := arguments.get("actor"):
            audit(self._store, self._clock, actor, action, what, "done", "")
        return what
