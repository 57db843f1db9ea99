"""The sockets of the device port: a loop of its own, caps, and a deadline for every step.

One request a connection. A body is held in memory, BODY_MAX at most and BUDGET in all; only that of a
device the desk let in is read. Whoever is slow costs one connection of its few, and at the cap the oldest
that is still reading goes. Where the address cannot be had yet, it is tried again until it can.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import monotonic

from drivers.base import Reply, Request
from edge.attention import Attention
from edge.clock.clock import WallClock
from edge.commands import Commands
from edge.device.receiver import AGAIN
from edge.device.runner import Runner
from edge.pairing.duty import PairingDuty
from edge.ports import wire
from edge.ports.callers import families, talks
from edge.ports.desk import Counter, Desk, Phones, Talk
from edge.ports.pool import Pool
from edge.ports.wire import BadRequest, Head
from edge.settings.settings import ListenSettings
from edge.snapshot import Caller
from edge.store import Store
from edge.windows import Windows

LOG = logging.getLogger(__name__)

HEAD_MAX = 16 << 10
BODY_MAX, SMALL_MAX = 2 << 20, 64 << 10
BUDGET = 64 << 20
"""Most bytes of bodies held at once, by what was announced."""
CONNECTIONS_MAX = 400
PER_ADDRESS = 12
WORKERS = 16
HEAD_S = 10.0
BODY_S, SMALL_S = 30.0, 10.0
SURPLUS_S = 0.3
"""A body that does not end with a line may be longer than announced: so long is waited for the rest."""
SURPLUS_MAX = 64 << 10
LINGER_S = 1.0
REBIND_S = 5.0
STOP_S = 3.0
LAST_S = 0.05
"""So soon who was accepted last is a visit, which can be ended; asyncio leaves others open."""
SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


@dataclass(eq=False, slots=True)
class Visit:
    """One connection."""

    peer: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    began: float = field(default_factory=monotonic)
    reading: bool = True


class DevicePort:
    """The port for those of `runners` that call; serves from `start` to `stop`. keep: see `Desk`.

    store: takes the audits of pairing; without it nobody is paired. windows, phones: see `Desk`.
    """

    def __init__(
        self,
        runners: Sequence[Runner],
        clock: WallClock,
        settings: ListenSettings,
        keep: Path,
        store: Store | None = None,
        windows: Windows | None = None,
        phones: Phones | None = None,
    ) -> None:
        self.port, self._host = settings.port, settings.host
        self._pairing = PairingDuty(runners, keep, store, clock) if store else None
        self.commands: Commands = self._pairing.commands if self._pairing else {}
        """What a person may order about pairing."""
        known = families() if settings.host else {}
        doorman = self._pairing.doorman if self._pairing else None
        self.desk, self._clock = Desk(runners, clock, keep, known, doorman, windows, phones), clock
        self._visits: set[Visit] = set()
        self._held = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._looping = threading.Event()
        self._pool = Pool[Reply](WORKERS)
        self._talks = talks(runners, windows)
        self.problem = ""
        """Why it does not listen, or ""."""
        self.since = clock.text()
        self.suspected: Callable[[], bool] = lambda: False
        """Whether our clock, though trusted, should set no terminal: then no answer tells the time."""

    def turned_away(self) -> tuple[Caller, ...]:
        """Who was turned away lately."""
        return self.desk.turned_away

    def attention(self) -> Iterator[Attention]:
        """It does not listen; somebody calls there who is not let in; somebody forges."""
        if self.problem:
            yield Attention("listen", "port_unavailable", self.since, self.problem)
        for caller in self.desk.turned_away:
            known = "other_address" if caller.device_id else "unknown_terminal"
            cause = known if caller.serial else "unknown_pusher"
            who, subject = f"{caller.serial or '?'} @ {caller.address}", caller.device_id or "listen"
            yield Attention(subject, cause, caller.first, who, approval(caller))
        if self._pairing:
            yield from self._pairing.attention()

    def start(self) -> None:
        """Begin to listen where the config says, in a thread of its own; returns when that was tried."""
        if not self._host:
            return
        self._thread = threading.Thread(target=self._run, name="ports", daemon=True)
        self._thread.start()
        self._looping.wait()

    def stop(self) -> None:
        """Close everything; harmless when not started."""
        if self._thread is None or self._loop is None or self._stop is None:
            return
        with suppress(RuntimeError):  # the loop has already ended
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(STOP_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._looping.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        pulse = asyncio.create_task(self._talks.pulse()) if self._talks else None
        while not self._stop.is_set():
            server = await self._listen()
            self._looping.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), None if server else REBIND_S)
            if server:
                await _close(server)
        for visit in list(self._visits):
            visit.writer.transport.abort()
        if pulse:
            pulse.cancel()

    async def _listen(self) -> asyncio.Server | None:
        try:
            server = await asyncio.start_server(self._visit, self._host, self.port, limit=HEAD_MAX)
        except OSError as error:
            if not self.problem:
                LOG.error("devices cannot call: %s:%d: %s", self._host, self.port, error)
                self.since = self._clock.text()
            self.problem = error.strerror or str(error)
            return None
        self.port, self.problem = server.sockets[0].getsockname()[1], ""
        LOG.info("devices may call at %s:%d", self._host, self.port)
        return server

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: one request, one answer."""
        name = writer.get_extra_info("peername")
        visit = Visit(name[0] if name else "", reader, writer)
        if not name or self.desk.unwelcome(visit.peer) or not self._make_room(visit.peer):
            writer.transport.abort()
            return
        self._visits.add(visit)
        try:
            await self._converse(visit)
        except (OSError, EOFError, TimeoutError, asyncio.CancelledError):
            pass  # it went, was too slow, or the port closes; it keeps what it has and comes again
        except Exception:
            LOG.exception("a request from %s failed", visit.peer)
        finally:
            self._visits.discard(visit)
            writer.transport.abort()

    def _make_room(self, peer: str) -> bool:
        """Whether one more of this address may come; at the cap the oldest that still reads has to go."""
        if sum(each.peer == peer for each in self._visits) >= PER_ADDRESS:
            return False
        if len(self._visits) < CONNECTIONS_MAX:
            return True
        slow = min((each for each in self._visits if each.reading), key=lambda each: each.began, default=None)
        if slow is not None:
            self._visits.discard(slow)
            slow.writer.transport.abort()
        return slow is not None

    async def _converse(self, visit: Visit) -> None:
        try:
            reply = await self._answer(visit)
        except BadRequest as error:
            self.desk.bothered(visit.peer)
            reply = Reply(error.status, str(error).encode())
        if reply is None:
            return
        visit.reading = False
        now = self._clock.now() if self._clock.trusted() and not self.suspected() else None
        async with asyncio.timeout(HEAD_S):
            visit.writer.write(wire.answer(reply, now))
            await visit.writer.drain()
            visit.writer.write_eof()
        with suppress(TimeoutError):  # what it still sends must not turn our answer into a reset
            async with asyncio.timeout(LINGER_S):
                while await visit.reader.read(HEAD_MAX):
                    pass

    async def _answer(self, visit: Visit) -> Reply | None:
        async with asyncio.timeout(HEAD_S):
            head, body = await self._head(visit)
        request = Request(
            head.method, head.path, head.query, head.headers, b"", visit.peer, self._clock.now()
        )
        counter = self.desk.admit(request)
        if isinstance(counter, Reply):
            return counter
        if isinstance(counter, Talk):
            visit.reading = False
            if self._talks:
                await self._talks.hold(request, bytes(body), counter.receiver, (visit.reader, visit.writer))
            return None
        announced = head.length or 0
        if announced > (SMALL_MAX if counter.small else BODY_MAX):
            return Reply(413, b"too long")
        if self._held + announced > BUDGET:
            return AGAIN
        self._held += announced
        try:
            whole = await self._body(visit, head, body, counter)
            visit.reading = False
            told = replace(request, body=bytes(body), whole=whole, at=self._clock.now())
            body.clear()  # many may wait for their turn, and one copy of each is enough
            return await asyncio.wrap_future(self._pool.submit(partial(counter.serve, told)))
        finally:
            self._held -= announced

    async def _head(self, visit: Visit) -> tuple[Head, bytearray]:
        """The head, and what came of the body with it."""
        data = bytearray()
        while (end := wire.head_end(data)) is None:
            if len(data) > HEAD_MAX:
                raise BadRequest(431, "the head is too long")
            piece = await visit.reader.read(HEAD_MAX)
            if not piece:
                raise EOFError
            data += piece
        head = wire.parse_head(bytes(data[: end[0]]))
        del data[: end[1]]
        return head, data

    async def _body(self, visit: Visit, head: Head, body: bytearray, counter: Counter) -> bool:
        """Read on; whether all of the body came. What came late is part of it, see `SURPLUS_S`."""
        announced = head.length or 0
        if head.expects and not body:
            visit.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        with suppress(TimeoutError):
            async with asyncio.timeout(SMALL_S if counter.small else BODY_S):
                await _fill(body, visit.reader, announced)
        if len(body) < announced:
            return visit.reader.at_eof() and body.endswith(b"\n")
        if counter.miscounts and head.method == "POST" and not body.endswith(b"\n"):
            with suppress(TimeoutError):
                async with asyncio.timeout(SURPLUS_S):
                    await _fill(body, visit.reader, len(body) + SURPLUS_MAX)
        if wire.begins_another(bytes(body[announced:])):
            del body[announced:]
        return True


def approval(caller: Caller) -> str:
    """What a person types to let it in; "" where its serial can be none, or would mean more to a shell."""
    if not SERIAL.fullmatch(caller.serial):
        return ""
    return f"hall-edge approve {caller.serial} --address {caller.address}"


async def _close(server: asyncio.Server) -> None:
    for listening in server.sockets:
        asyncio.get_running_loop().remove_reader(listening.fileno())
    await asyncio.sleep(LAST_S)
    server.close()


async def _fill(body: bytearray, reader: asyncio.StreamReader, until: int) -> None:
    while len(body) < until and (piece := await reader.read(64 << 10)):
        body += piece
