"""P11 and P12: memory of the idle daemon and its start, beside a process that only loads its dependencies.

The daemon is a process of its own with the hall it is made for: three terminals and a broker that answer.
It accepts punches when it says READY=1, as to systemd.
"""

import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from edge.control import snapshot
from tests.bench.filled import filled
from tests.bench.floor import Floor, floor, rss_mb, third_party, watched
from tests.bench.measure import Line, Rounds, Scale, against_constant, in_turn, line
from tests.bench.site import DEVICES, config
from tests.broker import Broker
from tests.hall import environment, until
from tests.sim.zk import Terminal

RSS_MAX_MB = 60.0
READY_S = 120.0
SETTLE_S = 3
"""Idle before the memory is looked at."""


class Life(NamedTuple):
    """One life of the daemon: from the start of the process to READY, and its memory when idle."""

    ready_s: float
    rss_mb: float


class Hall:
    """Terminals and a broker; starts daemons on any folder, one at a time."""

    def __init__(self, terminals: Sequence[Terminal], broker: Broker) -> None:
        self._ports, self._broker = [terminal.port for terminal in terminals], broker

    def config(self, folder: Path) -> Path:
        """The configuration of the daemon that keeps its data there."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "hall-edge.toml"
        path.write_text(config(folder, self._broker.port, self._ports))
        return path

    def start_s(self, folder: Path) -> float:
        """From the start of the process to READY."""
        return self._live(folder, _command(self.config(folder)), settle_s=None).ready_s

    def live(self, folder: Path, settle_s: float) -> Life:
        """Start, let everything be reached, wait, look, stop."""
        return self._live(folder, _command(self.config(folder)), settle_s)

    def modules(self, folder: Path) -> list[str]:
        """The third-party modules that a daemon at work has loaded; also makes the database."""
        noted = folder / "modules.json"
        self._live(folder, watched(self.config(folder), noted), settle_s=0)
        return third_party(noted)

    @contextlib.contextmanager
    def running(self, folder: Path) -> Iterator[int]:
        """The daemon, with everything reached, until the block ends; its process id."""
        with self._started(folder, _command(self.config(folder))) as (pid, _ready_s):
            _reach(folder)
            yield pid

    def _live(self, folder: Path, command: Sequence[str], settle_s: float | None) -> Life:
        with self._started(folder, command) as (pid, ready_s):
            if settle_s is not None:
                _reach(folder)
                time.sleep(settle_s)
            return Life(ready_s, rss_mb(pid))

    @staticmethod
    @contextlib.contextmanager
    def _started(folder: Path, command: Sequence[str]) -> Iterator[tuple[int, float]]:
        address = folder / "notify"
        address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, (folder / "log").open("ab") as log:
            told.bind(str(address))
            told.settimeout(READY_S)
            began = time.perf_counter()
            told_where = {**environment(), "NOTIFY_SOCKET": str(address)}
            with subprocess.Popen(command, stdout=log, stderr=log, env=told_where) as process:
                try:
                    _await_ready(told, folder / "log")
                    ready_s = time.perf_counter() - began
                    told.close()  # its watchdog would wait for a reader
                    yield process.pid, ready_s
                finally:
                    process.send_signal(signal.SIGTERM)


def _await_ready(told: socket.socket, log: Path) -> None:
    try:
        while told.recv(64) != b"READY=1":
            pass
    except TimeoutError:
        raise TimeoutError(f"the daemon does not come up: {log.read_text()[-2000:]}") from None


def benchmarks(scale: Scale) -> Iterator[Line]:
    """P11 and P12."""
    rows = 10_000_000 if scale.full else scale.of(1_000_000, 20_000)
    with _hall(scale.folder / "broker") as hall:
        empty = scale.folder / "daemon-empty"
        modules = hall.modules(empty)
        lives: list[Life] = []
        floors: list[Floor] = []
        for _ in range(scale.repeat):
            lives.append(hall.live(empty, scale.of(SETTLE_S, 0)))
            floors.append(floor(modules))
        yield from _beside_the_floor(lives, floors)
        full = filled(scale.folder, rows)
        rounds = in_turn(scale.repeat, lambda: hall.start_s(full), lambda: hall.start_s(empty))
        yield line(f"p12.start_{rows}_rows", "s", rounds, "start with an empty database", "<= 1.2")


def _beside_the_floor(lives: Sequence[Life], floors: Sequence[Floor]) -> Iterator[Line]:
    memory = [life.rss_mb for life in lives]
    what = "a process that imports the same third-party modules"
    yield line("p11.rss_idle", "MB", Rounds(memory, [each.rss_mb for each in floors]), what, "<= 1.25")
    yield line("p11.rss_idle_absolute", "MB", against_constant(memory, RSS_MAX_MB), "allowed", "<= 1")
    start = Rounds([life.ready_s for life in lives], [each.seconds for each in floors])
    yield line("p12.start_empty", "s", start, what, "<= 2")


@contextlib.contextmanager
def _hall(folder: Path) -> Iterator[Hall]:
    with contextlib.ExitStack() as up:
        broker = up.enter_context(Broker(folder))
        terminals = [Terminal(serial=f"BENCH{n:05}", clients=2) for n in range(1, DEVICES + 1)]
        yield Hall([up.enter_context(terminal) for terminal in terminals], broker)


def _command(config: Path) -> list[str]:
    return [sys.executable, "-m", "edge.cli", "run", "--config", str(config)]


def _reach(folder: Path) -> None:
    """Wait until every terminal and the broker were reached."""

    def reached() -> bool:
        now = snapshot(folder)
        return (
            now is not None
            and now.uplink.state == "connected"
            and all(device.state == "online" for device in now.devices)
        )

    if not until(reached, READY_S):
        raise TimeoutError("the daemon does not reach its hall")
