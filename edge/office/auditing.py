"""The auditor's page: who did what, the newest first; read only."""

from contextlib import closing
from pathlib import Path

import anyio.to_thread
from starlette.responses import Response

from edge.office.visit import Frame, Visit
from edge.store.recent import Recent, Recents

AUDITS = ("edge.audit",)
SHOWN_MAX = 200


class Auditing:
    """The page `/audit`."""

    def __init__(self, frame: Frame, database: Path) -> None:
        self._frame, self._database = frame, database

    async def show(self, visit: Visit) -> Response:
        """The newest audits."""

        def read() -> list[Recent]:
            with closing(Recents(self._database)) as reader:
                return reader.of(AUDITS, 0, SHOWN_MAX)

        found = await anyio.to_thread.run_sync(read)
        return self._frame.shown(visit, "audit.html", found=found[::-1], most=SHOWN_MAX)
