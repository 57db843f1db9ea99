"""One HTTP request as a terminal makes it: bytes on a socket, so that it can be wrong in every way."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

AGENT = "iClock Proxy/1.09"
TIMEOUT_S = 15.0


class Answer(NamedTuple):
    """What the server said; status 0: nothing."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """What a terminal takes for «you may forget it»."""
        return self.status == 200 and self.body.startswith(b"OK")


def call(
    server: tuple[str, int],
    target: str,
    body: bytes | None = None,
    *,
    source: str = "",
    length: int = 0,
    half_closes: bool = False,
    cut: int | None = None,
    headers: Mapping[str, str] | None = None,
    wait_s: float = TIMEOUT_S,
) -> Answer:
    """GET, or POST with `body`. source: the address it calls from; the others as in `Faults`."""
    said = {"Host": f"{server[0]}:{server[1]}", "User-Agent": AGENT, "Connection": "close", "Accept": "*/*"}
    if body is not None:
        said |= {"Content-Type": "text/plain", "Content-Length": str(len(body) + length)}
    said |= headers or {}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items() if value)
    verb = "GET" if body is None else "POST"
    head = f"{verb} {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1", "replace")
    try:
        with socket.create_connection(server, wait_s, (source, 0) if source else None) as line:
            sent = body or b""
            line.sendall(head + (sent if cut is None else sent[:cut]))
            if cut is not None:
                return Answer(0, b"", {})
            if half_closes:
                line.shutdown(socket.SHUT_WR)
            return _read(line)
    except OSError:
        return Answer(0, b"", {})


def _read(line: socket.socket) -> Answer:
    data = bytearray()
    with suppress(ConnectionResetError):
        while piece := line.recv(65536):
            data += piece
    head, _, body = bytes(data).partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    parts = first.split(" ", 2)
    status = int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else 0
    headers = {name.strip().lower(): value.strip() for name, _, value in (row.partition(":") for row in rest)}
    return Answer(status, body, headers)
