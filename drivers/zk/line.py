"""The sockets under a conversation: TCP and UDP, packets in and out, each failure as a cause.

No wait is longer than the caller allows. A peer that closed is told at once, never read again. Bytes that
are no ZK packet mean a foreign device before the first packet, and a garbled line after it.
"""

import errno
import os
import select
import socket
from abc import ABC, abstractmethod
from time import monotonic
from typing import ClassVar

from drivers.base import DeviceError, DeviceOffline, DeviceRefused
from drivers.zk.frames import Buffer, Cmd, Encrypted, FrameError, Packet, decode, framed
from drivers.zk.taping import Taping

CONNECT_S = 5.0
SEND_S = 5.0
_RECEIVE = 1 << 16
_ANSWERS = frozenset((Cmd.OK, Cmd.ERROR, Cmd.UNAUTHORIZED, Cmd.AUTH_LOCK, Cmd.CHALLENGE, Cmd.UNKNOWN))


class Line(ABC):
    """One socket to one terminal. `connected` until True, then `send` and `receive`, `close` at the end."""

    lossy: ClassVar[bool]
    _kind: ClassVar[socket.SocketKind]

    def __init__(self, host: str, port: int, taping: Taping | None = None) -> None:
        self._address = (host, port)
        self._taping = taping
        self._socket: socket.socket | None = None
        self._begun = 0.0
        self._met = False

    def connected(self, wait_s: float) -> bool:
        """Whether the way is open after at most `wait_s`; DeviceOffline when it is not within 5 s."""
        if self._socket is None:
            self._begin()
        waiting = select.poll()
        waiting.register(self._open(), select.POLLOUT)
        if not waiting.poll(wait_s * 1000):
            if monotonic() - self._begun > CONNECT_S:
                raise DeviceOffline("no_answer", "no connection within 5 s")
            return False
        if error := self._open().getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise DeviceOffline("no_answer", os.strerror(error))
        return True

    def send(self, packet: bytes) -> None:
        """Send one packet; DeviceOffline when the connection is gone."""
        if self._taping:
            self._taping.sent(packet)
        try:
            self._open().settimeout(SEND_S)
            self._open().sendall(self._wrapped(packet))
        except OSError as error:
            raise DeviceOffline("connection_lost", str(error)) from error

    def receive(self, wait_s: float) -> list[Packet]:
        """The packets that came within `wait_s`, perhaps none."""
        try:
            waiting = select.poll()
            waiting.register(self._open(), select.POLLIN)
            if not waiting.poll(wait_s * 1000):  # a `recv` that waits holds its whole buffer meanwhile
                return []
            data = self._open().recv(_RECEIVE)
        except TimeoutError:
            return []
        except ConnectionRefusedError as error:
            raise DeviceOffline("no_answer", str(error)) from error
        except OSError as error:
            raise DeviceOffline("connection_lost", str(error)) from error
        packets = self._unwrapped(data)
        self._met = self._met or bool(packets)
        if self._taping:
            self._taping.heard(packets)
        return packets

    def silence(self) -> DeviceError:
        """What it means that no answer came."""
        return DeviceOffline("no_answer", "connected, but no answer")

    def close(self) -> None:
        """Close; never raises."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _begin(self) -> None:
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        self._socket = socket.socket(family, self._kind)
        self._socket.setblocking(False)
        self._begun = monotonic()
        error = self._socket.connect_ex(self._address)
        if error not in (0, errno.EINPROGRESS):
            raise DeviceOffline("no_answer", os.strerror(error))

    def _open(self) -> socket.socket:
        if self._socket is None:
            raise DeviceOffline("connection_lost", "not connected")
        return self._socket

    @abstractmethod
    def _wrapped(self, packet: bytes) -> bytes:
        """A packet as it goes out."""

    @abstractmethod
    def _unwrapped(self, data: bytes) -> list[Packet]:
        """The packets that what came in completes."""

    def _foreign(self, data: bytes) -> DeviceRefused:
        return DeviceRefused("foreign_device", f"it begins with {data[:16].hex(' ')}")


class TcpLine(Line):
    """A stream; nothing is lost or overtaken."""

    lossy = False
    _kind = socket.SOCK_STREAM

    def __init__(self, host: str, port: int, taping: Taping | None = None) -> None:
        super().__init__(host, port, taping)
        self._buffer = Buffer()

    def silence(self) -> DeviceError:
        """Garbage without a frame is no silence."""
        if self._buffer.skipped:
            return DeviceOffline("garbled", f"{self._buffer.skipped} bytes without a frame")
        return super().silence()

    def _wrapped(self, packet: bytes) -> bytes:
        return framed(packet)

    def _unwrapped(self, data: bytes) -> list[Packet]:
        if not data:
            raise DeviceOffline("connection_lost", "the terminal closed the connection")
        try:
            packets = self._buffer.feed(data)
        except Encrypted as error:
            raise DeviceRefused("encrypted_firmware", str(error)) from error
        except FrameError as error:
            raise DeviceOffline("garbled", str(error)) from error
        if not self._met and not packets and self._buffer.skipped:
            raise self._foreign(data)
        return packets


class UdpLine(Line):
    """Datagrams; what is lost is asked for again by the conversation."""

    lossy = True
    _kind = socket.SOCK_DGRAM

    def __init__(self, host: str, port: int, taping: Taping | None = None) -> None:
        super().__init__(host, port, taping)
        self._damaged = 0

    def silence(self) -> DeviceError:
        """Nothing but damaged packets is no silence."""
        if self._damaged:
            return DeviceOffline("garbled", f"{self._damaged} damaged packets")
        return super().silence()

    def _wrapped(self, packet: bytes) -> bytes:
        return packet

    def _unwrapped(self, data: bytes) -> list[Packet]:
        try:
            packet = decode(data)
        except FrameError as error:
            if not self._met and int.from_bytes(data[:2], "little") not in _ANSWERS:
                raise self._foreign(data) from error
            self._damaged += 1
            return []
        self._damaged = 0
        return [packet]
