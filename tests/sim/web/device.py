"""A device with a web interface: port, login, clock, counters; what it says is the family's."""

import ssl
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo
from typing import NamedTuple, Self

from tests.sim.web.faults import HttpFaults
from tests.sim.web.login import Login
from tests.sim.web.server import Server

CHINA = timezone(timedelta(hours=8))


class Answer(NamedTuple):
    """What the device says to one request."""

    body: bytes
    kind: str = "application/json"
    status: int = 200


@dataclass(kw_only=True, eq=False, repr=False)
class WebDevice:
    """Listens between `start` and `stop`, or inside a `with` block; the memory stays.

    port: 0 takes a free one; after `start` the real one. tls: a server's context for https.
    """

    serial: str = "SIM0000001"
    model: str = "SimuWeb"
    firmware: str = "V3.3.5"
    host: str = "127.0.0.1"
    port: int = 0
    username: str = "admin"
    password: str = "hall-2026"
    auth: str = "digest"
    algorithm: str = "MD5"
    qop: bool = True
    realm: str = "DS-SIM"
    """What it calls itself to who is not logged in."""
    keep_alive: bool = True
    tls: ssl.SSLContext | None = None
    clock_offset_s: float = 0.0
    """Its clock minus the true one."""
    zone: tzinfo = CHINA
    http: HttpFaults = field(default_factory=HttpFaults)
    after_people: Callable[[str], object] = lambda _path: None
    """Called between a question about people, which is done by then, and its answer."""

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.login = Login(self.username, self.password, self.auth, self.algorithm, self.qop)
        self.login.realm = self.realm
        self.seen: Counter[str] = Counter()
        """connections, requests, refused (logins with a wrong answer)."""
        self.paths: list[str] = []
        self.emitted = 0
        self._server: Server | None = None

    def answer(self, method: str, path: str, query: str, body: bytes) -> Answer:
        """What is said to a request that is logged in."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Switch on. No effect when it is on."""
        if self._server is None:
            self._server = Server(self)
            self.port = self._server.port

    def stop(self) -> None:
        """Switch off: no thread and no socket stays. No effect when it is off."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def drop(self) -> None:
        """Every connection breaks now."""
        if self._server is not None:
            self._server.drop()

    def reboot(self) -> None:
        """Connections and logins end; the memory stays."""
        self.login.forget()
        self.drop()

    @property
    def connections(self) -> int:
        """TCP connections accepted so far."""
        return self.seen["connections"]

    def true_time(self) -> datetime:
        """The right wall clock of its zone."""
        return datetime.now(self.zone).replace(tzinfo=None)

    def clock(self) -> datetime:
        """Its wall clock."""
        return (self.true_time() + timedelta(seconds=self.clock_offset_s)).replace(microsecond=0)

    def set_clock(self, offset_s: float) -> None:
        """Somebody sets its clock so many seconds off."""
        self.clock_offset_s = offset_s
