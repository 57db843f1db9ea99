"""WebSocket lines at the device port: frames, pings, limits; what is said is the driver's.

A line that gives no sign for DEAD_S is dead, however open it looks; nobody may say more than MESSAGE_MAX at
once, or stay without proving who it is. Messages of a device are heard one by one, in the port's pool. The
only importer of websockets (its framing, without its sockets), loaded where a device keeps a line open.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, TypeVar

from websockets.datastructures import Headers
from websockets.frames import Opcode
from websockets.http11 import Request as Handshake
from websockets.protocol import SERVER, Protocol, State
from websockets.server import ServerProtocol

from drivers.base import Link, Request
from drivers.conversing import Converser, Heard
from edge.device.receiver import Receiver
from edge.ports.pool import Pool

T = TypeVar("T")
QUIET = logging.getLogger("frames")
QUIET.setLevel(logging.ERROR)
"""For websockets, which would show what is said where somebody asks for every detail."""

MESSAGE_MAX = 64 << 10
UNSENT_MAX = 256 << 10
PING_S, DEAD_S = 8.0, 20.0
LOGIN_S = 15.0
LOOK_S = 1.0
LEARN_EVERY = 5
FORGED_S = 1.0
AGAIN_LATER, GOING = 1013, 1001
About = Callable[[str], Mapping[str, str]]
"""What the hall knows of a window."""


class Line:
    """One line: our side of it (`Voice`), and its frames. Other threads only `say` and `hang_up`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._loop = asyncio.get_running_loop()
        self._frames = Protocol(SERVER, state=State.OPEN, max_size=MESSAGE_MAX, logger=QUIET)
        self._parts = bytearray()
        self.heard_s = self._pinged_s = monotonic()

    def say(self, text: str) -> None:
        """See `Voice`."""
        with suppress(RuntimeError):  # the loop has already ended
            self._loop.call_soon_threadsafe(self._say, text)

    def hang_up(self) -> None:
        """See `Voice`."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.close, GOING)

    @property
    def over(self) -> bool:
        """Nothing more will be heard."""
        return self._frames.state is not State.OPEN

    def close(self, code: int) -> None:
        """Say good-bye; what the other side says to that is waited for a moment, by who reads."""
        if not self.over:
            self._frames.send_close(code)
            self._flush()

    def take(self, data: bytes) -> list[str]:
        """The messages in what has come; a frame that makes no sense ends the line."""
        self._frames.receive_data(data)
        found = []
        for frame in self._frames.events_received():
            if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):  # type: ignore[union-attr]
                self._parts += frame.data  # type: ignore[union-attr]
                if frame.fin:  # type: ignore[union-attr]
                    found.append(self._parts.decode("utf-8", "replace"))
                    self._parts.clear()
        self._flush()
        return found

    async def read(self) -> bytes | None:
        """What has come within a moment, b"" = nothing; None: the line has ended or is dead."""
        now_s = monotonic()
        if now_s - self.heard_s > DEAD_S or self._writer.transport.get_write_buffer_size() > UNSENT_MAX:
            return None
        if now_s - max(self.heard_s, self._pinged_s) > PING_S:
            self._pinged_s = now_s
            self._frames.send_ping(b"")
            self._flush()
        try:
            async with asyncio.timeout(LOOK_S):
                data = await self._reader.read(MESSAGE_MAX)
        except TimeoutError:
            return b""
        self.heard_s = monotonic()
        return data or None

    def _say(self, text: str) -> None:
        if not self.over:
            self._frames.send_text(text.encode("utf-8", "replace"))
            self._flush()

    def _flush(self) -> None:
        if not self._writer.is_closing():
            for data in self._frames.data_to_send():
                self._writer.write(data)


class Talks:
    """The lines of one port, to those of `receivers` that keep one open. about: see `Converser.learn`."""

    def __init__(self, pool: Pool[Any], receivers: Sequence[Receiver], about: About | None) -> None:
        self._pool, self._about = pool, about
        self._receivers = [each for each in receivers if isinstance(each.listener, Converser)]
        self._told: dict[str, tuple[Converser, Mapping[str, str]]] = {}

    async def hold(
        self,
        request: Request,
        rest: bytes,
        receiver: Receiver,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """One line from its handshake to its end. rest: what came with the head."""
        answer = ServerProtocol(logger=QUIET).accept(Handshake(request.path, Headers(request.headers)))
        streams[1].write(answer.serialize())
        await streams[1].drain()
        if answer.status_code != 101:
            return
        line, listener = Line(*streams), receiver.listener
        if not isinstance(listener, Converser):
            return
        try:
            if await self._in_turn(receiver, listener, lambda own, link: own.greet(line, link) or True):
                await self._listen(line, receiver, listener, rest)
        finally:
            with suppress(OSError):
                line.close(AGAIN_LATER)
                await streams[1].drain()
            await self._in_turn(receiver, listener, lambda own, _link: own.gone(line) or True)

    async def pulse(self) -> None:
        """While the port is open: time passes for those who wait; what the hall knows is told."""
        turn = 0
        while True:
            await asyncio.sleep(LOOK_S)
            turn += 1
            for receiver in self._receivers:
                listener = receiver.listener
                if not isinstance(listener, Converser):
                    continue
                if listener.restless:
                    await self._in_turn(receiver, listener, lambda own, link: own.look(link) or True)
                if self._about and turn % LEARN_EVERY == 0:
                    await self._in_turn(receiver, listener, partial(self._teach, receiver, self._about))

    def _teach(self, receiver: Receiver, about: About, own: Converser, link: Link) -> bool:
        device_id, told = receiver.device.device_id, about(receiver.device.windows[0])
        if self._told.get(device_id) != (own, told):
            own.learn(told, link)
            self._told[device_id] = (own, told)
        return True

    async def _listen(self, line: Line, receiver: Receiver, listener: Converser, rest: bytes) -> None:
        began_s, known = monotonic(), False
        data: bytes | None = rest
        while data is not None and not line.over:
            for text in line.take(data) if data else ():
                heard = await self._heard(line, receiver, listener, text)
                if heard is None:
                    return
                known = known or heard == "known"
            if known:
                receiver.alive()
            elif monotonic() - began_s > LOGIN_S:
                return
            data = await line.read()

    async def _heard(self, line: Line, receiver: Receiver, listener: Converser, text: str) -> Heard | None:
        """What a message shows of who speaks; None: the line must end."""
        heard = await self._in_turn(receiver, listener, lambda own, link: own.hear(line, text, link))
        if heard == "forged":
            receiver.claimed("auth_failed")
            await asyncio.sleep(FORGED_S)
            return None
        return heard

    async def _in_turn(
        self, receiver: Receiver, listener: Converser, work: Callable[[Converser, Link], T]
    ) -> T | None:
        """One thing done with the driver this line began with; None where that has failed, or is no more."""

        def job() -> T | None:
            return receiver.in_turn(lambda own, link: work(listener, link) if own is listener else None)

        return await asyncio.wrap_future(self._pool.submit(job))
