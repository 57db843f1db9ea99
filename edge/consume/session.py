"""One connection of a consumer to the broker: paho behind a small door. A new one is made for each attempt.

The broker keeps the session over connections (same client id, no clean start). paho's callbacks only put
facts into a bounded queue, which holds the network thread back when it is full; a message is acknowledged by
`ack`, after the commit, on the connection it came by.
"""

import contextlib
import threading
from dataclasses import dataclass
from queue import Full, Queue

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge.consume.settings import Settings
from edge.contract import HostState, host_topic
from edge.uplink.paho import CONNECT_TIMEOUT_S, new_client, password, tls_context

GOODBYE_S = 2.0
SESSION_KEPT_S = 7 * 86_400
UNACKNOWLEDGED_MAX = 100
"""MQTT 5 Receive Maximum: how much a broker may send before our acknowledgement."""
PACKET_BYTES_MAX = 9 << 20
OUT_MAX = 1000
"""Most receipts handed to paho and not yet acknowledged by the broker."""

ONLINE = msgspec.json.encode(HostState("online", ("batch", "gzip")))
OFFLINE = msgspec.json.encode(HostState("offline"))


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker took us."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection ended, or the broker refused it."""

    detail: str


@dataclass(frozen=True, slots=True)
class Denied:
    """The broker refuses a subscription, or a message of ours."""

    detail: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message; `mid` is its number on this connection."""

    topic: str
    payload: bytes
    mid: int
    qos: int


Notice = Connected | Lost | Denied | Arrived


class Session:
    """A connection attempt and, if it succeeds, the connection. Brokers are tried in turn, by `attempt`."""

    def __init__(self, settings: Settings, inbox_size: int, attempt: int = 0) -> None:
        self._settings = settings
        self._broker = settings.brokers[attempt % len(settings.brokers)]
        self._topics: tuple[str, ...] = ()
        self.inbox: Queue[Notice] = Queue(inbox_size)
        self._closing = False
        self._thread: threading.Thread | None = None
        self._client = new_client(settings.client_id, settings.mqtt, clean=False, manual_ack=True)
        self._client.max_queued_messages_set(OUT_MAX)
        self._client.will_set(host_topic(settings.app), OFFLINE, qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message

    def open(self) -> None:
        """Connect the socket and start the network thread; OSError when that fails."""
        settings, five = self._settings, self._settings.mqtt == "5"
        if settings.secure:
            self._client.tls_set_context(tls_context(settings.ca_file, settings.cert_file, settings.key_file))
        if settings.user:
            self._client.username_pw_set(settings.user, password(settings.password_file))
        self._client.connect(
            *self._broker,
            settings.keepalive,
            clean_start=False if five else mqtt.MQTT_CLEAN_START_FIRST_ONLY,
            properties=_properties() if five else None,
        )
        self._thread = _start(self._client, settings.client_id)

    def alive(self) -> bool:
        """Whether the network thread still works for this connection."""
        return self._thread is not None and self._thread.is_alive()

    def subscribe(self) -> None:
        """Subscribe to the halls."""
        self._topics = self._settings.topics
        if self._settings.mqtt == "5":
            options = SubscribeOptions(qos=1, noLocal=True)
            self._client.subscribe([(topic, options) for topic in self._topics])
        else:
            self._client.subscribe([(topic, 1) for topic in self._topics])

    def watch_own_state(self) -> None:
        """Hear what the halls are told of us. QoS 0: more takes NATS a consumer on three nodes."""
        self._topics = (host_topic(self._settings.app),)
        self._client.subscribe([(topic, 0) for topic in self._topics])

    def say_online(self) -> None:
        """Tell the halls that this consumer is there and what it takes."""
        self.publish(host_topic(self._settings.app), ONLINE)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Hand over a retained QoS 1 message; False when paho holds too many already."""
        return self._client.publish(topic, payload, qos=1, retain=True).rc != mqtt.MQTT_ERR_QUEUE_SIZE

    def ack(self, message: Arrived) -> None:
        """Tell the broker that the message is ours now."""
        self._client.ack(message.mid, message.qos)

    def close(self, goodbye: bool = True) -> None:
        """Say goodbye if the connection stands, and end the network thread. The session is over."""
        self._closing = True
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            if goodbye and self._client.is_connected():
                offline = self._client.publish(host_topic(self._settings.app), OFFLINE, qos=1, retain=True)
                offline.wait_for_publish(GOODBYE_S)
            self._client.disconnect()
        if self._thread is not None:
            self._thread.join(CONNECT_TIMEOUT_S)
        del self._client

    def _on_connect(
        self, _client: mqtt.Client, _data: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        self._tell(Lost(f"refused: {code}") if code.is_failure else Connected())

    def _on_disconnect(
        self, _client: mqtt.Client, _data: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        self._tell(Lost(str(code)))

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, codes: list[ReasonCode], _properties: object
    ) -> None:
        for topic, code in zip(self._topics, codes, strict=False):
            if code.is_failure:
                self._tell(Denied(f"subscription to {topic}: {code}"))

    def _on_publish(
        self, _client: mqtt.Client, _data: object, _mid: int, code: ReasonCode, _properties: object
    ) -> None:
        # paho holds the lock here that `publish` needs: never wait.
        if code.is_failure:
            with contextlib.suppress(Full):
                self.inbox.put_nowait(Denied(f"receipt: {code}"))

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self._tell(Arrived(message.topic, bytes(message.payload), message.mid, message.qos))

    def _tell(self, notice: Notice) -> None:
        while not self._closing:
            with contextlib.suppress(Full):
                self.inbox.put(notice, timeout=0.5)
                return


def _start(client: mqtt.Client, client_id: str) -> threading.Thread | None:
    """Start the network thread and return it; None when it has ended already. paho does not hand it out.

    `loop_start`, never `loop_forever` in a thread of ours: only then may `publish` come from another thread.
    """
    client.loop_start()
    name = f"paho-mqtt-client-{client_id}"
    return next((thread for thread in threading.enumerate() if thread.name == name), None)


def _properties() -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = SESSION_KEPT_S
    properties.ReceiveMaximum = UNACKNOWLEDGED_MAX
    properties.MaximumPacketSize = PACKET_BYTES_MAX
    return properties
