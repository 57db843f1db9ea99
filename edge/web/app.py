"""The pages and what they stand on: `/`, `/api/status`, `/events`, `/static/`; commands on the socket.

* One snapshot a second at most, however many ask; it is taken in a worker thread of its own.
* A request must name this machine as its host (a rebound DNS name does not), and must not come from
  another site's page.
* Only GET and HEAD on a port; `POST /control/{name}` and `/import` over the control socket alone. Every
  answer carries the security headers; an error says nothing of the inside.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio.to_thread
import msgspec
from anyio import CapacityLimiter
from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.commands import Commands
from edge.snapshot import Snapshot
from edge.web.ordering import control_route, over_control_socket
from edge.web.short import NAME_MAX, plain
from edge.web.upload import Upload, form_words
from edge.web.view import page
from edge.words import Lang, pick_language, say

HERE = Path(__file__).parent
PERIOD_S = 1.0
HEARTBEAT_S = 15.0
"""The page calls the connection lost when nothing came for more than twice this (status.js)."""
LISTENERS_MAX = 20
SECURITY = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Feed:
    """The newest snapshot, shared by all who ask within one second. Lives in one event loop."""

    def __init__(self, take: Callable[[], Snapshot]) -> None:
        self.listeners = 0
        self._take = take
        self._lock = asyncio.Lock()
        self._thread = CapacityLimiter(1)
        self._closing = asyncio.Event()
        self._newest: Snapshot | None = None
        self._taken = 0.0

    async def latest(self) -> Snapshot:
        """The newest snapshot, at most a second old; what `take` raises passes."""
        async with self._lock:
            if self._newest is None or time.monotonic() - self._taken >= PERIOD_S:
                self._newest = await anyio.to_thread.run_sync(self._take, limiter=self._thread)
                self._taken = time.monotonic()
            return self._newest

    async def changes(self) -> AsyncIterator[Snapshot]:
        """The newest snapshot, then each that differs in more than its time, or any after the heartbeat."""
        shown: Snapshot | None = None
        sent = 0.0
        while not self._closing.is_set():
            newest = await self.latest()
            if shown is None or differ(shown, newest) or time.monotonic() - sent >= HEARTBEAT_S:
                shown, sent = newest, time.monotonic()
                yield newest
            await self._pause()

    def forget(self) -> None:
        """Somebody changed something: whoever asks next must see it."""
        self._newest = None

    def close(self) -> None:
        """End all streams; to be called in the loop."""
        self._closing.set()

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), PERIOD_S)
        except TimeoutError:
            return


class EventStream(StreamingResponse):
    """Server-sent events; counts itself as a listener while it lasts."""

    def __init__(self, feed: Feed, lang: Lang) -> None:
        super().__init__(self._frames(feed, lang), media_type="text/event-stream")
        self._feed = feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the browser or the server leaves."""
        self._feed.listeners += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._feed.listeners -= 1

    @staticmethod
    async def _frames(feed: Feed, lang: Lang) -> AsyncIterator[bytes]:
        async for snapshot in feed.changes():
            yield b"data: " + msgspec.json.encode(page(snapshot, lang)) + b"\n\n"


class Guard:
    """Refuses what does not come from this machine's own page; puts the security headers on the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY)
            await send(message)

        app = self._app if scope["type"] != "http" else (refusal(scope) or self._app)
        await app(scope, receive, sealed)


def create_app(take: Callable[[], Snapshot], commands: Commands | None = None) -> Starlette:
    """The pages over `take` and the `commands`, which may block for a while.

    For one server; `app.state.feed` is its feed.
    """
    feed = Feed(take)
    upload = Upload(commands or {}, socket_actor, language, feed.forget)
    templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, auto_reload=False)

    async def status_page(request: Request) -> Response:
        lang = language(request)
        words: dict[str, Any] = {
            "lang": lang,
            "say": lambda key: say(lang, key),
            "page": page(await feed.latest(), lang),
        }
        return HTMLResponse(templates.get_template("status.html").render(words))

    async def import_page(request: Request) -> Response:
        lang, newest = language(request), await feed.latest()
        words = {"hall": plain(newest.hall_name, NAME_MAX), "box": "panel", **form_words(lang, newest)}
        return HTMLResponse(templates.get_template("import.html").render(words))

    async def api_status(request: Request) -> Response:
        return Response(msgspec.json.encode(await feed.latest()), media_type="application/json")

    async def events(request: Request) -> Response:
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        if feed.listeners >= LISTENERS_MAX:
            return PlainTextResponse("too many listeners", 503, {"retry-after": "30"})
        return EventStream(feed, language(request))

    app = Starlette(
        routes=[
            Route("/", status_page),
            Route("/api/status", api_status),
            Route("/events", events),
            control_route(commands or {}, feed.forget),
            upload.page(import_page),
            *upload.routes(),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[Middleware(Guard)],
        exception_handlers={Exception: _failed},
    )
    app.state.feed = feed
    return app


def differ(one: Snapshot, other: Snapshot) -> bool:
    """Whether two snapshots differ in more than the moment they were taken."""
    return msgspec.structs.replace(one, at=other.at) != other


def language(request: Request) -> Lang:
    """`?lang=en` or `?lang=zh`, else what the browser prefers."""
    return pick_language(request.query_params.get("lang") or request.headers.get("accept-language"))


def socket_actor(request: Request) -> str | None:
    """Who may change something here: whoever may open the control socket."""
    return "control.sock" if over_control_socket(request.scope) else None


def refusal(scope: Scope) -> Response | None:
    """Why this request is not for us, or None."""
    headers = Headers(scope=scope)
    if not names_us(headers.get("host", ""), scope.get("server")):
        return PlainTextResponse("this host name is not mine", 421)
    if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
        return PlainTextResponse("not for another site's page", 403)
    return None


def names_us(host: str, server: tuple[str, int | None] | None) -> bool:
    """Whether a Host header says `localhost`, a loopback address, or the address the caller connected to.

    A page of a foreign site can make its own name point here, but not change the name it asks for.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return (
            name == "localhost" or ip_address(name).is_loopback or (server is not None and name == server[0])
        )
    except ValueError:
        return False


async def _failed(request: Request, error: Exception) -> Response:
    return PlainTextResponse("internal error", 500, SECURITY)
