"""A device that says again what a recording of `hall-edge probe --record` holds, request by request.

What was withheld is filled with zeros. It shares no code with the drivers.
"""

import json
import re
import socket
import threading
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.sim.zk import wire

ACK = 2000
SEARCH = re.compile(r'"searchID": "[^"]*"')


def turns(path: Path) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """`(request, answers)` in their order; what we only acknowledged is no request."""
    found: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    for entry in map(json.loads, path.read_text().splitlines()[1:]):
        if entry["dir"] == ">":
            if command(entry) != ACK:
                found.append((entry, []))
        else:
            found[-1][1].append(entry)
    return found


def command(entry: dict[str, Any]) -> int:
    """The ZK command of an entry; 0 where it is none."""
    if "packet" in entry:
        return wire.decode(bytes.fromhex(entry["packet"]))[0].command
    return int(entry.get("command", 0))


def packet(entry: dict[str, Any]) -> bytes:
    """The packet of a ZK entry."""
    if "packet" in entry:
        return bytes.fromhex(entry["packet"])
    body = bytes(entry["withheld"]["length"])
    return wire.encode(wire.Packet(entry["command"], entry["session"], entry["reply"], body))


def again(datagram: bytes, reply: int) -> bytes:
    """The same packet in answer to another request."""
    return wire.encode(replace(wire.decode(datagram)[0], reply=reply))


class Replay:
    """Plays one recording on a port of its own, between `with` and its end."""

    def __init__(self, path: Path) -> None:
        self._turns = turns(path)
        self.asked: list[str] = []

    def __enter__(self) -> Self:
        http = "method" in self._turns[0][0]
        (self._serve_http if http else self._serve_zk)()
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _serve_zk(self) -> None:
        server = socket.create_server(("127.0.0.1", 0))
        self.port = server.getsockname()[1]
        self._close = server.close
        threading.Thread(target=self._play_zk, args=(server,), daemon=True).start()

    def _play_zk(self, server: socket.socket) -> None:
        with suppress(OSError):
            line, _ = server.accept()
            buffer, left = bytearray(), list(self._turns)
            with line:
                while data := line.recv(65_536):
                    buffer += data
                    for datagram in wire.take(buffer):
                        asked, _ = wire.decode(datagram)
                        if asked.command == ACK or not left:
                            continue
                        while left and command(left[0][0]) != asked.command:
                            left.pop(0)
                        answers = left.pop(0)[1] if left else []
                        replies = (again(packet(each), asked.reply) for each in answers)
                        line.sendall(b"".join(map(wire.frame, replies)))

    def _serve_http(self) -> None:
        left, asked = list(self._turns), self.asked

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                told = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                asked.append(f"{self.command} {self.path}")
                recorded, answers = left.pop(0) if left else ({}, [{"status": 404}])
                (answer,) = answers
                search = SEARCH.search(told.decode())
                body = answer.get("body", "").encode() or bytes(answer.get("withheld", {}).get("length", 0))
                if search:  # a device repeats how a search is called
                    body = re.sub(SEARCH.pattern.encode(), search[0].encode(), body)
                self.send_response(answer["status"])
                self.send_header("Content-Length", str(len(body)))
                if "challenge" in answer:
                    self.send_header("WWW-Authenticate", answer["challenge"])
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                """Quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

        def close() -> None:
            server.shutdown()
            server.server_close()

        self._close = close
