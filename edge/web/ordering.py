"""`POST /control/{name}`: commands, over the control socket alone; whoever may open that file may order."""

from collections.abc import Callable

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from edge.commands import Commands, obey

BYTES_MAX = 64 << 10


def control_route(commands: Commands, done: Callable[[], None]) -> Route:
    """The route of the commands, each of which may block for a while; `done()` follows each."""

    async def control(request: Request) -> Response:
        if not over_control_socket(request.scope):
            return PlainTextResponse("only over the control socket", 403)
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > BYTES_MAX:
                return PlainTextResponse("too long", 413)
        answer = await anyio.to_thread.run_sync(obey, commands, request.path_params["name"], bytes(body))
        done()
        return Response(msgspec.json.encode(answer), media_type="application/json")

    return Route("/control/{name}", control, methods=["POST"])


def over_control_socket(scope: Scope) -> bool:
    """Whether a request came over the unix socket: that has a path and no port."""
    server = scope.get("server")
    return server is not None and server[1] is None
