"""The few packets of MQTT 3.1.1 that a simulated hall speaks, over a socket that never blocks."""

import contextlib
import socket
from collections.abc import Iterator

CONNACK, PUBLISH, PUBACK, SUBACK = 0x20, 0x30, 0x40, 0x90
_READ = 1 << 16


def _text(value: str) -> bytes:
    return len(value.encode()).to_bytes(2) + value.encode()


def packet(kind: int, body: bytes) -> bytes:
    """A packet with its length before it."""
    length, head = len(body), bytearray([kind])
    while True:
        length, digit = divmod(length, 128)
        head.append(digit | (128 if length else 0))
        if not length:
            return bytes(head) + body


def connect(client_id: str, password: str, will_topic: str, will: bytes) -> bytes:
    """CONNECT with a clean session, a retained QoS 1 will, keep-alive 60 s; the user is the client id."""
    head = _text("MQTT") + bytes([4, 0b1110_1110]) + (60).to_bytes(2) + _text(client_id)
    told = _text(will_topic) + len(will).to_bytes(2) + will
    return packet(0x10, head + told + _text(client_id) + _text(password))


def subscribe(topic: str, qos: int) -> bytes:
    """SUBSCRIBE with packet number 1."""
    return packet(0x82, b"\0\1" + _text(topic) + bytes([qos]))


def publish(topic: str, payload: bytes, number: int, retain: bool = False) -> bytes:
    """PUBLISH at QoS 1."""
    return packet(0x32 | retain, _text(topic) + number.to_bytes(2) + payload)


def puback(number: int) -> bytes:
    """PUBACK."""
    return packet(0x40, number.to_bytes(2))


PING = packet(0xC0, b"")


def published(flags: int, body: bytes) -> tuple[str, bytes, int]:
    """Topic, payload and number (0 at QoS 0) of a PUBLISH."""
    end = 2 + int.from_bytes(body[:2])
    if not flags & 0x06:
        return body[2:end].decode(), body[end:], 0
    return body[2:end].decode(), body[end + 2 :], int.from_bytes(body[end : end + 2])


class Line:
    """A socket with what is still to be sent, and what came as far as it is whole."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(BlockingIOError):
            self.socket.connect((host, port))
        self._in, self._out = bytearray(), bytearray()

    @property
    def sending(self) -> bool:
        return bool(self._out)

    def send(self, data: bytes) -> None:
        self._out += data
        with contextlib.suppress(BlockingIOError):
            del self._out[: self.socket.send(self._out)]

    def flush(self) -> None:
        self.send(b"")

    def receive(self) -> Iterator[tuple[int, bytes]]:
        """The packets that came, as first byte and body; ConnectionError when the other end is gone."""
        with contextlib.suppress(BlockingIOError):
            data = self.socket.recv(_READ)
            if not data:
                raise ConnectionResetError("closed")
            self._in += data
        while (found := self._whole()) is not None:
            yield found

    def _whole(self) -> tuple[int, bytes] | None:
        length = 0
        for place in range(1, min(len(self._in), 5)):
            length |= (self._in[place] & 127) << (7 * (place - 1))
            if self._in[place] < 128:
                end = place + 1 + length
                if len(self._in) < end:
                    return None
                found = self._in[0], bytes(self._in[place + 1 : end])
                del self._in[:end]
                return found
        return None

    def close(self) -> None:
        self.socket.close()
