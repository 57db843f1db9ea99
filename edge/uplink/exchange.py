"""What is said and heard while a connection to the broker stands: rows out, PUBACKs and receipts in.

The outbox decides, the broker connection does the I/O, the log is read through our own connection."""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal

from edge.clock.clock import WallClock
from edge.contract import HOST_STATES, Problem
from edge.store import Reader, ReceiptRow, Store, Witness
from edge.uplink.broker import PACKET_MAX, Acknowledged, Arrived, Broker, Connected, Notice
from edge.uplink.certificates import Certificates
from edge.uplink.confirmations import BROKER, Confirmation
from edge.uplink.hosts import Hosts
from edge.uplink.messages import Messages, NoTopic
from edge.uplink.outbox import PARCEL_MAX, Outbox
from edge.uplink.receipts import Contradicts, OtherDatabase, Unfit, fit
from edge.uplink.shelf import Shelf
from edge.uplink.standing import Standing
from edge.uplink.window import READ_MAX, WINDOW_MAX, Parcel, unloaded
from edge.uplink.withheld import bodies_of

LOG = logging.getLogger(__name__)

REFUSED_WAIT_S = 60.0
REFUSALS_MAX = 10
"""So many rows refused in a row: the broker takes nothing from us now."""
UNMUTE_S = 3600.0
"""How often it is tried again where the broker took neither a row nor word of it."""
STATE_EVERY_S = 300.0
LAST_WORD_S = 2.0
STATE_AGAIN_S = 5.0
"""At most so often where somebody must hear it."""
TOLD_MAX = 10_000
"""So many words from other threads wait while there is no connection."""
NO_MATCHING_SUBSCRIBERS, FAILURE = 0x10, 0x80
HEADER_BYTES = 128  # more than an MQTT PUBLISH of ours carries beside its payload


