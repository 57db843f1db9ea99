"""P8: from an event at the store's door to an upstream subscriber, beside «commit, then publish» by hand.

The broker is a default mosquitto, so with Nagle's algorithm on: a client that waits for its acknowledgements
in the wrong place stalls for 40 ms. Both sides have the same broker, subscriber, bytes and pace. Everything
runs in this process, as a hall's own events would.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.contract import Description, Event, topic
from edge.events import event_id
from edge.settings.settings import UplinkSettings
from edge.store import Store
from edge.uplink.uplink import Uplink
from tests.bench.ingest import Raw, body_of, recorded
from tests.bench.measure import Line, Rounds, Scale, line, percentile
from tests.bench.site import CLOCK, COUNTY, HALL, PLACE, intake, opened
from tests.broker import Broker

PACE_S = 0.004
BACKGROUND_S = 1 / 500
WAIT_S = 30.0
TOPIC = topic(COUNTY, HALL, "evt", "att")
SHARES = {"p50": 0.5, "p99": 0.99}


@dataclass(slots=True)
class Subscriber:
    """Notes when each event arrived, by its id."""

    port: int
    arrived: dict[str, float] = field(default_factory=dict)

    def on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        now = time.perf_counter()
        self.arrived.setdefault(msgspec.json.decode(message.payload, type=Event).id, now)

    def latencies(self, began: dict[str, float]) -> list[float]:
        """Milliseconds of each event, once all have arrived."""
        end = time.monotonic() + WAIT_S
        while not began.keys() <= self.arrived.keys():
            if time.monotonic() > end:
                raise TimeoutError(
                    f"{len(began.keys() - self.arrived.keys())} of {len(began)} did not arrive"
                )
            time.sleep(0.01)
        return [(self.arrived[each] - at) * 1000 for each, at in began.items()]


def benchmarks(scale: Scale) -> Iterator[Line]:
    """P8."""
    folders = (scale.folder / f"p8-{number}" for number in itertools.count())
    events = scale.of(500, 100)
    by_hand: list[dict[str, float]] = []
    ours: list[dict[str, float]] = []
    loaded: list[dict[str, float]] = []
    for _ in range(scale.repeat):
        ours.append(_shares(_through_the_edge(next(folders), events, background=False)))
        by_hand.append(_shares(_by_hand(next(folders), events)))
        loaded.append(_shares(_through_the_edge(next(folders), events, background=True)))
    for name, found, share, target in (
        ("p8.latency_p50", ours, "p50", "<= 2"),
        ("p8.latency_p99", ours, "p99", "<= 3"),
        ("p8.latency_p99_at_500_per_s", loaded, "p99", "<= 4"),
    ):
        rounds = Rounds([each[share] for each in found], [each[share] for each in by_hand])
        yield line(name, "ms", rounds, f"FULL commit, then publish: {share}", target)


def _shares(latencies: list[float]) -> dict[str, float]:
    return {name: percentile(latencies, share) for name, share in SHARES.items()}


def _through_the_edge(folder: Path, events: int, background: bool) -> list[float]:
    """The real store and the real uplink."""
    with (
        _subscribed(folder / "broker") as subscriber,
        opened(folder) as store,
        _uplink(store, subscriber.port),
    ):
        stop = threading.Event()
        crowd = threading.Thread(target=_crowd, args=(store, stop))
        if background:
            crowd.start()
        try:
            began = _paced(events, lambda number: store.take(intake(number)))
            return subscriber.latencies(began)
        finally:
            stop.set()
            if background:
                crowd.join()


def _by_hand(folder: Path, events: int) -> list[float]:
    """The same statements and the same publish, one after the other."""
    bodies = recorded([intake(number) for number in range(events)])
    with _subscribed(folder / "broker") as subscriber, _client(subscriber.port) as client:
        raw = Raw(folder / "raw.db")

        def accept(number: int) -> None:
            raw.commit(bodies[number])
            client.publish(TOPIC, body_of(bodies[number]), qos=1)

        with closing(raw.connection):
            return subscriber.latencies(_paced(events, accept))


def _paced(events: int, accept: Callable[[int], object]) -> dict[str, float]:
    """Hand over an event every few milliseconds; returns when each was, by its id."""
    began: dict[str, float] = {}
    for number in range(events):
        time.sleep(PACE_S)
        identity = event_id(intake(number).drafts[0].fact)
        began[identity] = time.perf_counter()
        accept(number)
    return began


def _crowd(store: Store, stop: threading.Event) -> None:
    """Other terminals' events, at an even pace."""
    due = time.monotonic()
    for number in itertools.count():
        due += BACKGROUND_S
        if stop.wait(max(0.0, due - time.monotonic())):
            return
        store.take(intake(number, "CROWD"))


@contextmanager
def _subscribed(folder: Path) -> Iterator[Subscriber]:
    """A broker and somebody who listens."""
    with Broker(folder) as broker, _client(broker.port) as client:
        subscriber, ready = Subscriber(broker.port), threading.Event()
        client.on_message = subscriber.on_message
        client.on_subscribe = lambda *_: ready.set()
        client.subscribe(TOPIC, qos=1)
        if not ready.wait(WAIT_S):
            raise TimeoutError("no SUBACK")
        yield subscriber


@contextmanager
def _client(port: int) -> Iterator[mqtt.Client]:
    """A plain paho client, connected."""
    client, ready = mqtt.Client(CallbackAPIVersion.VERSION2), threading.Event()
    client.on_connect = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        if not ready.wait(WAIT_S):
            raise TimeoutError("no CONNACK")
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


@contextmanager
def _uplink(store: Store, port: int) -> Iterator[None]:
    """The real uplink, connected and with nothing left to send."""
    settings = UplinkSettings(host="127.0.0.1", port=port, tls=False)
    description = Description("bench", (), ())
    uplink = Uplink(settings, PLACE, store, CLOCK, description, lambda: (), lambda: None)
    uplink.start()
    try:
        end = time.monotonic() + WAIT_S
        while uplink.outbox.retired < store.tip.position:
            if time.monotonic() > end:
                raise TimeoutError("the uplink does not connect")
            time.sleep(0.01)
        yield
    finally:
        uplink.stop()
