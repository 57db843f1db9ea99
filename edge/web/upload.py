"""`/import`: a terminal's USB export by page: looked at first, taken in when a person says yes.

* Who may, and under which name it is audited, is asked of `actor_of` for every request; None = nobody.
* The file streams through: no temporary file, one at a time, with a limit; it is held compressed meanwhile.
* It is the same three orders as `hall-edge import-punches`; the watermark moves only with a moment a person
  gives beside the yes.
* A POST carries `application/octet-stream`, which no form of another site can send.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio.to_thread
import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from edge.commands import Commands, Refused
from edge.duty.export_file import Looked, serial_in, together
from edge.snapshot import Snapshot
from edge.web.holding import FILE_MAX, Batches, Held, NotAnExport
from edge.web.short import NAME_MAX, TEXT_MAX, plain
from edge.words import Lang, say

UPLOAD_S = 300.0
KIND = "application/octet-stream"
FORM = Path(__file__).parent / "templates"
SCRIPT = Path(__file__).parent / "static" / "import.js"
"""What another page needs that shows the form."""
Who = Callable[[Request], str | None]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows. token: for the yes, "" where there is nothing to take; foreign: fits nothing."""

    lines: tuple[str, ...]
    token: str = ""
    foreign: bool = False


class Upload:
    """The file of one hall; lives in one event loop."""

    def __init__(
        self,
        commands: Commands,
        actor_of: Who,
        language: Callable[[Request], Lang],
        done: Callable[[], None],
    ) -> None:
        """`done()` follows what changed something."""
        self._commands, self._actor_of, self._language, self._done = commands, actor_of, language, done
        self._busy = asyncio.Lock()
        self._held: Held | None = None

    def page(self, shown: Callable[[Request], Awaitable[Response]]) -> Route:
        """The page with the form, for whoever may."""

        async def form(request: Request) -> Response:
            if self._actor_of(request) is None:
                return PlainTextResponse("not here", 403)
            return await shown(request)

        return Route("/import", form)

    def routes(self) -> list[Route]:
        """What the form is sent to."""
        return [
            Route("/import/look", self._guarded(self._look), methods=["POST"]),
            Route("/import/take", self._guarded(self._take), methods=["POST"]),
        ]

    def _guarded(
        self, act: Callable[[Request, str, Lang], Awaitable[Told]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            actor, lang = self._actor_of(request), self._language(request)
            if actor is None:
                return PlainTextResponse("not here", 403)
            if request.headers.get("content-type") != KIND:
                return PlainTextResponse(f"must be {KIND}", 415)
            if self._busy.locked():
                return _answer(Told(lines=(say(lang, "upload.busy"),)), 409)
            async with self._busy:
                return await _answered(act(request, actor, lang), lang)

        return guarded

    async def _look(self, request: Request, _actor: str, lang: Lang) -> Told:
        """Look at a file as it streams in, and hold it."""
        asked = request.query_params
        name = plain(asked.get("name", ""), 80)
        serial = asked.get("serial", "").strip() or serial_in(name)
        whose = {"device": asked.get("device", ""), **({"serial": serial} if serial else {})}
        self._held, held = None, Held(whose, name)
        parts: list[Looked] = []
        async with asyncio.timeout(UPLOAD_S):
            cut = Batches()
            async for data in request.stream():
                held.add(data)
                for batch in cut.feed(data):
                    parts.append(await self._order("import-look", whose, batch))
        for batch in cut.end():
            parts.append(await self._order("import-look", whose, batch))
        held.close()
        looked = together(parts)
        held.foreign = looked.foreign
        self._held = held
        told = _lines(looked, lang)
        if looked.foreign:
            told.append(say(lang, "upload.foreign", n=looked.settled))
        return Told(lines=tuple(told), token=held.token, foreign=looked.foreign)

    async def _take(self, request: Request, actor: str, lang: Lang) -> Told:
        """Take in what is held, on a person's yes."""
        asked, held = request.query_params, self._held
        if held is None or held.gone or asked.get("token") != held.token:
            raise Refused(say(lang, "upload.gone"))
        if held.foreign and asked.get("force") != "yes":
            raise Refused(say(lang, "upload.force"))
        self._held = None
        until = asked.get("until", "")
        try:
            return await asyncio.shield(self._taken(held, until, actor, lang))
        finally:
            self._done()

    async def _taken(self, held: Held, until: str, actor: str, lang: Lang) -> Told:
        """All of it, and the audit; also where the moment a person gave cannot be."""
        taken = together([await self._order("import-lines", held.whose, batch) for batch in held.batches()])
        counts = f"new={taken.new} known={taken.known} rejected={taken.rejected}"
        about = {**held.whose, "file": held.name, "counts": counts, "actor": actor}
        try:
            await self._run("import-end", {**about, **({"until": until} if until else {})})
        except Refused as refused:
            raise Refused(say(lang, "upload.kept", n=taken.new, why=refused)) from refused
        return Told(lines=(say(lang, "import.done", n=taken.new, rejected=taken.rejected),))

    async def _order(self, name: str, whose: dict[str, str], batch: bytes) -> Looked:
        arguments = {**whose, "lines": batch.decode("latin-1")}
        return msgspec.json.decode(await self._run(name, arguments), type=Looked)

    async def _run(self, name: str, arguments: dict[str, str]) -> str:
        return await anyio.to_thread.run_sync(self._commands[name], arguments)


def form_words(lang: Lang, snapshot: Snapshot) -> dict[str, Any]:
    """What `import_form.html` needs beside `box`, the class of its boxes, and perhaps a `form_token`."""
    devices = [(one.device_id, plain(f"{one.name} {one.serial}", NAME_MAX)) for one in snapshot.devices]
    return {"lang": lang, "text": lambda key: say(lang, key), "devices": devices}


async def _answered(work: Awaitable[Told], lang: Lang) -> Response:
    """What came of it, or why not."""
    try:
        return _answer(await work)
    except Refused as refused:
        return _answer(Told(lines=(plain(str(refused), TEXT_MAX),)), 400)
    except NotAnExport as error:
        most = FILE_MAX >> 20
        return _answer(Told(lines=(say(lang, error.word, most=most),)), 413 if "large" in error.word else 400)
    except (TimeoutError, ClientDisconnect):
        return _answer(Told(lines=(say(lang, "upload.cut"),)), 408)


def _answer(told: Told, status: int = 200) -> Response:
    return Response(msgspec.json.encode(told), status, media_type="application/json")


def _lines(looked: Looked, lang: Lang) -> list[str]:
    told = say(lang, "import.looked", **looked.counts())
    return [told, *(f"? {plain(line, TEXT_MAX)}" for line in looked.odd)]