class Exchange:
    """One hall's conversation with upstream, over as many connections as it takes.

    `outbox`, `receipts` and `takeovers` may be looked at from any thread; the rest is the uplink's own.
    contested: another daemon wants this connection.
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
        self._shelf = Shelf(store, clock.text)
        self._hosts = Hosts(apps)
        self._standing = Standing()
        self._mids: dict[int, Parcel] = {}
        self._own: set[int | None] = set()
        self._receive_max, self._packet_max = 0, PACKET_MAX
        self._refusals = self.takeovers = 0
        self._held_until = self._state_at = 0.0
        self._answered = self._spoken = self.contested = False
        self.certificates = Certificates()
        self._unmuted_at = time.monotonic()
        self._told: deque[Callable[[Broker], None]] = deque(maxlen=TOLD_MAX)

    def restore(self, reader: Reader) -> None:
        """At the start: where every application was when we were stopped."""
        saved = reader.receipts()
        for app, confirmation in self.outbox.confirmations.items():
            if app in saved:
                self.receipts[app] = saved[app]
                confirmation.n, confirmation.upto = saved[app].n, saved[app].position
        self.outbox.sent = self.outbox.retired
        self._shelf.restore(self.outbox, reader)

    def hurry(self, positions: Sequence[int]) -> None:
        """These rows cannot wait. From any thread."""
        self._told.append(lambda _broker: self.outbox.hurry(positions))

    def requeue(self, number: int | None) -> list[int]:
        """Send what is set aside again; see `Shelf.requeue`. From any thread."""
        return self._shelf.requeue(self.outbox, number)

    def begin(self, broker: Broker, connected: Connected) -> None:
        """A connection stands: say who we are, and ask for what we must hear."""
        self._receive_max, self._packet_max = connected.receive_max, connected.packet_max
        self.outbox.fall_behind(self._store.tip.position)
        self._held_until = self._state_at = 0.0
        self._answered = False
        self.certificates.begin(broker.certificate_ends())
        self._standing.clear()
        self.contested = False
        broker.subscribe(self._messages.receipts_filter, HOST_STATES, self._messages.state_topic)
        self._say(broker, self._messages.description_topic, self._messages.description())

    def end(self, broker: Broker, last_word: bool, blameless: bool) -> None:
        """The connection is over: what was in flight has an unknown fate. last_word: say that we stop.

        blameless: it is our own disk that ended it, no message.
        """
        if last_word and broker.alive():
            self._last_word(broker)
        self.outbox.disconnected(blameless or self.contested)
        self._shelf.keep(self.outbox)
        self._mids.clear()
        self._own.clear()

    def _last_word(self, broker: Broker) -> None:
        """Say that we stop, and wait for the PUBACK: the end of a socket may throw away what is in flight."""
        mid = broker.publish(self._messages.state_topic, self.state("stopped"), retain=True)
        deadline = time.monotonic() + LAST_WORD_S
        while mid is not None and broker.alive() and (left := deadline - time.monotonic()) > 0:
            for notice in broker.hear(left):
                if isinstance(notice, Acknowledged):
                    self._puback(notice)
                    mid = None if notice.mid == mid else mid

    def standing(self) -> tuple[str, str]:
        """Cause and detail of the line while the connection stands."""
        return self._standing.shown(self.outbox.aside.parked, bool(self._apps))

    def tell(self) -> None:
        """Let the state be published at the next chance; from any thread."""
        self._state_at = 0.0

    def state(self, word: Literal["ready", "stopped", "lost"]) -> bytes:
        """The hall's state as a message."""
        return self._messages.state(word, self._clock.text(), self._store.tip, self.outbox, self._problems())

    def pump(self, broker: Broker, reader: Reader) -> bool:
        """Publish the state when it is due, and some of what the window has room for; whether that was some.

        All wait for the connection's first PUBACK: where the broker answers nothing, no row is to blame.
        """
        now = time.monotonic()
        while self._told:
            self._told.popleft()(broker)
        self._shelf.keep(self.outbox)
        if now < self._held_until:
            return False
        newest, window = self._store.tip.position, self.outbox.window
        window.limit = min(WINDOW_MAX, self._receive_max - len(self._own))
        if not self._answered or window.urgent_room <= 0 or broker.clogged:
            return False
        if now - self._state_at > STATE_EVERY_S or self._state_at == 0.0:
            if self._state_at:
                self._standing.fault("double", "")
            self._say(broker, self._messages.state_topic, self.state("ready"))
            self._spoken = True
            window.limit -= 1
            self._state_at = now
            self._mind_certificates(broker)
        if now - self._unmuted_at > UNMUTE_S:
            self._unmuted_at = now
            self.outbox.unmute()
        if self.outbox.resend_if_stalled(now, newest):
            last = {app: self.receipts[app].received if app in self.receipts else "-" for app in self._apps}
            self._standing.fault("receipts", "no_receipt", ", ".join(f"{app}: {last[app]}" for app in last))
        parcels = self.outbox.next(reader.numbers, newest, READ_MAX)
        for parcel in parcels:
            self._publish(broker, parcel, now, reader)
        return bool(parcels)

    def _mind_certificates(self, broker: Broker) -> None:
        ending = self.certificates.look(broker.certificate_ends(), self._clock.now())
        self._standing.fault("certificate", "certificate_expires" if ending else "", ending)

    def _say(self, broker: Broker, topic: str, payload: bytes) -> None:
        """Retained, and beside the rows; it takes one of the broker's Receive Maximum all the same."""
        self._own.add(broker.publish(topic, payload, retain=True))

    def _publish(self, broker: Broker, parcel: Parcel, now: float, reader: Reader) -> None:
        bodies = bodies_of(parcel, self.outbox.aside, lambda place: self._word_of(place, reader))
        try:
            topic, payload = self._messages.pack(bodies, self._hosts.all_take("gzip"))
        except NoTopic as error:
            self.outbox.refused(parcel, str(error))
            return
        if len(payload) + HEADER_BYTES > self._packet_max:
            self.outbox.refused(parcel, f"{len(payload)} bytes are more than the broker takes")
            return
        mid = broker.publish(topic, payload)
        self.outbox.published(parcel := unloaded(parcel), now)
        if mid is not None:
            self._mids[mid] = parcel

    def _word_of(self, place: int, reader: Reader) -> bytes:
        """What goes under the number of an event that does not: that it is withheld, and why."""
        stub = reader.stub(place)
        why = "" if stub.emptied else self.outbox.aside.parked[place]
        return self._messages.withheld(stub, stub.emptied or "parked", why, self._clock.text())

    def _refused(self, parcel: Parcel, why: str) -> None:
        """The broker refused it: the rest goes on without it; where nothing is taken at all, we wait."""
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
                self._arrived(topic, payload, reader)

    def _arrived(self, topic: str, payload: bytes, reader: Reader) -> None:
        app = self._messages.receipt_of(topic)
        if app is not None:
            self._receipt(app, payload, reader)
        elif topic != self._messages.state_topic:
            self._host(topic, payload)
        else:
            self._told.append(lambda broker: broker.unsubscribe(topic))  # our own words would come next
            if self._spoken and self._messages.of_a_double(payload, self._store.tip.epoch):
                self.double()
                self._standing.fault("double", "taken_over", f"{self.takeovers} x")

    def double(self) -> None:
        """Another daemon has our name or id: what ends connections now is no message of ours."""
        self.takeovers += 1
        self.contested = True
        self.outbox.acquit()

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
        unheard = acknowledged.code == NO_MATCHING_SUBSCRIBERS
        self._standing.fault("listeners", "nobody_listens" if unheard else "")
        before = self.outbox.retired
        self.outbox.acknowledged(parcel[0].position, time.monotonic(), heard=not (unheard and self._apps))
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
            self._standing.fault(f"receipt {app}", "receipt_refused", f"{app}: {unfit}")
            if isinstance(unfit, Contradicts) and not plain and self._store.inherited:
                self._leave_epoch(unfit, reader)
            return
        if plain:
            self.outbox.want(BROKER, receipt.want, time.monotonic())
        elif self.outbox.confirmed(app, receipt, time.monotonic()):
            self.receipts[app] = ReceiptRow(app, receipt.n, receipt.upto, self._clock.text(), receipt.head)
            self._store.keep_receipt(self.receipts[app])
            self._standing.fault(f"receipt {app}", "")
            self._standing.fault("receipts", "")
        elif receipt.n < self.outbox.confirmations[app].n:
            self._tell_n()
        else:
            self.outbox.aside.lacked_by(app, receipt.withheld)  # the newest we know, heard in a new life

    def _tell_n(self) -> None:
        """An application counts its receipts from too low: our state tells it the newest number, soon."""
        if time.monotonic() - self._state_at > STATE_AGAIN_S:
            self._state_at = 0.0

    def _leave_epoch(self, told: Contradicts, reader: Reader) -> None:
        """Upstream holds what we never gave: our database is an older copy, and its numbers are not ours.

        Only in an epoch of an earlier life, so that whoever forges receipts can do this once in a life.
        """
        self._store.leave_epoch(Witness(self._store.tip.epoch, told.reached, told.forked))
        self._mids.clear()
        self.outbox = Outbox({app: Confirmation() for app in self._apps}, self.outbox.parcel_max)
        self.restore(reader)
        self.outbox.fall_behind(self._store.tip.position)
        self._state_at = 0.0

    def _host(self, topic: str, payload: bytes) -> None:
        if self._hosts.heard(topic, payload):
            self.outbox.parcel_max = PARCEL_MAX if self._hosts.all_take("batch") else 1
            self.outbox.receipts_due_soon()
