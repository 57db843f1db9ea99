"""A small TCP proxy that stands between a client and a server on 127.0.0.1 and breaks what passes.

Faults are attributes and may be changed at any moment; they hold for connections made before and after.
It never changes a byte: what TCP guards, TCP guards. Packets are told apart only to swallow whole ones.
"""

import contextlib
import socket
import struct
import threading
import time
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
BUFFER = 4096
"""Small, so that a slow link is felt by the sender."""
PUBACK = 4
RESET = struct.pack("ii", 1, 0)


def packets(buffer: bytearray) -> list[bytes]:
    """Take the whole MQTT packets from the front of `buffer`."""
    found: list[bytes] = []
    while (length := _length(buffer)) and len(buffer) >= length:
        found.append(bytes(buffer[:length]))
        del buffer[:length]
    return found


def _length(buffer: bytearray) -> int:
    """Of the first packet with its header; 0 when not even that is here."""
    length = 0
    for place, byte in enumerate(buffer[1:5]):
        length |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return length + place + 2
    return 0


class Proxy:
    """Listens on `port` between `__enter__` and `__exit__`, and passes everything to `target`.

    delay_s: added to every piece. bytes_per_s: 0 = as fast as it goes. swallow: types of MQTT packets from
    the server that never arrive. refuse: connections are reset at once.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self.delay_s = 0.0
        self.bytes_per_s = 0
        self.swallow: frozenset[int] = frozenset()
        self.refuse = False
        self.accepted = self.swallowed = 0
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self._listener.bind((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._pairs: list[_Pair] = []

    def __enter__(self) -> Self:
        self._listener.listen()
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Reset every connection."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            pair.close()

    def freeze(self) -> None:
        """Half-open: present connections stay open, and nothing passes them any more; new ones work."""
        with self._lock:
            for pair in self._pairs:
                pair.frozen = True

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            try:
                if self.refuse:
                    raise ConnectionRefusedError
                server = socket.create_connection((HOST, self._target), timeout=5)
            except OSError:
                _reset(client)
                continue
            server.settimeout(None)
            with self._lock:
                self._pairs = [pair for pair in self._pairs if not pair.closed]
                self._pairs.append(_Pair(self, client, server))


class _Pair:
    """Both sides of one connection, and a thread for each direction."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._sockets = proxy, (client, server)
        self.frozen = self.closed = False
        for source, sink, filtered in ((client, server, False), (server, client, True)):
            threading.Thread(
                target=self._pump, args=(source, sink, filtered), name="proxy", daemon=True
            ).start()

    def close(self) -> None:
        self.closed = True
        for each in self._sockets:
            _reset(each)

    def _pump(self, source: socket.socket, sink: socket.socket, filtered: bool) -> None:
        buffer = bytearray()
        with contextlib.suppress(OSError):
            while piece := source.recv(BUFFER):
                if self.frozen:
                    continue
                buffer += piece
                for part in packets(buffer) if filtered else [bytes(buffer)]:
                    self._pass(sink, part, filtered)
                if not filtered:
                    buffer.clear()
        if not self.frozen:
            self.close()

    def _pass(self, sink: socket.socket, part: bytes, filtered: bool) -> None:
        proxy = self._proxy
        if filtered and part[0] >> 4 in proxy.swallow:
            proxy.swallowed += 1
            return
        time.sleep(proxy.delay_s + (len(part) / proxy.bytes_per_s if proxy.bytes_per_s else 0.0))
        sink.sendall(part)


def _reset(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        each.shutdown(socket.SHUT_RDWR)
    each.close()
