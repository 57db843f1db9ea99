"""Somebody upstream who only counts: it confirms from memory, so that the hall and the broker set the pace.

It takes what it says it takes, notes every number once, and sends a receipt every few milliseconds. Bytes are
those of whole PUBLISH packets.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.consume.read import GZIP_MAGIC, unpack
from edge.contract import HostState, Receipt, Takes, host_topic, topic
from edge.store import Reader, position
from tests.bench.site import COUNTY, HALL

APP = "bench"
EVENTS = [topic(COUNTY, HALL, "evt") + "/+", topic(COUNTY, HALL, "evt-batch")]
RECEIPT_EVERY_S = 0.01
STALLED_S = 120.0
PACKET_BYTES = 7
"""Of a PUBLISH beside topic and payload: type, length, topic's length, packet id, no properties."""


class _Numbered(msgspec.Struct):
    id: str
    epoch: str
    sequence: str


_ONE = msgspec.json.Decoder(_Numbered)
_MANY = msgspec.json.Decoder(list[_Numbered])


@dataclass(slots=True)
class Tally:
    """What arrived so far. `at`: when each event above `backlog` arrived (`time.monotonic`), by id."""

    events: int = 0
    again: int = 0
    upto: int = 0
    raw_bytes: int = 0
    wire_bytes: int = 0
    began: float = 0.0
    ended: float = 0.0
    backlog: int = 1 << 40
    at: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Events per second from the first message to the last."""
        return self.events / (self.ended - self.began)


class Upstream:
    """The subscriber; its callback runs in paho's thread, `confirm_until` in the caller's."""

    def __init__(self, client: mqtt.Client, takes: Sequence[Takes]) -> None:
        self._client, self._takes = client, takes
        self._beyond: set[int] = set()
        self._epoch = ""
        self.tally = Tally()
        client.on_message = self._on_message

    def confirm_until(self, done: Callable[[Tally], bool], database: Path) -> Tally:
        """Send receipts until it is done; the heads are read from the hall's disk."""
        told = HostState("online", tuple(self._takes))
        self._client.publish(host_topic(APP), msgspec.json.encode(told), qos=1, retain=True)
        number, moved_at = time.time_ns() >> 12, time.monotonic()
        with closing(Reader(database)) as reader:
            confirmed = 0
            while not done(self.tally):
                time.sleep(RECEIPT_EVERY_S)
                now = time.monotonic()
                if self.tally.upto > confirmed:
                    confirmed, number, moved_at = self.tally.upto, number + 1, now
                    self._confirm(number, confirmed, reader)
                elif now - moved_at > STALLED_S:
                    raise TimeoutError(f"nothing comes after number {confirmed}")
        return self.tally

    def _confirm(self, number: int, upto: int, reader: Reader) -> None:
        head = reader.chain(position(1, upto)) or b""
        receipt = Receipt(n=number, epoch=self._epoch, upto=upto, head=head.hex())
        where = topic(COUNTY, HALL, "ack", APP)
        self._client.publish(where, msgspec.json.encode(receipt), qos=1, retain=True)

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        now, tally, payload = time.monotonic(), self.tally, message.payload
        text = unpack(payload) if payload.startswith(GZIP_MAGIC) else payload
        events = _MANY.decode(text) if text.startswith(b"[") else [_ONE.decode(text)]
        tally.began, tally.ended = tally.began or now, now
        tally.raw_bytes += len(text)
        tally.wire_bytes += len(payload) + len(message.topic) + PACKET_BYTES
        self._epoch = events[0].epoch
        for event in events:
            self._note(event, int(event.sequence))

    def _note(self, event: _Numbered, number: int) -> None:
        tally = self.tally
        if number > tally.backlog:
            tally.at.setdefault(event.id, tally.ended)
        if number <= tally.upto or number in self._beyond:
            tally.again += 1
            return
        tally.events += 1
        if number > tally.upto + 1:
            self._beyond.add(number)
            return
        tally.upto = number
        while tally.upto + 1 in self._beyond:
            self._beyond.remove(tally.upto + 1)
            tally.upto += 1


@contextmanager
def listening(port: int, takes: Sequence[Takes] = ("batch",)) -> Iterator[Upstream]:
    """A subscriber to all events of the hall, subscribed."""
    client, ready = mqtt.Client(CallbackAPIVersion.VERSION2), threading.Event()
    client.on_subscribe = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    upstream = Upstream(client, takes)
    client.loop_start()
    try:
        client.subscribe([(each, 1) for each in EVENTS])
        if not ready.wait(30):
            raise TimeoutError("no SUBACK")
        yield upstream
    finally:
        client.disconnect()
        client.loop_stop()
