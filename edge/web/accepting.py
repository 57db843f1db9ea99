"""Who is let in at a TCP port of ours: few connections an address, a deadline for handshake and head.

uvicorn has neither. At the cap the address with the most connections gives one up to an address with fewer:
a slow crowd keeps nobody out, and wins nothing by coming again. The control socket does not pass here.
"""

import asyncio
import logging
import socket
import ssl
from asyncio import sslproto
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

LOG = logging.getLogger(__name__)

CONNECTIONS_MAX = 64
PER_ADDRESS = 24
HANDSHAKE_S = 5.0
HEAD_S = 10.0
"""From the last answer, too: what a browser keeps open for later."""
LOOK_S = 0.5
REST_S = 0.1
sslproto.SSLProtocol.max_size = 16 << 10
"""One record. asyncio's buffer of a TLS connection: else 256 KiB each, before anybody has said anything."""


class Line(H11Protocol):
    """A connection that tells its end."""

    def __init__(self, server: uvicorn.Server) -> None:
        super().__init__(server.config, server.server_state, {})
        self.ended = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        super().connection_lost(exc)
        self.ended.set()


@dataclass(eq=False, slots=True)
class Visit:
    """One connection. line: None while the handshake lasts; since: so long it has asked for nothing."""

    peer: str
    since: float
    task: "asyncio.Task[None] | None" = None
    line: Line | None = None

    @property
    def idle(self) -> bool:
        """No request of it is being answered."""
        cycle = self.line.cycle if self.line else None
        return cycle is None or cycle.response_complete

    @property
    def keeps_us_waiting(self) -> bool:
        """It is its turn to send."""
        return self.idle or (self.line is not None and self.line.cycle.more_body)


class Accepting:
    """The connections of one port, handed to a running uvicorn. Lives in its loop. tls: None = plain http."""

    def __init__(self, server: uvicorn.Server, tls: ssl.SSLContext | None) -> None:
        self.tls = tls
        """Of the next handshake."""
        self._server = server
        self._visits: set[Visit] = set()

    async def run(self, listener: socket.socket) -> None:
        """Accept until cancelled; the connections end then."""
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        try:
            while True:
                try:
                    line, address = await loop.sock_accept(listener)
                except OSError as error:  # as many files are open as may be
                    LOG.warning("no connection is accepted: %s", error)
                    await asyncio.sleep(REST_S)
                    continue
                if self._make_room(address[0]):
                    visit = Visit(address[0], monotonic())
                    self._visits.add(visit)
                    visit.task = loop.create_task(self._attend(visit, line))
                else:
                    line.close()
        finally:
            listener.close()
            for visit in self._visits:
                _end(visit)

    def _make_room(self, peer: str) -> bool:
        """Whether one more of this address may come; at the cap that is at the cost of another."""
        mine = sum(each.peer == peer for each in self._visits)
        if mine >= PER_ADDRESS or len(self._visits) < CONNECTIONS_MAX:
            return mine < PER_ADDRESS
        waited_for = [each for each in self._visits if each.keeps_us_waiting]
        held = Counter(each.peer for each in waited_for)
        slow = min(waited_for, key=lambda each: (-held[each.peer], each.since), default=None)
        if slow is None or (mine and mine + 1 >= held[slow.peer]):
            return False
        self._visits.discard(slow)
        _end(slow)
        return True

    async def _attend(self, visit: Visit, line: socket.socket) -> None:
        """One connection, from its handshake to its end."""
        try:
            with suppress(OSError, TimeoutError, ssl.SSLError):
                async with asyncio.timeout(HANDSHAKE_S):
                    visit.line = await self._connected(line)
                await self._watch(visit, visit.line)
        finally:
            self._visits.discard(visit)
            if visit.line:
                visit.line.transport.abort()

    async def _connected(self, line: socket.socket) -> Line:
        loop = asyncio.get_running_loop()
        _, made = await loop.connect_accepted_socket(lambda: Line(self._server), line, ssl=self.tls)
        return made

    @staticmethod
    async def _watch(visit: Visit, line: Line) -> None:
        """Until it ends, or has asked for nothing for too long."""
        visit.since = monotonic()
        while not line.ended.is_set():
            if not visit.idle:
                visit.since = monotonic()
            elif monotonic() - visit.since > HEAD_S:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await line.ended.wait()


def _end(visit: Visit) -> None:
    if visit.task:
        visit.task.cancel()
