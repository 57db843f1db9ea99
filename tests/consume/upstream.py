"""Both ends around the consumer for tests on a real broker: a hall that publishes, a consumer that runs."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.consume import Consumer, Settings
from edge.contract import Event, Receipt
from tests.broker import Broker
from tests.consume.hall import Message

WAIT_S = 30.0


def until(condition: Callable[[], object], what: str = "condition") -> None:
    """Wait for it; the limit only ends a test that hangs."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.005)


class Wire:
    """A client of the hall's side: publishes, and keeps every message of `zwdt/#`, newest last."""

    def __init__(self, broker: Broker, user: str = "", password: str = "", topic: str = "zwdt/#") -> None:
        self._topic, self.seen = topic, []
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        if user:
            self.client.username_pw_set(user, password)
        self._subscribed = threading.Event()
        self.client.on_connect = lambda client, *_: client.subscribe(topic, 1)
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = lambda _c, _d, message: self.seen.append((message.topic, message.payload))
        self.client.reconnect_delay_set(1, 1)
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        assert self._subscribed.wait(WAIT_S)

    def send(self, *messages: Message, retain: bool = False) -> None:
        for topic, payload in messages:
            self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(WAIT_S)

    def on(self, topic: str) -> list[bytes]:
        return [payload for seen, payload in self.seen if seen == topic]

    def receipts(self, topic: str) -> list[Receipt]:
        return [msgspec.json.decode(payload, type=Receipt) for payload in self.on(topic)]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        del self.client  # or its sockets would wait for the garbage collector


@contextmanager
def wire(broker: Broker, **options: str) -> Iterator[Wire]:
    client = Wire(broker, **options)
    try:
        yield client
    finally:
        client.close()


def settings(broker: Broker, folder: Path, app: str = "count", **options: object) -> Settings:
    return Settings(app, folder / f"{app}.db", broker.host, broker.port, **options)  # type: ignore[arg-type]


@contextmanager
def consuming(told: Settings) -> Iterator[tuple[Consumer, list[Event]]]:
    events: list[Event] = []
    consumer, stop = Consumer(told, events.extend), threading.Event()
    thread = threading.Thread(target=consumer.run, args=(stop,))
    thread.start()
    try:
        yield consumer, events
    finally:
        stop.set()
        thread.join(WAIT_S)
        assert not thread.is_alive()


DIES_AT = """
import os, signal, sys, threading
from pathlib import Path
from edge.consume import Consumer, Settings
from edge.consume.ledger import Ledger
from edge.consume.receipts import Receipts
from edge.consume.session import Session

def die(*_): os.kill(os.getpid(), signal.SIGKILL)

at, database, port = sys.argv[1:]
if at == "commit": Ledger._save = die
if at == "ack": Session.ack = die
if at == "receipt": Receipts._publish = die
Consumer(Settings("count", Path(database), port=int(port))).run(threading.Event())
"""


def run_until_killed(told: Settings, at: str) -> None:
    """The consumer in a process that SIGKILL ends just before its first `commit`, `ack` or `receipt`."""
    command = [sys.executable, "-c", DIES_AT, at, str(told.database), str(told.port)]
    process = subprocess.run(command, timeout=WAIT_S, env=os.environ, check=False)
    assert process.returncode == -signal.SIGKILL
