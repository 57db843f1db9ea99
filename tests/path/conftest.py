"""A hall in a temporary folder: real daemon, real mosquitto, a terminal on the wire."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge import consume
from tests.broker import Broker, free_port
from tests.hall import Daemon
from tests.sim.zk import Terminal

CONFIG = """
[site]
county = "410421"
hall = "hall-1"
name = "测试大厅"
[store]
folder = "{folder}"
[clock]
trust = "system"
[uplink]
host = "127.0.0.1"
port = {broker}
tls = false
confirm = ["county"]
{uplink}
[web]
port = {web}
[device.fp-1]
driver = "zk"
name = "指纹机 1"
host = "127.0.0.1"
port = {terminal}
poll_seconds = 1
{device}
"""


@dataclass
class Hall:
    folder: Path
    broker: Broker
    terminal: Terminal
    daemon: Daemon
    web: int

    @property
    def county(self) -> consume.Settings:
        return consume.Settings("county", self.folder / "county.db", port=self.broker.port)

    def held(self) -> int:
        """Punches in the consumer's books."""
        with contextlib.suppress(consume.DatabaseFails):  # the books are being opened
            return consume.count(self.county.database, "attendance.punch")
        return 0

    def configure(self, uplink: str = "", device: str = "") -> None:
        self.daemon.config.write_text(
            CONFIG.format(
                folder=self.daemon.folder,
                broker=self.broker.port,
                web=self.web,
                terminal=self.terminal.port,
                uplink=uplink,
                device=device,
            )
        )


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    daemon = Daemon(tmp_path / "edge.toml", tmp_path / "edge")
    with Broker(tmp_path / "broker") as broker, Terminal(serial="SN0000001") as terminal:
        made = Hall(tmp_path, broker, terminal, daemon, free_port())
        made.configure()
        yield made
        daemon.stop()
