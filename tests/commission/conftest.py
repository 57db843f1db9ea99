"""A network of terminals on loopback addresses, and a configuration beside it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.broker import free_port
from tests.sim import dahua, isapi
from tests.sim.zk import Terminal

CONFIG = """\
# 宝丰县 / a hall
[site]
county = "410421"   # 区划
hall = "hall-1"

[store]
folder = "{folder}"

[clock]
trust = "system"

[web]
port = {web}

# 指纹机在一楼 / the first floor
[device.fp-1]
driver = "zk"       # 中控
host = "127.0.9.1"
port = {zk}
poll_seconds = 1
"""
NETWORK = "127.0.9.0/29"


@dataclass
class Net:
    """fp: as configured; udp, locked: others of its kind; face, gate: with a web interface."""

    config: Path
    folder: Path
    zk: int
    web: int
    fp: Terminal
    udp: Terminal
    locked: Terminal
    face: isapi.Terminal
    gate: dahua.Terminal

    @property
    def ports(self) -> list[str]:
        return [f"--port=zk={self.zk}", f"--port=hikvision={self.web}", f"--port=dahua={self.web}"]


def configured(tmp_path: Path, zk: int) -> tuple[Path, Path]:
    """A configuration, and the folder it names."""
    config, folder = tmp_path / "edge.toml", tmp_path / "edge"
    folder.mkdir()
    config.write_text(CONFIG.format(folder=folder, zk=zk, web=free_port()), encoding="utf-8")
    return config, folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose terminals are switched off."""
    return configured(tmp_path, free_port())[0]


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    zk, web = free_port(), free_port()
    with ExitStack() as on:
        fp = on.enter_context(Terminal(serial="SN0000001", host="127.0.9.1", port=zk, clients=2))
        udp = on.enter_context(Terminal(serial="SN0000002", host="127.0.9.2", port=zk, transport="udp"))
        locked = on.enter_context(Terminal(serial="SN0000003", host="127.0.9.3", port=zk, comm_key=4711))
        face = on.enter_context(isapi.Terminal(host="127.0.9.4", port=web))
        gate = on.enter_context(dahua.Terminal(host="127.0.9.5", port=web))
        yield Net(*configured(tmp_path, zk), zk, web, fp, udp, locked, face, gate)
