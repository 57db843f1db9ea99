"""The people's pages put together: which page is for whom, and what stands around each request.

HTTPS alone; a request must name this machine; a form must come from our own page (its Origin, and the token
of its session); every answer carries the security headers and is kept nowhere.
"""

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from drivers.kiosk.pages import STATIC
from edge.commands import Commands
from edge.office.accounts import ROLES, Accounts, Role
from edge.office.auditing import Auditing
from edge.office.audits import Audits
from edge.office.codes import CodesPage
from edge.office.devices import Devices
from edge.office.entry import Entry
from edge.office.forms.contacts import ContactsPage
from edge.office.forms.pages import Forms, form_pages
from edge.office.forms.parts import Parts
from edge.office.imports import Imports
from edge.office.pairing import PairingPage
from edge.office.sessions import Sessions
from edge.office.supervision import Supervision
from edge.office.visit import ANYBODY, Frame, Page
from edge.snapshot import Snapshot
from edge.web.app import SECURITY
from edge.web.upload import FORM

HERE = Path(__file__).parent
POLICY = "content-security-policy"
HEADERS = {
    **SECURITY,
    "referrer-policy": "same-origin",
    POLICY: f"{SECURITY[POLICY]}; img-src 'self' data:",
}
"""With no-referrer a browser would say no Origin of our own forms. data: the province's pictures."""
SHEETS = ("edge.phones", "static")
EVERYBODY = frozenset(ROLES)


def create_office(
    take: Callable[[], Snapshot],
    commands: Commands,
    accounts: Accounts,
    audits: Audits,
    database: Path,
    names: tuple[str, ...],
    hall: str,
    parts: Parts,
) -> Starlette:
    """The pages of one hall; for one server, which ends its streams by `app.state.feed`."""
    sessions = Sessions()
    templates = Environment(
        loader=FileSystemLoader([HERE / "templates", FORM]), autoescape=True, auto_reload=False
    )
    frame = Frame(sessions, templates, hall)
    supervision = Supervision(frame, database)
    entry = Entry(frame, accounts, audits)
    imports = Imports(frame, take, commands)
    pages = pages_of(
        entry,
        Devices(frame, take, commands, audits),
        supervision,
        Auditing(frame, database),
        PairingPage(frame, commands),
        imports,
        CodesPage(frame, commands),
        Forms(frame, parts.entries, parts.held),
        ContactsPage(frame, parts.contacts, audits, parts.life, parts.entries.now),
    )
    app = Starlette(
        routes=[
            *routes(pages, frame),
            *imports.routes(),
            Route("/static/keeping.js", _keeping),
            Mount("/static", StaticFiles(directory=HERE / "static", packages=[SHEETS])),
        ],
        middleware=[Middleware(Gate, names=names)],
        exception_handlers={Exception: _failed},
    )
    app.state.feed, app.state.sessions, app.state.forgive = supervision, sessions, entry.forgive
    return app


def pages_of(
    entry: Entry,
    devices: Devices,
    supervision: Supervision,
    auditing: Auditing,
    pairing: PairingPage,
    imports: Imports,
    codes: CodesPage,
    forms: Forms,
    contacts: ContactsPage,
) -> tuple[Page, ...]:
    """Every page, and for whom it is."""
    technician, supervisor, auditor = _only("technician"), _only("supervisor"), _only("auditor")
    return (
        Page("/", EVERYBODY, entry.home),
        Page("/login", ANYBODY, entry.ask, entry.enter),
        Page("/logout", EVERYBODY, entry.home, entry.leave, fresh=True),
        Page("/password", EVERYBODY, entry.own, entry.replace, fresh=True),
        Page("/devices", technician, devices.show, devices.order),
        Page("/pairing", technician, pairing.show, pairing.order),
        Page("/import", technician, imports.show),
        Page("/codes", technician | supervisor, codes.show),
        Page("/supervision", supervisor, supervision.show),
        Page("/supervision/events", supervisor, supervision.follow),
        *form_pages(forms, supervisor),
        Page("/contacts", supervisor, contacts.show, contacts.order),
        Page("/audit", auditor, auditing.show),
    )


def _only(role: Role) -> frozenset[Role]:
    return frozenset((role,))


def routes(pages: Iterable[Page], frame: Frame) -> list[Route]:
    """The pages as routes, each behind the gate."""
    return [
        Route(page.path, frame.endpoint(page), methods=["GET", "POST"] if page.take else ["GET"])
        for page in pages
    ]


class Gate:
    """Refuses what does not name this machine, or comes from another site; puts the security headers on."""

    def __init__(self, app: ASGIApp, names: tuple[str, ...]) -> None:
        self._app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        app = self._app if scope["type"] != "http" else (refusal(scope, self._names) or self._app)
        await app(scope, receive, sealed)


def refusal(scope: Scope, names: tuple[str, ...]) -> Response | None:
    """Why this request is not for us, or None."""
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if not _is_ours(host, names, scope.get("server")):
        return PlainTextResponse("this host name is not mine", 421)
    if scope["method"] in ("GET", "HEAD"):
        return None
    origin = headers.get("origin")
    if headers.get("sec-fetch-site", "same-origin") != "same-origin" or origin not in (
        None,
        f"https://{host}",
    ):
        return PlainTextResponse("not for another site's page", 403)
    return None


def _is_ours(host: str, names: tuple[str, ...], server: tuple[str, int | None] | None) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name in names or (server is not None and name == server[0]) or ip_address(name).is_loopback
    except ValueError:
        return False


async def _keeping(_request: Request) -> Response:
    """What the tablets' pages keep their ratings in."""
    return FileResponse(STATIC / "keeping.js", media_type="text/javascript")


async def _failed(request: Request, error: Exception) -> Response:
    return PlainTextResponse("internal error", 500, HEADERS)
