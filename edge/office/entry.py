"""Logging in and out, and the own password: who fails waits longer each time, by account and by address.

One check of a password at a time: each costs 16 MiB and a good part of a second on a mini-PC.
"""

import secrets
from time import monotonic

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.responses import Response

from edge.commands import Refused
from edge.office.accounts import Account, Accounts, Role
from edge.office.audits import Actor, Audits, Result
from edge.office.visit import COOKIE, Frame, Visit, away
from edge.office.waits import Waits
from edge.office.words import told

HOMES: dict[Role, str] = {
    "technician": "/devices",
    "supervisor": "/supervision",
    "auditor": "/audit",
    "window": "/password",
}
"""Where each role arrives."""
SECRET_MAX = 256
FREE_BY_ADDRESS = 20
"""Several people may sit behind one address."""


class Entry:
    """The pages `/`, `/login`, `/logout` and `/password`. Lives in one event loop."""

    def __init__(self, frame: Frame, accounts: Accounts, audits: Audits) -> None:
        self._frame, self._accounts, self._audits = frame, accounts, audits
        self._one = CapacityLimiter(1)
        self.forgive()

    def forgive(self) -> None:
        """Nobody has to wait any more."""
        self._by_name, self._by_address = Waits(), Waits(FREE_BY_ADDRESS)

    async def home(self, visit: Visit) -> Response:
        """To where this role works."""
        return away(HOMES[visit.who.role])

    async def ask(self, visit: Visit) -> Response:
        """The login page; its cookie ties the form to this browser."""
        return self._login_page(visit, "", 200)

    def _login_page(self, visit: Visit, wrong: str, status: int, **values: object) -> Response:
        visit.token, visit.session = visit.token or secrets.token_urlsafe(32), None
        answer = self._frame.shown(visit, "login.html", status, wrong=wrong, values=values)
        _give_cookie(answer, visit.token)
        return answer

    async def enter(self, visit: Visit) -> Response:
        """Somebody sends name and password."""
        name, secret = visit.form.get("name", "").strip()[:64], visit.form.get("password", "")[:SECRET_MAX]
        now_s, address = monotonic(), visit.address
        waits = ((self._by_name, name), (self._by_address, address))
        if left := max(each.left(key, now_s) for each, key in waits):
            return self._login_page(visit, "wait", 429, s=round(left + 0.5))
        account = await self._checked(name, secret)
        if account is None:
            failures = [each.failed(key, now_s) for each, key in waits]
            detail = f"{address} failures={failures[0].times} refused={failures[0].refused}"
            await self._told(name or "?", "unknown", "login", "failed", detail)
            return self._login_page(visit, "wrong", 401)
        self._by_name.passed(name)
        self._frame.sessions.end(visit.token)
        await self._told(account.name, account.role, "login", "done", address)
        answer = away(HOMES[account.role])
        _give_cookie(answer, self._frame.sessions.begin(account, monotonic()))
        return answer

    async def _checked(self, name: str, secret: str) -> Account | None:
        try:
            return await anyio.to_thread.run_sync(self._accounts.check, name, secret, limiter=self._one)
        except Refused:  # the file is unreadable: nobody gets in, the log says why
            return None

    async def leave(self, visit: Visit) -> Response:
        """Log out: the session ends here, not only in the browser."""
        self._frame.sessions.end(visit.token)
        await self._told(visit.who.name, visit.who.role, "logout", "done", visit.address)
        answer = away("/login")
        answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    async def own(self, visit: Visit) -> Response:
        """The page of the own password."""
        return self._frame.shown(visit, "password.html", fault="")

    async def replace(self, visit: Visit) -> Response:
        """Somebody replaces the own password: every session of the account ends, and a new one begins."""
        who, form = visit.who, visit.form
        new = form.get("new", "")[: SECRET_MAX + 1]
        fault = "fault.differ" if new != form.get("again", "") else ""
        now_s, key = monotonic(), f"\0{who.name}"
        if not fault and self._by_name.left(key, now_s):
            fault = "wrong"
        if not fault and await self._checked(who.name, form.get("old", "")[:SECRET_MAX]) is None:
            self._by_name.failed(key, now_s)
            await self._told(who.name, who.role, "account.password", "refused", visit.address)
            fault = "wrong"
        if not fault and (why := await self._taken(who.name, new)):
            fault = why
        if fault:
            return self._frame.shown(visit, "password.html", 400, fault=fault)
        self._frame.sessions.end_all(who.name)
        await anyio.to_thread.run_sync(self._audits.catch_up)
        account = await self._checked(who.name, new)
        answer = away("/password" if who.role == "window" else "/")
        if account is not None:
            token = self._frame.sessions.begin(account, monotonic())
            _give_cookie(answer, token)
            begun = self._frame.sessions.find(token, monotonic())
            if begun is not None:
                begun.lang, begun.notice = who.lang, told(visit.lang, "changed")
        return answer

    async def _taken(self, name: str, new: str) -> str:
        """Why a new password is not taken, as the key of a text, or ""."""
        try:
            why = await anyio.to_thread.run_sync(self._accounts.change, name, new, limiter=self._one)
        except Refused:
            return "stale"
        return f"fault.{why}" if why else ""

    async def _told(self, actor: str, role: Actor, action: str, result: Result, detail: str) -> None:
        await anyio.to_thread.run_sync(self._audits.tell, actor, role, action, "office", result, detail)


def _give_cookie(answer: Response, token: str) -> None:
    answer.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="strict")
