"""The real daemon on a NATS cluster, which speaks MQTT 3.1.1 only: a worker confirms its events."""

from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge import consume
from tests import nats
from tests.broker import HOST, free_port
from tests.hall import Daemon, consuming, until
from tests.path.conftest import CONFIG
from tests.sim.zk import Terminal

pytestmark = pytest.mark.skipif(nats.program() is None, reason="nats-server is missing")
UPLINK = """
protocol = "3.1.1"
username = "410421/hall-1"
password_file = "{password}"
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[nats.Cluster]:
    (tmp_path / "password").write_text(nats.PASSWORD)
    with nats.Cluster(tmp_path / "nats", ["410421/hall-1"]) as cluster:
        yield cluster


def worker(cluster: nats.Cluster, folder: Path) -> consume.Settings:
    brokers = ",".join(f"{HOST}:{node.mqtt_port}" for node in cluster.nodes)
    secret = {"user": "count", "password_file": folder / "password"}
    return consume.Settings("count", folder / "count.db", brokers, nats=cluster.url, **secret)  # type: ignore[arg-type]


def test_the_daemon_is_confirmed_through_the_cluster(cluster: nats.Cluster, tmp_path: Path) -> None:
    told = worker(cluster, tmp_path)
    daemon = Daemon(tmp_path / "edge.toml", tmp_path / "edge")
    with Terminal(serial="SN0000001") as terminal:
        daemon.config.write_text(
            CONFIG.format(
                folder=daemon.folder,
                broker=cluster.nodes[0].mqtt_port,
                web=free_port(),
                terminal=terminal.port,
                uplink=UPLINK.format(password=tmp_path / "password"),
                device="",
            ).replace('["county"]', '["count"]')
        )
        for number in range(30):
            terminal.punch(str(1000 + number))
        try:
            with consuming(told):
                daemon.start()
                assert until(lambda: _confirmed(daemon) >= 31, 60), daemon.log.read_text()[-2000:]
                terminal.punch("2000")
                assert until(lambda: consume.count(told.database, "attendance.punch") == 31, 30)
        finally:
            daemon.kill()


def _confirmed(daemon: Daemon) -> int:
    status = daemon.status()
    return status.store.seq_head - status.uplink.unconfirmed if status else 0


def test_a_hall_cannot_hear_another(cluster: nats.Cluster) -> None:
    """The rights of `nats-users.conf`."""
    codes: list[int] = []
    hall = mqtt.Client(CallbackAPIVersion.VERSION2, "410421/hall-1", protocol=mqtt.MQTTv311)
    hall.username_pw_set("410421/hall-1", nats.PASSWORD)
    asked = [("zwdt/v1/410421/hall-1/ack/count", 0), ("zwdt/v1/410421/+/ack/count", 0)]
    hall.on_connect = lambda client, *_: client.subscribe(asked)
    hall.on_subscribe = lambda _c, _d, _mid, answers, _p: codes.extend(answer.value for answer in answers)
    hall.connect(HOST, cluster.nodes[1].mqtt_port)
    hall.loop_start()
    try:
        assert until(lambda: len(codes) == 2, 20)
        assert codes == [0, 128]
    finally:
        hall.disconnect()
        hall.loop_stop()
        del hall
