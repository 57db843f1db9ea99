"""One connection to the broker: paho behind a small door. A new one is made for each attempt.

paho's callbacks only put frozen facts into the owner's queue; its network thread ends with the connection
and says so, so that a dead thread is never mistaken for a quiet line. paho keeps nothing for us: what was in
flight when a connection ends is sent again by the outbox.
"""

import contextlib
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from queue import Full, Queue

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.settings import UplinkSettings

CONNECT_TIMEOUT_S = 5.0
MQTT5 = MQTTProtocolVersion.MQTTv5


@dataclass(frozen=True, slots=True)
class Connected:
    """CONNACK. `cause` is "" when the broker took us, else a word; `receive_max` its Receive Maximum."""

    cause: str
    detail: str
    receive_max: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone, or its network thread is."""

    detail: str


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
    """A connection attempt and, if it succeeds, the connection; notices go to `queue` with its `life`."""

    def __init__(
        self,
        settings: UplinkSettings,
        client_id: str,
        will: tuple[str, bytes],
        queue: "Queue[tuple[int, Notice] | None]",
        life: int,
    ) -> None:
        self._settings, self._queue, self._life = settings, queue, life
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTT5 if settings.protocol == "5" else MQTTProtocolVersion.MQTTv311,
            clean_session=None if settings.protocol == "5" else True,
            reconnect_on_failure=False,
        )
        self._client.suppress_exceptions = True
        self._client.connect_timeout = CONNECT_TIMEOUT_S
        self._client.max_inflight_messages_set(65535)
        self._client.will_set(*will, qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message
        self._thread = threading.Thread(target=self._loop, name="mqtt", daemon=True)

    def open(self) -> None:
        """Connect the socket and start the network thread; OSError (ssl.SSLError) when that fails."""
        settings = self._settings
        if settings.tls:
            self._client.tls_set_context(_tls_context(settings))
        if settings.username:
            self._client.username_pw_set(settings.username, _password(settings))
        self._client.connect(settings.host, settings.port, keepalive=settings.keepalive)
        self._thread.start()

    def publish(self, topic: str, payload: bytes | str, retain: bool = False) -> int | None:
        """Hand a QoS 1 message over; returns its mid, or None when the connection is gone."""
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        return info.mid if info.rc == mqtt.MQTT_ERR_SUCCESS else None

    def subscribe(self, *topics: str) -> None:
        """Ask for the topics, QoS 1."""
        self._client.subscribe([(topic, 1) for topic in topics])

    def alive(self) -> bool:
        """Whether the network thread still works for this connection."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the connection; what was in flight is forgotten here."""
        with contextlib.suppress(OSError, ValueError):
            self._client.disconnect()
        if self._thread.is_alive():
            self._thread.join(CONNECT_TIMEOUT_S)

    def _loop(self) -> None:
        detail = "closed"
        try:
            code = self._client.loop_forever(retry_first_connection=False)
            detail = mqtt.error_string(code)
        except Exception as error:  # noqa: BLE001 - whatever ends this thread must be known to its owner
            detail = f"{type(error).__name__}: {error}"
        self._tell(Lost(detail))

    def _on_connect(
        self,
        _client: mqtt.Client,
        _userdata: object,
        _flags: object,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        cause = "broker_refused" if code.is_failure else ""
        receive_max = int(getattr(properties, "ReceiveMaximum", 65535)) if properties else 65535
        self._tell(Connected(cause, str(code), receive_max))

    def _on_publish(
        self, _client: mqtt.Client, _userdata: object, mid: int, code: ReasonCode, _properties: object
    ) -> None:
        self._tell(Acknowledged(mid, int(code.value)))

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        # A flood of messages must not push out what ends or acknowledges: those wait, these may be lost.
        with contextlib.suppress(Full):
            self._queue.put_nowait((self._life, Arrived(message.topic, bytes(message.payload))))

    def _tell(self, notice: Notice) -> None:
        self._queue.put((self._life, notice))


def cause_of(error: Exception) -> str:
    """The word for an error of `open`."""
    return "tls_failed" if isinstance(error, ssl.SSLError) else "broker_unreachable"


def _tls_context(settings: UplinkSettings) -> ssl.SSLContext:
    """Verify chain and host name, TLS 1.2 at least; there is no option to do less."""
    context = ssl.create_default_context(cafile=settings.ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file or None)
    return context


def _password(settings: UplinkSettings) -> str | None:
    if not settings.password_file:
        return None
    return Path(settings.password_file).read_text(encoding="utf-8").strip()
