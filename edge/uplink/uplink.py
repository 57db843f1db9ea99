"""The way upstream: one thread makes connections, and lets the exchange work while one stands.

Order of a row's life: committed -> published -> PUBACK (room in the window) -> receipt (retired). Whatever
ends a connection, the next life begins anew; whatever fails in one is shown and not the end of the thread.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from uuid import uuid4

from edge.backoff import next_wait
from edge.clock.clock import WallClock
from edge.contract import Description, Problem
from edge.events import Place
from edge.settings.settings import UplinkSettings
from edge.snapshot import Line
from edge.store import Reader, Store, Tip, sqlite
from edge.uplink.bell import Bell
from edge.uplink.broker import Broker, Connected, Lost, Notice, cause_of
from edge.uplink.exchange import REFUSED_WAIT_S, Exchange
from edge.uplink.messages import Messages
from edge.uplink.outbox import Outbox

LOG = logging.getLogger(__name__)

RECONNECT_S = (1.0, 60.0)
TAKEN_OVER_S = (5.0, 60.0)
"""Two with one id throw each other out: both wait, and longer each time."""
CONNACK_WAIT_S = 10.0
PUBACK_WAIT_S = 60.0
WAKE_S = 0.5
"""How long the thread waits at most before it looks at what nobody rings for."""


class Uplink:
    """The thread and its connection; `line`, `outbox` and `receipts` may be looked at from any thread."""

    def __init__(
        self,
        settings: UplinkSettings,
        place: Place,
        store: Store,
        clock: WallClock,
        description: Description,
        problems: Callable[[], Sequence[Problem]],
        beat: Callable[[], None],
    ) -> None:
        self._settings, self._store, self._clock, self._beat = settings, store, clock, beat
        self._messages = Messages(place, description, uuid4().hex[:8])
        self._client_id = f"hall-{place.county}-{place.hall}-"
        self._exchange = Exchange(settings.confirm, store, clock, self._messages, problems)
        self.receipts = self._exchange.receipts
        self._bell = Bell()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)
        self._restored = False
        self.line = Line(
            False, "broker_unreachable" if settings.host else "uplink_disabled", "", clock.text()
        )

    @property
    def outbox(self) -> Outbox:
        """What goes next; another one after a new epoch."""
        return self._exchange.outbox

    def start(self) -> None:
        """Begin, where a broker is configured."""
        if self._settings.host:
            self._store.on_commit(self._committed)
            self._thread.start()

    def stop(self) -> None:
        """Ask it to say `stopped` upstream and to leave; `join` waits for that."""
        self._stop.set()
        self._bell.ring()

    def requeue(self, number: int | None) -> list[int]:
        """Send again what was set aside, one event or all; returns their numbers. See `Shelf.requeue`."""
        found = self._exchange.requeue(number)
        self._bell.ring()
        return found

    def join(self, timeout_s: float) -> None:
        """Wait for the thread to end after `stop`."""
        if self._thread.ident:
            self._thread.join(timeout_s)

    def tell(self) -> None:
        """Something is well or wrong that was not: publish the hall's state soon."""
        self._exchange.tell()
        self._bell.ring()

    def _run(self) -> None:
        wait_s = 0.0
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                with closing(self._store.reader()) as reader:
                    cause = self._live(reader)
            except sqlite.Error as error:
                LOG.error("the log cannot be read: %s", error)
                self._show(False, cause := "storage_failing", str(error))
            except Exception:  # noqa: BLE001 - the next life begins anew, and status says what happened
                LOG.exception("the uplink failed")
                self._show(False, cause := "bug")
            lasted = not cause and time.monotonic() - began > wait_s
            anew = lasted or self.outbox.isolating
            bounds = TAKEN_OVER_S if self._exchange.contested else RECONNECT_S
            wait_s = next_wait(bounds, 0.0 if anew else wait_s)
            self._sleep(REFUSED_WAIT_S if cause == "broker_refused" else wait_s)

    def _live(self, reader: Reader) -> str:
        """One connection from the attempt to its end; returns "" or why there was none."""
        if not self._restored:
            self._exchange.restore(reader)
            self._restored = True
        if not self._clock.trusted():
            self._show(False, cause := "clock_untrusted")
            return cause
        will = self._messages.state_topic, self._exchange.state("lost")
        client_id = self._client_id + self._store.tip.epoch[:8]
        with closing(Broker(self._settings, client_id, will, self._bell)) as broker:
            return self._converse(broker, reader)

    def _converse(self, broker: Broker, reader: Reader) -> str:
        begun = unread = False
        try:
            if not (connected := self._connect(broker)):
                return self.line.cause
            begun = True
            self._exchange.begin(broker, connected)
            self._serve(broker, reader)
            return ""
        except sqlite.Error:
            unread = True
            raise
        finally:
            self._exchange.end(broker, last_word=begun and self._stop.is_set(), blameless=unread)

    def _connect(self, broker: Broker) -> Connected | None:
        """Wait for the broker's CONNACK; None, and the line says why, when it does not take us."""
        try:
            broker.open()
        except (OSError, ValueError) as error:
            self._show(False, cause_of(error), str(error))
            return None
        deadline = time.monotonic() + CONNACK_WAIT_S
        while time.monotonic() < deadline and not self._stop.is_set():
            for notice in self._hear(broker):
                if isinstance(notice, Connected) and not notice.cause:
                    return notice
                if isinstance(notice, Connected | Lost):
                    refused = isinstance(notice, Connected)
                    self._show(False, "broker_refused" if refused else "closed_before_login", notice.detail)
                    return None
        self._show(False, "broker_unreachable", "no CONNACK")
        return None

    def _serve(self, broker: Broker, reader: Reader) -> None:
        """Until the connection ends or we are told to stop."""
        while not self._stop.is_set():
            more = self._exchange.pump(broker, reader)
            self._show(True, *self._exchange.standing())
            for notice in self._hear(broker, 0.0 if more else WAKE_S):
                if isinstance(notice, Lost):
                    self._lost(notice)
                    return
                self._exchange.heed(notice, reader)
            if self._exchange.certificates.renewed:
                LOG.info("a certificate was replaced; connecting anew")
                return
            if self.outbox.window.unanswered_s(time.monotonic()) > PUBACK_WAIT_S:
                self._lost(Lost("no PUBACK"))
                return

    def _lost(self, lost: Lost) -> None:
        if lost.taken_over:
            self._exchange.double()
        contested = self._exchange.contested
        detail = f"{self.takeovers} x" if contested else lost.detail
        self._show(False, "taken_over" if contested else "broker_unreachable", detail)

    @property
    def takeovers(self) -> int:
        """How often another daemon came in our place since the start."""
        return self._exchange.takeovers

    def _hear(self, broker: Broker, wait_s: float = WAKE_S) -> Iterator[Notice]:
        self._beat()
        return broker.hear(wait_s)

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._stop.wait(min(left, 1.0)):
            self._beat()

    def _committed(self, tip: Tip) -> None:
        if tip.urgent:
            self._exchange.hurry(tip.urgent)
        self._bell.ring()

    def _show(self, connected: bool, cause: str, detail: str = "") -> None:
        line = self.line
        if (line.connected, line.cause) != (connected, cause):
            LOG.log(logging.INFO if cause == "ok" else logging.WARNING, "uplink: %s %s", cause, detail)
            self.line = Line(connected, cause, detail, self._clock.text())
        elif line.detail != detail:
            self.line = Line(connected, cause, detail, line.since)
