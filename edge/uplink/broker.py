"""One connection to the broker: paho behind a small door. A new one is made for each attempt.

It has no thread of its own: paho's network loop runs in its owner's, inside `hear`. paho's callbacks only
collect frozen facts. paho keeps nothing for us: what was in flight when a connection ends is sent again by
the outbox.
"""

import contextlib
import select
import ssl
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.settings.settings import UplinkSettings
from edge.uplink.bell import Bell
from edge.uplink.certificates import end_of, end_of_file
from edge.uplink.paho import new_client, password, tls_context

PACKET_MAX = 256 << 20
"""MQTT's own limit, where the broker names none."""
TAKEN_OVER = 0x8E
"""DISCONNECT reason of MQTT 5: session taken over."""


@dataclass(frozen=True, slots=True)
class Connected:
    """CONNACK. `cause` is "" when the broker took us, else a word.

    receive_max, packet_max: the broker's Receive Maximum and Maximum Packet Size, which paho ignores.
    """

    cause: str
    detail: str
    receive_max: int
    packet_max: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone.

    taken_over: another client connected with our id; MQTT 5 alone tells that.
    """

    detail: str
    taken_over: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """PUBACK of the message `mid`. `code` is the MQTT 5 reason code, 0 under 3.1.1."""

    mid: int
    code: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message for us."""

    topic: str
    payload: bytes


Notice = Connected | Lost | Acknowledged | Arrived


class Broker:
    """A connection attempt and, if it succeeds, the connection; one thread's own. `bell` ends its `hear`."""

    def __init__(self, settings: UplinkSettings, client_id: str, will: tuple[str, bytes], bell: Bell) -> None:
        self._settings, self._bell = settings, bell
        self._heard: deque[Notice] = deque()
        self._poll = select.poll()
        self._poll.register(bell, select.POLLIN)
        self._client = new_client(client_id, settings.protocol, clean=True)
        self._client.max_inflight_messages_set(65535)
        self._client.will_set(*will, qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message
        self._client.on_disconnect = self._on_disconnect

    def open(self) -> None:
        """Connect the socket; OSError (ssl.SSLError) when that fails."""
        settings = self._settings
        if settings.tls:
            self._client.tls_set_context(tls_context(settings.ca_file, settings.cert_file, settings.key_file))
        if settings.username:
            self._client.username_pw_set(settings.username, password(settings.password_file))
        self._client.connect(settings.host, settings.port, keepalive=settings.keepalive)

    def hear(self, seconds: float) -> Iterator[Notice]:
        """Let the connection work until something happens or the bell rings, no longer; what was said."""
        self._work(0.0 if self._heard else seconds)
        while self._heard:
            yield self._heard.popleft()

    def _work(self, seconds: float) -> None:
        line = self._client.socket()
        if line is None:
            self._heard.append(Lost("closed"))
            return
        self._poll.register(line, select.POLLIN | (select.POLLOUT if self.clogged else 0))
        decrypted = isinstance(line, ssl.SSLSocket) and line.pending() > 0
        ready = dict(self._poll.poll(0 if decrypted else seconds * 1000))
        if self._bell.fileno() in ready:
            self._bell.hush()
        happened = ready.get(line.fileno(), 0)
        if decrypted or happened & ~select.POLLOUT:
            self._client.loop_read()
        if happened & select.POLLOUT:
            self._client.loop_write()
        self._client.loop_misc()

    @property
    def clogged(self) -> bool:
        """Whether the line takes no more for now."""
        return self._client.want_write()

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> int | None:
        """Hand a QoS 1 message over; returns its mid, or None when the connection is gone."""
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        return info.mid if info.rc == mqtt.MQTT_ERR_SUCCESS else None

    def subscribe(self, *topics: str) -> None:
        """Ask for the topics: QoS 1, but 0 in 3.1.1.

        The brokers that know only 3.1.1 are clusters (NATS), where QoS 1 takes a replicated consumer for each
        subscription, refused while a node is lost. Receipts repeat themselves; nothing here needs more.
        """
        qos = 1 if self._settings.protocol == "5" else 0
        self._client.subscribe([(topic, qos) for topic in topics])

    def unsubscribe(self, topic: str) -> None:
        """Hear no more of a topic."""
        self._client.unsubscribe(topic)

    def certificate_ends(self) -> dict[str, datetime | None]:
        """When the certificates of this connection end: the broker's, ours, the authority's."""
        line = self._client.socket()
        peer = line.getpeercert(binary_form=True) if isinstance(line, ssl.SSLSocket) else None
        return {
            "broker": end_of(peer) if peer else None,
            "cert_file": end_of_file(self._settings.cert_file),
            "ca_file": end_of_file(self._settings.ca_file),
        }

    def alive(self) -> bool:
        """Whether the connection stands, as far as is known."""
        return self._client.socket() is not None

    def close(self) -> None:
        """End the connection, once; what was in flight is forgotten here, and may not arrive."""
        with contextlib.suppress(OSError, ValueError):
            self._client.disconnect()
        del self._client

    def _on_connect(
        self,
        _client: mqtt.Client,
        _userdata: object,
        _flags: object,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        cause = "broker_refused" if code.is_failure else ""
        receive_max = int(getattr(properties, "ReceiveMaximum", 65535))
        packet_max = int(getattr(properties, "MaximumPacketSize", PACKET_MAX))
        self._heard.append(Connected(cause, str(code), receive_max, packet_max))

    def _on_publish(
        self, _client: mqtt.Client, _userdata: object, mid: int, code: ReasonCode, _properties: object
    ) -> None:
        self._heard.append(Acknowledged(mid, int(code.value)))

    def _on_disconnect(
        self, _client: mqtt.Client, _userdata: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        self._heard.append(Lost(str(code), code.value == TAKEN_OVER))

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        self._heard.append(Arrived(message.topic, bytes(message.payload)))


VERIFY_CODES = {
    9: "certificate_not_yet_valid",
    10: "certificate_expired",
    18: "certificate_unknown_ca",
    19: "certificate_unknown_ca",
    20: "certificate_unknown_ca",
    21: "certificate_unknown_ca",
    62: "certificate_other_host",
    64: "certificate_other_host",
}
"""OpenSSL's X509_V_ERR_* -> the word; messages differ between versions, codes do not."""


def cause_of(error: Exception) -> str:
    """The word for an error of `open`."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return VERIFY_CODES.get(error.verify_code, "tls_failed")
    if isinstance(error, ssl.SSLEOFError | ConnectionResetError):
        return "no_tls_there"
    if isinstance(error, ssl.SSLError):
        return "no_tls_there" if error.reason == "WRONG_VERSION_NUMBER" else "tls_failed"
    return (
        "file_unreadable" if isinstance(error, FileNotFoundError | PermissionError) else "broker_unreachable"
    )
