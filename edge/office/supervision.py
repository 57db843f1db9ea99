"""The page of the supervision office: ratings, complaints, inspections as they are stored, the newest first.

Read from the database, mode=ro. The page follows by server-sent events: a bad rating stands there within a
second. Covert inspections and who rated what are for this page alone, never for a window.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from time import monotonic

import anyio.to_thread
import msgspec
from anyio import CapacityLimiter
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from edge.office.lines import lines
from edge.office.visit import Frame, Visit
from edge.store.recent import Recent, Recents

RATINGS = ("evaluation.submitted",)
WORDS = ("complaint.filed", "guestbook.entry")
INSPECTIONS = ("inspection.recorded",)
TABLES = {"ratings": RATINGS, "complaints": WORDS, "inspections": INSPECTIONS}
FOLLOWED = (*RATINGS, *WORDS, *INSPECTIONS)
SHOWN_MAX = 100
EVERY_S = 0.4
HEARTBEAT_S = 15.0
LISTENERS_MAX = 10


class Supervision:
    """The page `/supervision` and its stream. Lives in one event loop."""

    def __init__(self, frame: Frame, database: Path) -> None:
        self._frame, self._database = frame, database
        self._closing = asyncio.Event()
        self._thread = CapacityLimiter(1)
        self._listeners = 0

    async def show(self, visit: Visit) -> Response:
        """What is stored now."""
        upto = max((each.position for each in await self._read(FOLLOWED, 0)), default=0)
        found = {name: await self._read(kinds, 0) for name, kinds in TABLES.items()}
        tables = {
            name: lines((each for each in rows if each.position <= upto), visit.lang)
            for name, rows in found.items()
        }  # what came meanwhile is told by the stream
        return self._frame.shown(visit, "supervision.html", tables=tables, upto=upto)

    async def follow(self, visit: Visit) -> Response:
        """What is stored from here on."""
        after = visit.request.query_params.get("after", "0")
        if self._listeners >= LISTENERS_MAX or not (after.isascii() and after.isdecimal()):
            return PlainTextResponse("too many listeners", 503, {"retry-after": "30"})
        return StreamingResponse(self._news(visit, int(after[:19])), media_type="text/event-stream")

    def close(self) -> None:
        """End all streams; to be called in the loop."""
        self._closing.set()

    async def _news(self, visit: Visit, after: int) -> AsyncIterator[bytes]:
        """Each new line as JSON; ends with the session."""
        self._listeners += 1
        sent = 0.0
        try:
            while not self._closing.is_set():
                if self._frame.sessions.find(visit.token, monotonic(), active=False) is None:
                    return
                found = await self._read(FOLLOWED, after, newest=False)
                for line in reversed(lines(found, visit.lang)):
                    yield b"data: " + msgspec.json.encode(line) + b"\n\n"
                    after, sent = line.position, monotonic()
                if monotonic() - sent > HEARTBEAT_S:
                    yield b": \n\n"
                    sent = monotonic()
                if len(found) == SHOWN_MAX:
                    continue  # more than one look takes has come
                try:
                    await asyncio.wait_for(self._closing.wait(), EVERY_S)
                except TimeoutError:
                    continue
        finally:
            self._listeners -= 1

    async def _read(self, kinds: Sequence[str], after: int, newest: bool = True) -> list[Recent]:
        def read() -> list[Recent]:
            with closing(Recents(self._database)) as reader:
                return reader.of(kinds, after, SHOWN_MAX, newest)

        return await anyio.to_thread.run_sync(read, limiter=self._thread)
