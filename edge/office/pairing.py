"""The technician's page of pairings: a one-time code for a tablet or a desk, and the keys that can be let go.

The code is shown on this one answer and kept nowhere.
"""

import anyio.to_thread
import msgspec
from starlette.responses import Response

from edge.commands import Answer, Commands, obey
from edge.office.visit import Frame, Visit, away
from edge.office.words import told
from edge.pairing.duty import Listed


class PairingPage:
    """The page `/pairing`."""

    def __init__(self, frame: Frame, commands: Commands) -> None:
        self._frame, self._commands = frame, commands

    async def show(self, visit: Visit) -> Response:
        """What can be paired, and what is."""
        return await self._shown(visit)

    async def order(self, visit: Visit) -> Response:
        """A fresh code, or a key goes."""
        form = visit.form
        if form.get("order") == "pair":
            answer = await self._obeyed(
                visit, "pair", device=form.get("device", ""), part=form.get("part", "")
            )
            if answer.done:
                return await self._shown(visit, code=answer.text, device=form.get("device", ""))
        else:
            answer = await self._obeyed(visit, "unpair", key=form.get("key", ""))
        visit.who.notice = told(visit.lang, f"order_{'done' if answer.done else 'refused'}", text=answer.text)
        visit.who.notice_good = answer.done
        return away("/pairing")

    async def _shown(self, visit: Visit, code: str = "", device: str = "") -> Response:
        answer = await self._obeyed(visit, "pairings")
        listed = msgspec.json.decode(answer.text, type=tuple[Listed, ...]) if answer.done else ()
        return self._frame.shown(visit, "pairing.html", listed=listed, code=code, device=device)

    async def _obeyed(self, visit: Visit, name: str, **arguments: str) -> Answer:
        body = msgspec.json.encode({**arguments, "actor": visit.who.name})
        return await anyio.to_thread.run_sync(obey, self._commands, name, body)
