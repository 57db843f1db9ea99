"""One conversation with a terminal: requests out, answers in by reply id, events put aside.

Rules: every wait is cut into slices of a second with a look at `stopped`, and has a deadline. The session
field is not checked (see `frames`). Answers to earlier requests are dropped. What UDP loses is asked for
again.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic

from drivers.base import DeviceError, DeviceOffline, DeviceRefused
from drivers.zk.frames import REPLY_IDS, Cmd, Packet, encode
from drivers.zk.line import Line, TcpLine, UdpLine
from drivers.zk.parts import Parts, Uneven
from drivers.zk.taping import Taping

SLICE_S = 1.0
REPLY_S = 10.0
"""Silence that ends a conversation."""
CHUNK_S = 30.0
FAREWELL_S = 0.5
AGAIN_MAX = 3
"""UDP: how often the same packet is sent again, each time after a slice of silence, or on a gap."""
EVENTS_MAX = 1000
"""Events kept while nobody listens; they are hints, the log is the truth."""
EVENT_MAX = 512
"""Bytes of an event that are kept; of a longer one only that there is news."""


class Stopped(Exception):
    """Our side wants the driver to leave."""


class Denied(DeviceOffline):
    """The terminal answered a request for data with no or other data; `code` is its word."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__("garbled", detail)
        self.code = code


class _Request:
    """A packet that waits for its answer: sent when made, and again if the line loses packets."""

    def __init__(self, line: Line, reply: int, packet: bytes) -> None:
        self.reply = reply
        self.left = AGAIN_MAX
        self._line = line
        self._packet = packet
        line.send(packet)

    def again(self) -> bool:
        """Send it once more; False when that makes no sense or was done often enough."""
        if not self._line.lossy or not self.left:
            return False
        self.left -= 1
        self._line.send(self._packet)
        return True


class Wire:
    """The conversation. `open` first, `close` last; one thread. `stopped` is asked in every wait."""

    def __init__(
        self,
        host: str,
        port: int,
        transport: str,
        stopped: Callable[[], bool],
        taping: Taping | None = None,
    ) -> None:
        self._stopped = stopped
        self._line: Line = (UdpLine if transport == "udp" else TcpLine)(host, port, taping)
        self._inbox: deque[Packet] = deque()
        self._events: deque[Packet] = deque(maxlen=EVENTS_MAX)
        self._reply = REPLY_IDS - 1
        self.session = 0
        self.unsure = False
        """CONNECT was sent again and not answered each time: a refusal may be of a session that is over."""

    @property
    def lossy(self) -> bool:
        """Packets may be lost, doubled or overtake each other."""
        return self._line.lossy

    def open(self) -> int:
        """Connect and return what CONNECT was answered; DeviceRefused for what no key can open."""
        while not self._line.connected(SLICE_S):
            self._look_at_stop()
        answer = self._connected()
        if answer.command in (Cmd.CHALLENGE, Cmd.AUTH_LOCK):
            raise DeviceRefused("encrypted_firmware", f"CONNECT was answered {answer.command}")
        if answer.command not in (Cmd.OK, Cmd.UNAUTHORIZED):
            raise DeviceOffline("garbled", f"CONNECT was answered {answer.command}")
        self.session = answer.session
        return answer.command

    def _connected(self) -> Packet:
        """What CONNECT was answered; sent again, it may have begun another session: the newest counts."""
        began = monotonic()
        request = _Request(self._line, *self._encoded(Cmd.CONNECT))
        answer = next(self._answers(request, REPLY_S))
        within_s = monotonic() - began + SLICE_S
        for _ in range(AGAIN_MAX - request.left):
            later = self._later(request, within_s)
            if later is None:
                self.unsure = True
                return answer
            answer = later
        return answer

    def _later(self, request: "_Request", within_s: float) -> Packet | None:
        """One more answer to the same request, or None."""
        end = monotonic() + within_s
        while (left := end - monotonic()) > 0:
            packet = self._next(min(SLICE_S, left))
            if packet and packet.reply == request.reply:
                return packet
        return None

    def ask(self, command: int, data: bytes = b"") -> Packet:
        """The answer to one command."""
        request = _Request(self._line, *self._encoded(command, data))
        return next(self._answers(request, REPLY_S))

    def tell(self, command: int) -> None:
        """Send and expect nothing."""
        self._line.send(self._encoded(command)[1])

    def stream(
        self, command: int, data: bytes = b"", size: int | None = None, within_s: float = CHUNK_S
    ) -> Iterator[bytes]:
        """The data a request is answered with, in order and as it comes.

        size: how much it must be, where the request says so. Ends early when the terminal says «done»
        too soon. Denied when the answer is no data.
        """
        parts = Parts(self.session, size, self.lossy)
        request = _Request(self._line, *self._encoded(command, data))
        for packet in self._answers(request, within_s):
            before = parts.received
            if packet.command == Cmd.PREPARE_DATA:
                parts.announced(packet.data)
            elif packet.command == Cmd.DATA:
                yield from self._added(parts, packet)
            elif packet.command != Cmd.OK:
                raise Denied(packet.command, f"{command} was answered {packet.command}")
            if parts.received > before:
                request.left = AGAIN_MAX
            if parts.whole or (packet.command == Cmd.OK and not request.again()):
                return

    @staticmethod
    def _added(parts: Parts, packet: Packet) -> list[bytes]:
        try:
            return parts.add(packet)
        except Uneven as error:
            raise Denied(Cmd.DATA, str(error)) from error

    def events(self, wait_s: float) -> list[Packet]:
        """Events that came in since the last look, waiting up to `wait_s` (<= 1 s) for the first."""
        if not self._events:
            self._fill(wait_s)
        taken = list(self._events)
        self._events.clear()
        self._inbox.clear()  # answers that nobody waits for any more
        return taken

    def close(self) -> None:
        """Say good-bye as far as that goes, give the answer a moment, and close; never raises."""
        with suppress(DeviceError):
            if self.session:
                request = _Request(self._line, *self._encoded(Cmd.EXIT))
                end = monotonic() + FAREWELL_S
                while (left := end - monotonic()) > 0:
                    if any(packet.reply == request.reply for packet in self._line.receive(left)):
                        break
        self._line.close()

    def _answers(self, request: "_Request", within_s: float) -> Iterator[Packet]:
        """Packets that answer the request, for as long as the caller wants more."""
        heard = monotonic()
        end = heard + within_s
        while monotonic() < min(end, heard + REPLY_S):
            packet = self._next(SLICE_S)
            if packet is None:
                request.again()
            elif packet.reply == request.reply:
                yield packet
                heard = monotonic()
        raise self._line.silence()

    def _next(self, wait_s: float) -> Packet | None:
        end = monotonic() + wait_s
        while not self._inbox and (left := end - monotonic()) > 0:
            self._fill(left)
        return self._inbox.popleft() if self._inbox else None

    def _fill(self, wait_s: float) -> None:
        self._look_at_stop()
        for packet in self._line.receive(wait_s):
            if packet.command == Cmd.EVENT:
                known = len(packet.data) <= EVENT_MAX
                self._events.append(packet if known else packet._replace(data=b""))
                self._line.send(encode(Cmd.OK, self.session, packet.reply))
            else:
                self._inbox.append(packet)

    def _encoded(self, command: int, data: bytes = b"") -> tuple[int, bytes]:
        """The next reply id, and the packet that bears it."""
        self._reply = (self._reply + 1) % REPLY_IDS
        return self._reply, encode(command, self.session, self._reply, data)

    def _look_at_stop(self) -> None:
        if self._stopped():
            raise Stopped
