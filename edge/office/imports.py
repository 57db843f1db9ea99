"""The technician's upload of a terminal's USB export: the same as over the control socket, behind a session.

The file is no form, so the token of the session comes in a header, which no other site can send along.
"""

from collections.abc import Callable
from time import monotonic

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from edge.commands import Commands
from edge.office.sessions import Sessions
from edge.office.visit import COOKIE, Frame, Visit
from edge.snapshot import Snapshot
from edge.web.upload import SCRIPT, Upload, form_words
from edge.words import pick_language


class Imports:
    """The page `/import`, and where it sends the file."""

    def __init__(self, frame: Frame, take: Callable[[], Snapshot], commands: Commands) -> None:
        self._frame, self._take = frame, take
        self._upload = Upload(
            commands,
            lambda request: technician(frame.sessions, request),
            lambda request: pick_language(request.query_params.get("lang")),
            lambda: None,
        )

    async def show(self, visit: Visit) -> Response:
        """The form."""
        snapshot = await anyio.to_thread.run_sync(self._take)
        words = form_words(visit.lang, snapshot)
        return self._frame.shown(visit, "upload.html", box="card", **words)

    def routes(self) -> list[Route]:
        """What the form needs beside its page."""

        async def script(_request: Request) -> Response:
            return FileResponse(SCRIPT, media_type="text/javascript")

        return [*self._upload.routes(), Route("/static/import.js", script)]


def technician(sessions: Sessions, request: Request) -> str | None:
    """The technician behind a request that carries the token of its session; None for anybody else."""
    token = request.cookies.get(COOKIE, "")
    session = sessions.find(token, monotonic())
    if session is None or session.role != "technician" or session.fresh:
        return None
    brought = request.headers.get("x-form-token", "")
    return session.name if sessions.came_from_us(token, brought) else None
