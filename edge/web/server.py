"""The one HTTP server: an ASGI app on TCP and on the control socket, in a thread of its own.

It binds in the caller, so that a port in use is the caller's error; installs no signal handlers; keeps
no access log. A socket file is made with mode 0660 before anybody can connect, and removed at stop.
"""

import asyncio
import errno
import os
import socket
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

CONTROL_MODE = 0o660
CONNECTIONS_MAX = 64
GRACE_S = 1
STOP_S = 3.0


class WebServer:
    """Serves `app` (of `create_app`, which ends its streams by `app.state.feed`) until `stop`.

    host None: no TCP port, only the control socket. tls: the file of key and certificate; then it is HTTPS,
    TLS 1.2 at least, and ssl.SSLError or OSError where that file cannot be used.
    """

    def __init__(
        self, app: Starlette, host: str | None, port: int, control: Path | None, tls: Path | None = None
    ) -> None:
        self.port = port
        self._app, self._host, self._control = app, host, control
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looping = threading.Event()
        self._thread: threading.Thread | None = None
        config = uvicorn.Config(
            app,
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS_MAX,
            timeout_graceful_shutdown=GRACE_S,
            ssl_certfile=tls,
        )
        config.load()
        self._server = uvicorn.Server(config)

    def start(self) -> None:
        """Bind and serve. OSError when the port or the socket file is in use. `port` is then the real one."""
        with ExitStack() as opened:
            sockets = []
            if self._host is not None:
                sockets.append(opened.enter_context(listen_tcp(self._host, self.port)))
                self.port = sockets[0].getsockname()[1]
            if self._control:
                sockets.append(opened.enter_context(listen_unix(self._control)))
            opened.pop_all()
        self._thread = threading.Thread(target=self._run, args=(sockets,), name="web", daemon=True)
        self._thread.start()
        self._looping.wait()

    def stop(self) -> None:
        """Close everything within 3 s, open streams too; harmless when not started."""
        if self._thread is None or self._loop is None:
            return
        self._server.should_exit = True
        with suppress(RuntimeError):  # the loop has already ended
            self._loop.call_soon_threadsafe(self._app.state.feed.close)
        self._thread.join(STOP_S)
        if self._control:
            self._control.unlink(missing_ok=True)

    def _run(self, sockets: list[socket.socket]) -> None:
        asyncio.run(self._serve(sockets))

    async def _serve(self, sockets: list[socket.socket]) -> None:
        self._loop = asyncio.get_running_loop()
        self._looping.set()
        await self._server.serve(sockets)
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()  # a client that never reads outlives the grace
        await asyncio.sleep(0)


def listen_tcp(host: str, port: int) -> socket.socket:
    """A listening socket on one address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def listen_unix(path: Path) -> socket.socket:
    """A listening socket file with mode 0660; one that nobody serves any more is replaced."""
    if path.is_socket():
        _remove_stale(path)
    server = socket.socket(socket.AF_UNIX)
    try:
        server.bind(str(path))
        path.chmod(CONTROL_MODE)  # before listen: nobody gets in while the umask's mode stands
        server.listen()
    except OSError:
        server.close()
        raise
    return server


def _remove_stale(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), str(path))
    path.unlink()
