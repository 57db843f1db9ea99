"""The one HTTP server: an ASGI app on TCP and on the control socket, in a thread of its own.

It binds in the caller, so that a port in use is the caller's error; installs no signal handlers; keeps
no access log. A socket file is made with mode 0660 before anybody can connect, and removed at stop. Who comes
by TCP passes `accepting` first.
"""

import asyncio
import errno
import os
import socket
import ssl
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from edge.web.accepting import CONNECTIONS_MAX, Accepting

CONTROL_MODE = 0o660
CONTROL_MAX = 16
"""Connections to the control socket that find room while the port is full."""
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
        self._tls = context(tls) if tls else None
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
            limit_concurrency=CONNECTIONS_MAX + CONTROL_MAX,
            timeout_graceful_shutdown=GRACE_S,
        )
        config.load()
        self._server = uvicorn.Server(config)
        self._accepting = Accepting(self._server, self._tls)

    def renew(self, tls: Path) -> None:
        """Show a renewed certificate to whoever comes next; OSError, and the old one stays."""
        self._accepting.tls = context(tls)

    def start(self) -> None:
        """Bind and serve. OSError when the port or the socket file is in use. `port` is then the real one."""
        tcp, control = None, []
        with ExitStack() as opened:
            if self._host is not None:
                tcp = opened.enter_context(listen_tcp(self._host, self.port))
                self.port = tcp.getsockname()[1]
            if self._control:
                control.append(opened.enter_context(listen_unix(self._control)))
            opened.pop_all()
        self._thread = threading.Thread(target=self._run, args=(tcp, control), name="web", daemon=True)
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

    def _run(self, tcp: socket.socket | None, control: list[socket.socket]) -> None:
        asyncio.run(self._serve(tcp, control))

    async def _serve(self, tcp: socket.socket | None, control: list[socket.socket]) -> None:
        self._loop = asyncio.get_running_loop()
        accepting = self._loop.create_task(self._accepting.run(tcp)) if tcp else None
        self._looping.set()
        await self._server.serve(control)
        if accepting:
            accepting.cancel()
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()  # a client that never reads outlives the grace
        await asyncio.sleep(0)


def context(file: Path) -> ssl.SSLContext:
    """Of a server with this key and certificate: TLS 1.2 at least; ssl.SSLError or OSError."""
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_cert_chain(file)
    return made


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
