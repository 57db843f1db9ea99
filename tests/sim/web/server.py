"""The sockets of a simulated device: HTTP/1.1, one thread a connection, faults struck here."""

import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.sim.web.device import Answer, WebDevice

LOCKED = (
    b'<?xml version="1.0" encoding="UTF-8"?><userCheck><statusValue>401</statusValue>'
    b"<statusString>Unauthorized</statusString><lockStatus>lock</lockStatus><unlockTime>1790</unlockTime>"
    b"<retryLoginTime>0</retryLoginTime></userCheck>"
)


class Server(ThreadingHTTPServer):
    """The port of one device."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, device: "WebDevice") -> None:
        self.device, self.over = device, threading.Event()
        self._socks: set[socket.socket] = set()
        super().__init__((device.host, device.port), _Handler)
        self.port = int(self.server_address[1])
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def get_request(self) -> tuple[Any, Any]:
        sock, peer = super().get_request()
        if self.device.tls:
            sock.settimeout(10)
            sock = self.device.tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        self.device.seen["connections"] += 1
        self._socks.add(sock)
        return sock, peer

    def shutdown_request(self, request: Any) -> None:
        self._socks.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients come and go."""

    def drop(self) -> None:
        for sock in list(self._socks):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.over.set()
        self.shutdown()
        self.drop()
        self.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _serve(self) -> None:
        device, faults = self.server.device, self.server.device.http
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        device.seen["requests"] += 1
        device.paths.append(f"{self.command} {self.path}")
        if faults.silent:
            self.server.over.wait()
        if faults.slow_s:
            self.server.over.wait(faults.slow_s)
        if faults.silent or faults.spent("cut"):
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        elif faults.foreign:
            self.close_connection = True
            self.wfile.write(faults.foreign)
        elif faults.redirect:
            self._send(302, b"", "text/html", {"Location": faults.redirect})
        elif self._logged_in():
            self._say(body)

    def _logged_in(self) -> bool:
        device, faults = self.server.device, self.server.device.http
        if device.auth == "none":
            wrong = faults.spent("unauthorized")
            if wrong:
                self._send(401, b"", "text/html", {})
            return not wrong
        told = self.headers.get("Authorization", "")
        right = bool(told) and device.login.right(told, self.command, self.path, faults.nonce_uses)
        if told and not right:
            device.seen["refused"] += 1
        if faults.locked:
            self._send(401, LOCKED, "application/xml", {"WWW-Authenticate": device.login.challenge()})
            return False
        stale = right and faults.stale
        if right and not faults.spent("unauthorized"):
            return True
        self._send(401, b"", "text/html", {"WWW-Authenticate": device.login.challenge(stale)})
        return False

    def _say(self, body: bytes) -> None:
        device, faults = self.server.device, self.server.device.http
        path, _, query = self.path.partition("?")
        if faults.endless:
            self._endless()
            return
        answer: Answer = device.answer(self.command, path, query, body)
        told = faults.tell(path, faults.body or answer.body)
        self._send(faults.status or answer.status, told, answer.kind, {})

    def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str]) -> None:
        faults = self.server.device.http
        cut = status == 200 and faults.spent("truncate")
        if cut or not self.server.device.keep_alive:
            self.close_connection = True
        lines = [f"HTTP/1.1 {status} Sim", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        whole = faults.spoil(head + (body[: len(body) // 2] if cut else body))
        if not faults.drip_s:
            self.wfile.write(whole)
            return
        for byte in whole:
            if self.server.over.wait(faults.drip_s):
                return
            self.wfile.write(bytes([byte]))

    def _endless(self) -> None:
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 Sim\r\nTransfer-Encoding: chunked\r\n\r\n")
        block = b" " * 65_536
        while not self.server.over.is_set():
            self.wfile.write(b"10000\r\n" + block + b"\r\n")
