"""A tablet that calls, logs in, beats, shows what it is told, and keeps each rating until it is thanked for.

Written from the published description of the protocol, not with the driver's code. The frames are those of
websockets; the socket is our own, so that it can go deaf.
"""

import json
import random
import select
import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any, Self

from websockets.client import ClientProtocol
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from tests.sim.tablet_ws.faults import Faults

CHINA = timezone(timedelta(hours=8))
AGAIN_S = 0.5
RESEND_S = 1.5


class Tablet:
    """One tablet between `start` and `stop`. heard: how often which code came; shown: what it shows now."""

    def __init__(
        self,
        port: int,
        *,
        login: str = "10086",
        key: str = "123456",
        host: str = "127.0.0.1",
        source: str = "127.0.0.1",
        path: str = "/ws",
        beat_s: float = 60.0,
        seed: int = 1,
    ) -> None:
        self.port, self.host, self.source, self.path = port, host, source, path
        self.login, self.key, self.beat_s = login, key, beat_s
        self.faults, self.clock_offset_s = Faults(), 0.0
        self.heard: Counter[int] = Counter()
        self.shown: dict[str, Any] = {}
        self.logged_in = False
        self.answers = False
        """Somebody answers most invitations."""
        self.emitted = self.lines = 0
        self.waiting: dict[str, dict[str, object]] = {}
        """Ratings that were not thanked for."""
        self.random = random.Random(seed)
        self._life = f"{seed}-{random.getrandbits(32):08x}"
        self._stop, self._lock = threading.Event(), threading.RLock()
        self._protocol: ClientProtocol | None = None
        self._socket: socket.socket | None = None
        self._sent_s: dict[str, float] = {}
        self._beat_at = 0.0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stop.clear()
        self._thread = threading.Thread(target=self._live, name="tablet", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(10)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def drop(self) -> None:
        """The line breaks now."""
        with suppress(OSError, AttributeError):
            self._socket.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]

    def rate(self, stars: int = 0, *, at: datetime | None = None, **told: object) -> str:
        """Somebody rates; 0 = any stars; the rating's id. It is sent until it is thanked for."""
        code = str(stars or self.random.randint(1, 5))
        with self._lock:
            if self.faults.unmapped:
                self.faults.unmapped, code = self.faults.unmapped - 1, "9"
                number = f"{self._life}-x{self.faults.unmapped}"
            else:
                self.emitted += 1
                number = f"{self._life}-{self.emitted}"
            moment = at or datetime.now(CHINA) + timedelta(seconds=self.clock_offset_s)
            data: dict[str, object] = {
                "id": number,
                "satisfaction": code,
                "assessTime": f"{moment:%Y-%m-%d %H:%M:%S}",
                "userName": "王某",
                **told,
            }
            if self.shown.get("session") and not self.faults.no_echo:
                data["session"] = self.shown["session"]
            self.shown.pop("session", None)
            self.waiting[number] = data
        return number

    def say(self, message: object) -> None:
        """Say something, now; into a line that is just being closed it is said in vain."""
        text = message if isinstance(message, bytes) else json.dumps(message, ensure_ascii=False).encode()
        with self._lock:
            if self._protocol and self._protocol.state is State.OPEN:
                self._protocol.send_text(text)
                with suppress(OSError):
                    self._flush()

    def send(self, data: bytes) -> None:
        """Put bytes on the line that are no frame of ours."""
        with self._lock, suppress(OSError, AttributeError):
            self._socket.sendall(data)  # type: ignore[union-attr]

    def _live(self) -> None:
        while not self._stop.is_set():
            with suppress(OSError, EOFError):
                self._call()
            self.logged_in, self._protocol = False, None
            self._sent_s.clear()
            self._stop.wait(AGAIN_S)

    def _call(self) -> None:
        with socket.create_connection((self.host, self.port), 5, (self.source, 0)) as line:
            line.settimeout(5)
            self._socket = line
            self._protocol = ClientProtocol(parse_uri(f"ws://{self.host}:{self.port}{self.path}"))
            with self._lock:
                self._protocol.send_request(self._protocol.connect())
                self._flush()
            self.lines += 1
            while not self._stop.is_set():
                if self.faults.deaf:
                    self._stop.wait(0.1)
                    continue
                ready, _, _ = select.select([line], [], [], 0.02)
                if ready:
                    data = line.recv(65_536)
                    if not data:
                        return
                    self._take(data)
                if self._protocol.state is State.OPEN:
                    self._speak()
                elif self._protocol.state is not State.CONNECTING:
                    return

    def _take(self, data: bytes) -> None:
        protocol = self._protocol
        assert protocol is not None
        with self._lock:
            protocol.receive_data(data)
            self._flush()
            events = protocol.events_received()
        if protocol.handshake_exc:
            raise EOFError
        for event in events:
            if getattr(event, "opcode", None) is Opcode.TEXT:
                self._hear(json.loads(event.data))  # type: ignore[union-attr]

    def _hear(self, said: dict[str, Any]) -> None:
        code, state, data = said["code"], said["state"], said.get("data")
        self.heard[code] += 1
        match code, state:
            case 40001, 0:
                self.say({"code": 40001, "data": {"work_no": self.login, "key": self.key}})
            case 40001, 1:
                self.logged_in, self._beat_at = True, 0.0
            case 50100, 1:
                self.shown["url"] = data
            case 50101, 1:
                self.shown["session"] = data["session"]
                if self.answers and self.random.random() < 0.8:
                    pause = threading.Timer(self.random.uniform(0.3, 2.0), self._answer, (data["session"],))
                    pause.daemon = True
                    pause.start()
            case 50102, 1:
                self.shown.pop("session", None)
            case 50103, 1:
                self.shown["card"] = data
            case 50200, _:
                self.waiting.pop(str(data.get("id")), None)

    def _answer(self, session: str) -> None:
        if self.shown.get("session") == session:
            self.rate()

    def _speak(self) -> None:
        now = time.monotonic()
        if not self.logged_in:
            return
        if now - self._beat_at >= self.beat_s:
            self._beat_at = now
            self.say({"code": 40000, "data": round((time.time() + self.clock_offset_s) * 1000)})
        for number, data in list(self.waiting.items()):
            if now - self._sent_s.get(number, -RESEND_S) >= RESEND_S:
                while self.faults.garbage:
                    self.faults.garbage -= 1
                    self.say(self.random.randbytes(20).hex().encode() + b"{")
                self._stop.wait(self.faults.slow_s)
                self._sent_s[number] = now
                for _ in range(2 if self.random.random() < self.faults.repeat else 1):
                    self.say({"code": 50200, "data": data})

    def _flush(self) -> None:
        assert self._protocol is not None
        for data in self._protocol.data_to_send():
            if data and self._socket:
                self._socket.sendall(data)
