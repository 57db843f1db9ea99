"""The peer of a drain: ThingsBoard's gateway, whole and as released, in an environment of its own.

Its SQLite storage is filled beforehand with the same events, in the pack size that serves it best; the broker
is local, and what the gateway asks of its server is answered. The environment is made once, inside ours.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.store import sqlite
from tests.bench.measure import say
from tests.broker import Broker

RELEASE = "thingsboard-gateway==3.8.5"
HOME = Path(sys.prefix) / "peer-thingsboard"
PYTHON = HOME / "bin" / "python"
READY = HOME / ".ready"
PACK = 1000
WITHIN_S = 120.0
"""What it has not sent by then does not count against it: the rate is that of what came."""
RPC = "v1/devices/me/rpc/request/"
ATTRIBUTES = "v1/devices/me/attributes/request/"
TELEMETRY = "v1/gateway/telemetry"
LIMITS = {"maxPayloadSize": 65536, "maxInflightMessages": 100, "rateLimits": {}, "gatewayRateLimits": {}}
MESSAGE = (
    '{"deviceName":"fp-1","deviceType":"default",'
    '"telemetry":[{"ts":%d,"values":{"event":%s}}],"attributes":{}}'
)
TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER NOT NULL, message TEXT NOT NULL);
CREATE INDEX idx_timestamp ON messages (timestamp);
"""


class Drained(NamedTuple):
    """Events per second from the first message to the last; the gateway's own CPU for each event."""

    rate: float
    cpu_us: float


@dataclass(slots=True)
class Server:
    """Answers as a ThingsBoard server would, and counts each event once."""

    seen: set[str] = field(default_factory=set)
    began: float = 0.0
    ended: float = 0.0

    def on_message(self, client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        """One message of the gateway."""
        if message.topic.startswith(RPC):
            self._answer(client, message, json.dumps(LIMITS))
        elif message.topic.startswith(ATTRIBUTES):
            self._answer(client, message, "{}")
        elif message.topic == TELEMETRY:
            self.ended = time.monotonic()
            self.began = self.began or self.ended
            for items in json.loads(message.payload).values():
                self.seen.update(_number(item["values"]["event"]) for item in items)

    @staticmethod
    def _answer(client: mqtt.Client, message: mqtt.MQTTMessage, text: str) -> None:
        client.publish(message.topic.replace("/request/", "/response/"), text, qos=1)


def install() -> None:
    """Make the environment, once."""
    if not READY.exists():
        say(f"   an environment for {RELEASE} (about a minute, once)")
        subprocess.run([sys.executable, "-m", "venv", "--clear", HOME], check=True)
        pip = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", RELEASE]
        subprocess.run(pip, check=True, stdout=sys.stderr)
        READY.touch()


def drain(folder: Path, bodies: Sequence[str]) -> Drained:
    """One life of the gateway, with so many events in its storage."""
    _fill(folder, bodies)
    with Broker(folder / "broker", config=["log_dest none", "max_queued_messages 0"]) as broker:
        _configure(folder, broker.port)
        with _serving(broker.port) as server, _gateway(folder) as process:
            end = time.monotonic() + WITHIN_S
            while len(server.seen) < len(bodies) and time.monotonic() < end:
                if process.poll() is not None:
                    raise RuntimeError(f"the gateway ended: {(folder / 'gateway.log').read_text()[-2000:]}")
                time.sleep(0.05)
            spent, came = cpu_s(process.pid), len(server.seen)
    if server.ended <= server.began:
        raise TimeoutError(f"the gateway sent {came} of {len(bodies)} at once, or nothing")
    return Drained(came / (server.ended - server.began), spent / came * 1e6)


def cpu_s(pid: int) -> float:
    """User and system seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _number(event: object) -> str:
    told = event if isinstance(event, dict) else json.loads(str(event))
    return str(told["sequence"])


def _fill(folder: Path, bodies: Sequence[str]) -> None:
    for each in ("config", "data", "logs"):
        (folder / each).mkdir(parents=True)
    now = int(time.time() * 1000)
    with closing(sqlite.connect_writer(folder / "data" / "data.db")) as connection:
        connection.executescript(TABLES)
        connection.execute("BEGIN")
        rows = ((now + number, MESSAGE % (now + number, body)) for number, body in enumerate(bodies))
        connection.executemany("INSERT INTO messages (timestamp, message) VALUES (?, ?)", rows)
        connection.execute("COMMIT")


def _configure(folder: Path, port: int) -> None:
    """Its own sample files, with our broker and its best storage; logging is off."""
    where = "import thingsboard_gateway, sys; sys.stdout.write(thingsboard_gateway.__path__[0])"
    package = subprocess.run([PYTHON, "-c", where], check=True, capture_output=True, text=True).stdout
    samples = Path(package) / "config"
    gateway = json.loads((samples / "tb_gateway.json").read_text())
    gateway["thingsboard"] |= {
        "host": "127.0.0.1",
        "port": port,
        "remoteConfiguration": False,
        "statistics": {"enable": False, "statsSendPeriodInSeconds": 3600},
        "security": {"type": "accessToken", "accessToken": "bench"},
    }
    data = f"{folder / 'data'}/"
    gateway["storage"] = {"type": "sqlite", "data_file_path": data, "max_read_records_count": PACK}
    (folder / "config" / "tb_gateway.json").write_text(json.dumps(gateway))
    logs = json.loads((samples / "logs.json").read_text())
    for logger in logs["loggers"].values():
        logger["level"], logger["handlers"] = "ERROR", ["consoleHandler"]
    logs["root"] = {"level": "ERROR", "handlers": []}
    (folder / "config" / "logs.json").write_text(json.dumps(logs))


@contextmanager
def _serving(port: int) -> Iterator[Server]:
    client, server, ready = mqtt.Client(CallbackAPIVersion.VERSION2), Server(), threading.Event()
    client.on_message, client.on_subscribe = server.on_message, lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        client.subscribe("v1/#", qos=1)
        if not ready.wait(30):
            raise TimeoutError("no SUBACK")
        yield server
    finally:
        client.disconnect()
        client.loop_stop()


@contextmanager
def _gateway(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [PYTHON, "-m", "thingsboard_gateway.tb_gateway"]
    environment = {**os.environ, "TB_GW_CONFIG_DIR": str(folder / "config")}
    with (
        (folder / "gateway.log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.kill()
