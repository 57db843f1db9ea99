"""HTTP over a control socket, and a way to it from a browser, as `ssh -L PORT:control.sock` makes one."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

KIND = {"content-type": "application/octet-stream"}


class Unix(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=20)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self._path)


def ask(
    path: Path,
    method: str,
    target: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    **query: str,
) -> tuple[int, Any]:
    """`(status, what is said)`; JSON decoded."""
    with closing(Unix(path)) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # it may answer before it has heard everything
            connection.request(method, f"{target}?{urlencode(query)}", body, headers or KIND)
        answer = connection.getresponse()
        said = answer.read()
        return answer.status, json.loads(said) if said.startswith(b"{") else said.decode()


@contextmanager
def forwarded(path: Path) -> Iterator[int]:
    """A port of this machine that leads to the socket."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_forward, args=(server, path), daemon=True).start()
        yield server.getsockname()[1]


def _forward(server: socket.socket, path: Path) -> None:
    with suppress(OSError):
        while True:
            near, _ = server.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(path))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_pour, args=(one, other), daemon=True).start()


def _pour(one: socket.socket, other: socket.socket) -> None:
    """Both ends close where either does."""
    with suppress(OSError):
        while data := one.recv(65_536):
            other.sendall(data)
    for each in (one, other):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
