"""What is said and heard while a connection to the broker stands: rows out, PUBACKs and receipts in.

The outbox decides, the broker connection does the I/O, the log is read through a connection of our own.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

from edge.broker import PACKET_MAX, Acknowledged, Arrived, Broker, Connected, Notice
from edge.certificates import soonest
from edge.clock import WallClock
from edge.contract import HOST_STATES, Problem
from edge.hosts import Hosts
from edge.messages import Messages
from edge.outbox import BROKER, PARCEL_MAX, WINDOW_MAX, Confirmation, Outbox, Parcel
from edge.receipts import OtherDatabase, Unfit, fit
from edge.store import Reader, ReceiptRow, Store, sequence_of

LOG = logging.getLogger(__name__)

REFUSED_WAIT_S = 60.0
REFUSALS_MAX = 10
"""So many rows refused in a row: the broker takes nothing from us now."""
UNPARK_S = 3600.0
"""How often rows that were set aside are tried again."""
STATE_EVERY_S = 300.0
NO_MATCHING_SUBSCRIBERS = 0x10
FAILURE = 0x80
HEADER_BYTES = 128
"""More than an MQTT PUBLISH of ours carries beside its payload."""


class Exchange:
    """One hall's conversation with upstream, over as many connections as it takes.

    `outbox` and `receipts` may be looked at from any thread; the rest is the uplink's own.
    """

    def __init__(
        self,
        apps: Sequence[str],
        store: Store,
        clock: WallClock,
        messages: Messages,
        problems: Callable[[], Sequence[Problem]],
    ) -> None:
        self._apps, self._store, self._clock = apps, store, clock
        self._messages, self._problems = messages, problems
        self.outbox = Outbox({app: Confirmation() for app in apps or (BROKER,)})
        self.receipts: dict[str, ReceiptRow] = {}
        self._hosts = Hosts(apps)
        self._faults: dict[str, tuple[str, str]] = {}
        self._mids: dict[int, Parcel] = {}
        self._own: set[int | None] = set()
        self._receive_max = 0
        self._packet_max = PACKET_MAX
        self._refusals = 0
        self._held_until = self._state_at = 0.0
        self._answered = False
        self._certificate_ends: dict[str, datetime | None] = {}
        self._unparked_at = time.monotonic()

    def restore(self, reader: Reader) -> None:
        """At the start: where every application was when we were stopped."""
        saved = reader.receipts()
        for app, confirmation in self.outbox.confirmations.items():
            if app in saved:
                self.receipts[app] = saved[app]
                confirmation.n, confirmation.upto = saved[app].n, saved[app].position
        self.outbox.sent = self.outbox.retired

    def begin(self, broker: Broker, connected: Connected) -> None:
        """A connection stands: say who we are, and ask for what we must hear."""
        self._receive_max = connected.receive_max
        self.outbox.fall_behind(self._store.tip.position)
        self._packet_max = connected.packet_max
        self._held_until = self._state_at = 0.0
        self._answered = False
        self._certificate_ends = broker.certificate_ends()
        self._faults.clear()
        broker.subscribe(self._messages.receipts_filter, HOST_STATES)
        self._say(broker, self._messages.description_topic, self._messages.description())

    def end(self, broker: Broker | None, last_word: bool) -> None:
        """The connection is over: what was in flight has an unknown fate. last_word: say that we stop."""
        if broker and last_word and broker.alive():
            broker.publish(self._messages.state_topic, self.state("stopped"), retain=True)
        self.outbox.disconnected()
        self._mids.clear()
        self._own.clear()

    def standing(self) -> tuple[str, str]:
        """Cause and detail of the line while the connection stands."""
        for fault in self._faults.values():
            return fault
        if parked := self.outbox.parked:
            number, why = min(parked.items())
            return "publish_refused", f"{len(parked)} set aside; #{sequence_of(number)}: {why}"
        return "ok" if self._apps else "nobody_confirms", ""

    def tell(self) -> None:
        """Let the state be published at the next chance; from any thread."""
        self._state_at = 0.0

    def state(self, word: Literal["ready", "stopped", "lost"]) -> bytes:
        """The hall's state as a message."""
        return self._messages.state(word, self._clock.text(), self._store.tip, self.outbox, self._problems())

    def pump(self, broker: Broker, reader: Reader) -> None:
        """Publish the state when it is due, and what the window has room for.

        All wait for the connection's first PUBACK: where the broker answers nothing, no row is to blame.
        """
        now = time.monotonic()
        newest = self._store.tip.position
        if now < self._held_until:
            return
        self.outbox.limit = min(WINDOW_MAX, self._receive_max - len(self._own))
        if not self._answered or self.outbox.limit <= len(self.outbox.in_flight):
            return
        if now - self._state_at > STATE_EVERY_S or self._state_at == 0.0:
            self._say(broker, self._messages.state_topic, self.state("ready"))
            self.outbox.limit -= 1
            self._state_at = now
            ending = soonest(self._certificate_ends, self._clock.now())
            self._fault("certificate", "certificate_expires" if ending else "", ending)
        if now - self._unparked_at > UNPARK_S:
            self._unparked_at = now
            self.outbox.unpark()
        if self.outbox.resend_if_stalled(now, newest):
            self._fault("receipts", "no_receipt")
        for parcel in self.outbox.next(reader.after, newest):
            self._publish(broker, parcel, now)

    def _say(self, broker: Broker, topic: str, payload: bytes) -> None:
        """Retained, and beside the rows; it takes one of the broker's Receive Maximum all the same."""
        self._own.add(broker.publish(topic, payload, retain=True))

    def _publish(self, broker: Broker, parcel: Parcel, now: float) -> None:
        topic, payload = self._messages.pack(parcel, self._hosts.all_take("gzip"))
        if len(payload) + HEADER_BYTES > self._packet_max:
            self._refused(parcel, f"{len(payload)} bytes are more than the broker takes")
            return
        mid = broker.publish(topic, payload)
        self.outbox.published(parcel, now)
        if mid is not None:
            self._mids[mid] = parcel

    def _refused(self, parcel: Parcel, why: str) -> None:
        """The rest goes on without it; where nothing is taken at all, we wait."""
        self.outbox.refused(parcel, why)
        self._refusals += 1
        if self._refusals >= REFUSALS_MAX:
            self._refusals, self._held_until = 0, time.monotonic() + REFUSED_WAIT_S

    def heed(self, notice: Notice, reader: Reader) -> None:
        """Take in what the broker said."""
        match notice:
            case Acknowledged():
                self._puback(notice)
            case Arrived(topic, payload):
                app = self._messages.receipt_of(topic)
                self._host(topic, payload) if app is None else self._receipt(app, payload, reader)
            case _:
                pass

    def _puback(self, acknowledged: Acknowledged) -> None:
        self._answered = True
        self._own.discard(acknowledged.mid)
        parcel = self._mids.pop(acknowledged.mid, None)
        if parcel is None:
            return
        if acknowledged.code >= FAILURE:
            self._refused(parcel, f"PUBACK {acknowledged.code:#x}")
            return
        self._refusals = 0
        self._fault("listeners", "nobody_listens" if acknowledged.code == NO_MATCHING_SUBSCRIBERS else "")
        before = self.outbox.retired
        self.outbox.acknowledged(parcel[0].position, time.monotonic())
        if BROKER in self.outbox.confirmations and self.outbox.retired != before:
            self._store.keep_receipt(ReceiptRow(BROKER, 0, self.outbox.retired, self._clock.text()))

    def _receipt(self, app: str, payload: bytes, reader: Reader) -> None:
        """Obey a receipt if it fits our chain; else nothing is retired and it is shown."""
        plain = BROKER in self.outbox.confirmations
        if not payload or not (plain or app in self.outbox.confirmations):
            return
        newest = self._store.tip.position
        try:
            receipt = fit(payload, reader.epochs(), reader.chain, newest)
        except OtherDatabase as other:
            LOG.info("receipt of %s speaks of another database: %s", app, other)
            return
        except Unfit as unfit:
            self._fault(f"receipt {app}", "receipt_refused", f"{app}: {unfit}")
            return
        if plain:
            self.outbox.want(BROKER, receipt.want, time.monotonic())
        elif self.outbox.confirmed(app, receipt, time.monotonic()):
            self.receipts[app] = ReceiptRow(app, receipt.n, receipt.upto, self._clock.text(), receipt.head)
            self._store.keep_receipt(self.receipts[app])
            self._fault(f"receipt {app}", "")
            self._fault("receipts", "")
            unusable = "; ".join(receipt.refused[:3])
            self._fault(f"refused {app}", "refused_upstream" if unusable else "", f"{app}: {unusable}")

    def _host(self, topic: str, payload: bytes) -> None:
        if self._hosts.heard(topic, payload):
            self.outbox.parcel_max = PARCEL_MAX if self._hosts.all_take("batch") else 1
            self.outbox.receipts_due_soon()

    def _fault(self, key: str, cause: str, detail: str = "") -> None:
        """Something is wrong while the connection stands, or, with "", no longer is."""
        if cause:
            self._faults[key] = (cause, detail)
        else:
            self._faults.pop(key, None)
