"""One request to the people's pages: who makes it, in which language, with which form; and who may.

`entered` is the one gate: a page says which roles it is for, nothing gets past it without a live session of
such a role, and no form without the token of that session.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import NamedTuple
from urllib.parse import parse_qsl

import anyio
from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from edge.office.accounts import Role
from edge.office.sessions import Session, Sessions
from edge.office.words import named, told
from edge.words import Lang, pick_language

COOKIE = "__Host-office"
ANYBODY: frozenset[Role] = frozenset()
"""The page needs no session."""
FORM_MAX, FIELDS_MAX = 16 << 10, 40
FORM_S = 10.0


@dataclass(slots=True)
class Visit:
    """One request. token: of the cookie, "" for none; session: None where nobody is logged in."""

    request: Request
    token: str
    session: Session | None
    lang: Lang
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def who(self) -> Session:
        """Whoever is logged in, on a page that needs it."""
        assert self.session is not None  # noqa: S101 - `entered` let nobody else in
        return self.session

    @property
    def address(self) -> str:
        """Where it comes from."""
        return self.request.client.host if self.request.client else "?"


Handler = Callable[[Visit], Awaitable[Response]]


class Page(NamedTuple):
    """A page: `roles` may GET it, and POST it where it takes forms. fresh: also before the first password.

    form_max, fields_max: bytes and fields of its form.
    """

    path: str
    roles: frozenset[Role]
    show: Handler
    take: Handler | None = None
    fresh: bool = False
    form_max: int = FORM_MAX
    fields_max: int = FIELDS_MAX


class Frame:
    """What all pages share: sessions and templates."""

    def __init__(self, sessions: Sessions, templates: Environment, hall: str) -> None:
        self.sessions, self._templates, self._hall = sessions, templates, hall

    def shown(self, visit: Visit, template: str, status: int = 200, **values: object) -> Response:
        """A template, filled in for this visit."""
        session, lang = visit.session, visit.lang
        words: dict[str, object] = {
            "lang": lang,
            "say": lambda key, **given: told(lang, key, **given),
            "named": lambda kind, name: named(lang, kind, name),
            "hall": self._hall,
            "who": session,
            "form_token": self.sessions.form_token(visit.token),
            "notice": session.notice if session else "",
            "notice_good": session.notice_good if session else True,
            "path": visit.request.url.path,
        }
        if session:
            session.notice = ""
        return HTMLResponse(self._templates.get_template(template).render({**words, **values}), status)

    def endpoint(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """The gate of a page."""

        async def entered(request: Request) -> Response:
            token = request.cookies.get(COOKIE, "")
            session = self.sessions.find(token, monotonic())
            visit = Visit(request, token, session, _language(request, session))
            if page.roles and session is None:
                return away("/login")
            if page.roles and session and session.role not in page.roles:
                return self.shown(visit, "refused.html", 403, why="forbidden")
            if session and session.fresh and page.roles and not page.fresh:
                return away("/password")
            if request.method != "POST" or page.take is None:
                return await page.show(visit)
            visit.form = await _form(request, page.form_max, page.fields_max)
            if not self.sessions.came_from_us(token, visit.form.get("token", "")):
                return self.shown(visit, "refused.html", 403, why="stale")
            return await page.take(visit)

        return entered


def away(path: str) -> Response:
    """Go there with a GET."""
    return RedirectResponse(path, 303)


async def _form(request: Request, form_max: int, fields_max: int) -> dict[str, str]:
    """The fields of a form; what is too long or too slow has none."""
    body = bytearray()
    with anyio.move_on_after(FORM_S):
        async for piece in request.stream():
            body += piece
            if len(body) > form_max:
                return {}
        try:
            return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=fields_max))
        except ValueError:
            return {}
    return {}


def _language(request: Request, session: Session | None) -> Lang:
    """As asked for just now, else as in this session before, else as the browser prefers."""
    asked = request.query_params.get("lang")
    if asked and session:
        session.lang = pick_language(asked)
    if session and session.lang:
        return session.lang
    return pick_language(asked or request.headers.get("accept-language"))
