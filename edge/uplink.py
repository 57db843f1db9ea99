"""The way upstream: one thread takes rows from the log, publishes them, and obeys receipts.

Order of a row's life: committed -> published -> PUBACK (room in the window) -> receipt (retired). The outbox
decides, the broker connection does the I/O, the store is read through a connection of our own.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, Full, Queue
from typing import Literal

from edge.backoff import next_wait
from edge.broker import (
    PACKET_MAX,
    QUEUE_MAX,
    Acknowledged,
    Arrived,
    Broker,
    Connected,
    Lost,
    Notice,
    cause_of,
)
from edge.clock import WallClock
from edge.contract import HOST_STATES, Description, Problem
from edge.events import Place
from edge.hosts import Hosts
from edge.messages import Messages
from edge.outbox import BROKER, PARCEL_MAX, WINDOW_MAX, Confirmation, Outbox, Parcel
from edge.receipts import OtherDatabase, Unfit, fit
from edge.settings import UplinkSettings
from edge.snapshot import Line
from edge.store import Reader, ReceiptRow, Store, Tip

LOG = logging.getLogger(__name__)

RECONNECT_S = (1.0, 60.0)
REFUSED_WAIT_S = 60.0
CONNACK_WAIT_S = 10.0
PUBACK_WAIT_S = 60.0
STATE_EVERY_S = 300.0
NO_MATCHING_SUBSCRIBERS = 0x10
FAILURE = 0x80
HEADER_BYTES = 128
"""More than an MQTT PUBLISH of ours carries beside its payload."""


class Uplink:
    """Owner of the outbox and of the connection; everything here runs in its own thread.

    `line`, `outbox` and `receipts` may be looked at from any thread.
    """

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
        self._settings, self._place, self._store, self._clock = settings, place, store, clock
        self._messages, self._problems, self._beat = Messages(place, description), problems, beat
        self._queue: Queue[tuple[int, Notice] | None] = Queue(maxsize=QUEUE_MAX)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)
        self._life = 0
        self._broker: Broker | None = None
        self._mids: dict[int, int] = {}
        self._hosts = Hosts(settings.confirm)
        self._packet_max = PACKET_MAX
        self.receipts: dict[str, ReceiptRow] = {}
        self._held_until = 0.0
        self._state_at = 0.0
        self.outbox = Outbox({app: Confirmation() for app in settings.confirm or (BROKER,)})
        self._reader: Reader
        self.line = Line(
            False, "broker_unreachable" if settings.host else "uplink_disabled", "", clock.text()
        )

    def start(self) -> None:
        """Begin, where a broker is configured."""
        if self._settings.host:
            self._store.on_commit(self._wake)
            self._thread.start()

    def stop(self) -> None:
        """Say `stopped` upstream and leave."""
        self._stop.set()
        self._wake()
        if self._thread.ident:
            self._thread.join(8)

    def _run(self) -> None:
        self._reader = self._store.reader()
        self._restore()
        wait_s = 0.0
        while not self._stop.is_set():
            self._sleep(wait_s)
            if self._stop.is_set():
                break
            began = time.monotonic()
            cause = self._connect()
            if not cause:
                self._serve()
                self._disconnect()
            lived_s = time.monotonic() - began
            if cause == "broker_refused":
                wait_s = REFUSED_WAIT_S
            else:
                wait_s = next_wait(RECONNECT_S, 0.0 if lived_s > RECONNECT_S[1] else wait_s)
        self._reader.close()

    def _restore(self) -> None:
        saved = self._reader.receipts()
        for app, confirmation in self.outbox.confirmations.items():
            if app in saved:
                self.receipts[app] = saved[app]
                confirmation.n, confirmation.upto = saved[app].n, saved[app].position
        self.outbox.sent = self.outbox.retired

    def _connect(self) -> str:
        """Try once; returns "" when the broker took us, else the cause."""
        if not self._clock.trusted():
            self._show(False, "clock_untrusted")
            return "clock_untrusted"
        self._life += 1
        client_id = f"hall-{self._place.county}-{self._place.hall}-{self._store.tip.epoch[:8]}"
        self._broker = Broker(
            self._settings,
            client_id,
            (self._messages.state_topic, self._state("lost")),
            self._queue,
            self._life,
        )
        try:
            self._broker.open()
        except (OSError, ValueError) as error:
            self._show(False, cause_of(error), str(error))
            return cause_of(error)
        deadline = time.monotonic() + CONNACK_WAIT_S
        while time.monotonic() < deadline and not self._stop.is_set():
            notice = self._next_notice()
            if isinstance(notice, Connected) and not notice.cause:
                self._welcome(notice)
                return ""
            if isinstance(notice, Connected | Lost):
                cause = "broker_refused" if isinstance(notice, Connected) else "broker_unreachable"
                self._show(False, cause, notice.detail)
                self._broker.close()
                return cause
        self._show(False, "broker_unreachable", "no CONNACK")
        self._broker.close()
        return "broker_unreachable"

    def _welcome(self, connected: Connected) -> None:
        self.outbox.limit = min(WINDOW_MAX, connected.receive_max)
        self._packet_max = connected.packet_max
        self.outbox.fall_behind(self._store.tip.position)
        self._held_until = self._state_at = 0.0
        self._show(True, "ok" if self._settings.confirm else "nobody_confirms")
        if self._broker:
            self._broker.subscribe(self._messages.receipts_filter, HOST_STATES)
            self._broker.publish(self._messages.description_topic, self._messages.description(), retain=True)

    def _serve(self) -> None:
        """Until the connection ends or we are told to stop."""
        while not self._stop.is_set():
            self._pump()
            notice = self._next_notice()
            while notice is not None:
                if isinstance(notice, Lost):
                    self._show(False, "broker_unreachable", notice.detail)
                    return
                self._heed(notice)
                notice = self._next_notice(wait_s=0.0)
            if self._broker and not self._broker.alive():
                self._show(False, "broker_unreachable", "network thread ended")
                return
            if self.outbox.unanswered_s(time.monotonic()) > PUBACK_WAIT_S:
                self._show(False, "broker_unreachable", "no PUBACK")
                return

    def _disconnect(self) -> None:
        if self._broker:
            if self._stop.is_set() and self._broker.alive():
                self._broker.publish(self._messages.state_topic, self._state("stopped"), retain=True)
            self._broker.close()
        self.outbox.disconnected()
        self._mids.clear()

    def _pump(self) -> None:
        """Publish what the window has room for, and the state when it is due."""
        now = time.monotonic()
        broker, newest = self._broker, self._store.tip.position
        if broker is None or now < self._held_until:
            return
        if now - self._state_at > STATE_EVERY_S or self._state_at == 0.0:
            broker.publish(self._messages.state_topic, self._state("ready"), retain=True)
            self._state_at = now
        if self.outbox.resend_if_stalled(now, newest):
            self._show(True, "no_receipt")
        for parcel in self.outbox.next(self._reader.after, newest):
            self._publish(broker, parcel, now)

    def _publish(self, broker: Broker, parcel: Parcel, now: float) -> None:
        topic, payload = self._messages.pack(parcel, self._hosts.all_take("gzip"))
        first = parcel[0].position
        if len(payload) + HEADER_BYTES > self._packet_max and len(parcel) > 1:
            self.outbox.parcel_max = max(1, len(parcel) // 2)
            self.outbox.refused(first)
            return
        mid = broker.publish(topic, payload)
        self.outbox.published(first, now)
        if mid is not None:
            self._mids[mid] = first

    def _heed(self, notice: Notice) -> None:
        match notice:
            case Acknowledged():
                self._puback(notice)
            case Arrived(topic, payload):
                app = self._messages.receipt_of(topic)
                self._host(topic, payload) if app is None else self._receipt(app, payload)
            case _:
                pass

    def _puback(self, acknowledged: Acknowledged) -> None:
        where = self._mids.pop(acknowledged.mid, None)
        if where is None:
            return
        if acknowledged.code >= FAILURE:
            self.outbox.refused(where)
            self._held_until = time.monotonic() + REFUSED_WAIT_S
            self._show(True, "publish_refused", f"PUBACK {acknowledged.code:#x}")
            return
        if acknowledged.code == NO_MATCHING_SUBSCRIBERS:
            self._show(True, "nobody_listens")
        elif self.line.cause in ("publish_refused", "nobody_listens"):
            self._show(True, "ok")
        before = self.outbox.retired
        self.outbox.acknowledged(where, time.monotonic())
        if BROKER in self.outbox.confirmations and self.outbox.retired != before:
            self._store.keep_receipt(ReceiptRow(BROKER, 0, self.outbox.retired, self._clock.text()))

    def _receipt(self, app: str, payload: bytes) -> None:
        """Obey a receipt if it fits our chain; else nothing is retired and it is shown."""
        if app not in self.outbox.confirmations or not payload:
            return
        try:
            receipt = fit(payload, self._reader.epochs(), self._reader.chain)
        except OtherDatabase as other:
            LOG.info("receipt of %s speaks of another database: %s", app, other)
            return
        except Unfit as unfit:
            self._show(True, "receipt_refused", f"{app}: {unfit}")
            return
        if self.outbox.confirmed(app, receipt, time.monotonic()):
            self.receipts[app] = ReceiptRow(app, receipt.n, receipt.upto, self._clock.text())
            self._store.keep_receipt(self.receipts[app])
            self._show(True, "ok")

    def _host(self, topic: str, payload: bytes) -> None:
        if self._hosts.heard(topic, payload):
            self.outbox.parcel_max = PARCEL_MAX if self._hosts.all_take("batch") else 1
            self.outbox.receipts_due_soon()

    def _next_notice(self, wait_s: float = 0.5) -> Notice | None:
        """The next notice of the present connection; None also when something only woke us."""
        self._beat()
        try:
            item = self._queue.get(timeout=wait_s) if wait_s else self._queue.get_nowait()
        except Empty:
            return None
        return item[1] if item and item[0] == self._life else None

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._stop.wait(min(left, 1.0)):
            self._beat()

    def _wake(self, _tip: Tip | None = None) -> None:
        try:
            self._queue.put_nowait(None)
        except Full:
            LOG.debug("the uplink is awake already")

    def _show(self, connected: bool, cause: str, detail: str = "") -> None:
        line = self.line
        if (line.connected, line.cause) != (connected, cause):
            LOG.warning("uplink: %s %s", cause, detail)
            self.line = Line(connected, cause, detail, self._clock.text())

    def _state(self, word: Literal["ready", "stopped", "lost"]) -> bytes:
        return self._messages.state(word, self._clock.text(), self._store.tip, self.outbox, self._problems())
