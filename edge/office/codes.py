"""The page of the codes at the windows: to look at, and to print; it changes nothing.

What stands in it is made by the daemon's own command, from the documents in force, and escaped there.
"""

import anyio.to_thread
import msgspec
from markupsafe import Markup
from starlette.responses import Response

from edge.commands import Commands, obey
from edge.office.visit import Frame, Visit


class CodesPage:
    """The page `/codes`; `?paper=a5` for small sheets."""

    def __init__(self, frame: Frame, commands: Commands) -> None:
        self._frame, self._commands = frame, commands

    async def show(self, visit: Visit) -> Response:
        """Every code of the hall."""
        paper = "a5" if visit.request.query_params.get("paper") == "a5" else "a4"
        asked = msgspec.json.encode({"paper": paper, "part": "inner"})
        answer = await anyio.to_thread.run_sync(obey, self._commands, "qr-sheet", asked)
        sheet = Markup(answer.text) if answer.done else Markup("")  # noqa: S704 - of our own making
        why = "" if answer.done else answer.text
        return self._frame.shown(visit, "codes.html", sheet=sheet, why=why, paper=paper)
