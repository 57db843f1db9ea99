"""The window's door: `hall` for every page, `picture` for the tablet, `sign-on` and `sign-off` for the desk.

The rest is the driver's.

Whoever signs on proves it by staff number and PIN, an account of the role `window`; who fails waits longer
each time. Its own room of accounts is loaded at the first sign-on.
"""

import re
import threading
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec

from drivers.base import Reply, Request
from edge.clock.clock import WallClock
from edge.commands import Refused
from edge.device.receiver import Receiver
from edge.documents.hall import Hall
from edge.documents.shapes import EvaluationProfile
from edge.duty.clocks import Result, Role, audit
from edge.evaluation.tags import in_force
from edge.store import Store
from edge.windows.shown import card, page, pictures, shown
from edge.windows.systems import Systems

JSON = {"Content-Type": "application/json"}
STAFF = ("tablet", "desk")
"""The parts that are shown who is on duty."""
BUSY_S = 2.0
"""So long a sign-on waits for others: the threads of the port are for ratings."""
STAFF_NO = re.compile(r"[A-Za-z0-9_.-]{1,32}")
WRONG = "工号或 PIN 不对 / wrong staff number or PIN"
WAIT = "请稍后再试"
"""Said before anything was looked at."""


class Windows:
    """Of one hall; any thread may call. folder: where the accounts are; name: of the hall."""

    def __init__(self, hall: Hall, name: str, folder: Path, store: Store, clock: WallClock) -> None:
        self._hall, self._name, self._folder = hall, name, folder
        self._store, self._clock = store, clock
        self.systems: Systems | None = None
        """What queue and business systems may ask; None: nothing."""
        self._one = threading.Lock()
        self._check: Callable[[str, str], str] | None = None

    def serve(self, receiver: Receiver, request: Request) -> Reply:
        """The answer to a request at `/k/{window}/…`: ours, or the driver's, who is told of the hall."""
        if not request.part:
            return receiver.serve(request)
        _, _, window, word = request.path.split("/", 3)
        if word == "hall" and request.part in STAFF:
            return self._shown(window, request.part)
        if word == "picture" and request.part == "tablet":
            return self._picture(window, request)
        if word in ("sign-on", "sign-off") and request.part == "desk":
            return self._signed(window, word, request)
        profile = self._hall.documents.held.profile or EvaluationProfile(version=1)
        told = {"page": page(profile, window), "timeout_s": str(profile.timeout_s)}
        return receiver.serve(replace(request, query=told))

    def about(self, window: str) -> dict[str, str]:
        """What a tablet that is no page of ours may know of its window."""
        held = self._hall.documents.held
        profile = held.profile or EvaluationProfile(version=1)
        staff = card(self._hall.on_duty(window, self._clock.now()).staff_no, held) or {}
        return {"window": window, "hall": self._name, "timeout_s": str(profile.timeout_s), **staff}

    def _shown(self, window: str, part: str) -> Reply:
        held = self._hall.documents.held
        duty = self._hall.on_duty(window, self._clock.now())
        told = shown(self._name, window, duty.staff_no, held, in_force(held.profile))
        if part == "tablet":
            names = pictures(window, duty.staff_no, held)
            told["pictures"] = {of: self._hall.stamp(name) for of, name in names.items()}
        return _said(200, told)

    def _picture(self, window: str, request: Request) -> Reply:
        """A picture a tablet shows, with the stamp it was told."""
        duty = self._hall.on_duty(window, self._clock.now())
        try:
            of = msgspec.json.decode(request.body, type=dict[str, str]).get("of", "")
        except (msgspec.MsgspecError, UnicodeError):
            return _said(400, {"error": "no JSON"})
        name = pictures(window, duty.staff_no, self._hall.documents.held).get(of)
        stamp, found = self._hall.stamp(name), self._hall.picture(name)
        if stamp is None or found is None:
            return _said(404, {"error": "not here"})
        data = f"data:{found.type};base64,{b64encode(found.content).decode()}"
        return _said(200, {"stamp": stamp, "data": data})

    def _signed(self, window: str, word: str, request: Request) -> Reply:
        """Somebody signs on, or whoever is there signs off."""
        try:
            told = msgspec.json.decode(request.body or b"{}", type=dict[str, str])
        except (msgspec.MsgspecError, UnicodeError):
            return _said(400, {"error": "no JSON"})
        staff_no = told.get("staff_no", "")
        if staff_no and not STAFF_NO.fullmatch(staff_no):
            return _said(403, {"error": WRONG})  # it is nobody's, and goes into no audit
        why = self._proved(staff_no, told.get("pin", "")[:32]) if word == "sign-on" else ""
        if why.startswith(WAIT):  # who guesses must not fill the log
            return _said(403, {"error": why})
        if not why:
            try:
                self._hall.commands[word]({"window": window, "staff_no": staff_no})
            except Refused as refused:
                why = str(refused)
        result: Result = "refused" if why else "done"
        role: Role = "unknown" if why else "window"
        audit(self._store, self._clock, staff_no or "?", word, window, result, request.peer, role)
        return _said(403, {"error": why}) if why else _said(200, {})

    def _proved(self, staff_no: str, pin: str) -> str:
        """Why it is not this person, or ""; one at a time: a check costs memory; none waits long."""
        if not self._one.acquire(timeout=BUSY_S):
            return f"{WAIT} / busy, try again"
        try:
            if self._check is None:
                self._check = checking(self._folder, self._clock)
            return self._check(staff_no, pin)
        finally:
            self._one.release()


def checking(folder: Path, clock: WallClock) -> Callable[[str, str], str]:
    """Looks at staff number and PIN; loads the room of the accounts."""
    from edge.office.accounts import Accounts
    from edge.office.waits import Waits

    accounts, waits = Accounts(folder, clock.text), Waits()

    def check(staff_no: str, pin: str) -> str:
        if left := waits.left(staff_no, monotonic()):
            return f"{WAIT} ({left:.0f} 秒) / try again in {left:.0f} s"
        try:
            account = accounts.check(staff_no, pin)
        except Refused as refused:
            return str(refused)
        if account is None or account.role != "window":
            waits.failed(staff_no, monotonic())
            return WRONG
        waits.passed(staff_no)
        return ""

    return check


def _said(status: int, values: dict[str, Any]) -> Reply:
    return Reply(status, msgspec.json.encode(values), JSON)
