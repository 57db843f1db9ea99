"""A hall for whole-path tests and the demo: the real daemon as a process, and what can be asked of it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from edge import consume
from edge.control import snapshot
from edge.snapshot import Snapshot

READY_S = 30.0
READY = b"ready; status page on port"
"""What the daemon logs when all its ports are open; the commands answer a moment before."""
UNIT = Path(__file__).parents[1] / "systemd" / "hall-edge.service"
SITE = """
[site]
county = "410421"
hall = "hall-1"
[store]
folder = "{folder}"
[clock]
trust = "system"
"""
"""How the configurations of test halls begin."""
UPLINK = """\
[uplink]
host = "127.0.0.1"
port = {broker}
tls = false
confirm = ["county"]
"""
"""To a broker of the test, whose consumer is `county`."""
ALONE = """\
[uplink]
host = ""
[web]
port = {web}
"""
"""Nobody upstream; the technicians' page."""
LISTEN = """\
[listen]
host = "127.0.0.1"
port = {listen}
"""
OFFICE = """\
[office]
host = "127.0.0.1"
port = {office}
"""


def environment() -> dict[str, str]:
    """What the unit gives to the daemon beside what is there, as far as it is the same in every hall."""
    given = (row.partition("=")[2] for row in UNIT.read_text().splitlines() if row.startswith("Environment="))
    return {**os.environ, **dict(each.split("=", 1) for each in given if "%" not in each)}


class Daemon:
    """`hall-edge run` as a process; its log is `edge.log` beside the config."""

    module = "edge.cli"
    """What is run."""

    def __init__(self, config: Path, folder: Path) -> None:
        self.config, self.folder = config, folder
        self.log = folder / "edge.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, wait: bool = True) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            began = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.module, "run", "--config", str(self.config)],
                stderr=log,
                stdout=log,
                env=environment(),
                start_new_session=True,  # Ctrl-C in the demo's terminal is for the demo alone
            )
        if wait:
            self._await(began)

    def _await(self, began: int) -> None:
        """Until the life whose log begins at this byte is up."""
        if not until(lambda: READY in self.log.read_bytes()[began:] and self.status() is not None, READY_S):
            self.kill()
            raise TimeoutError(f"the daemon does not come up: {self.log.read_text()[-2000:]}")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def status(self) -> Snapshot | None:
        return snapshot(self.folder)

    def peak_mb(self) -> float:
        """The most memory it has held in this life, in MiB."""
        return self._memory_mb("VmHWM")

    def rss_mb(self) -> float:
        """The memory it holds now, in MiB."""
        return self._memory_mb("VmRSS")

    def _memory_mb(self, name: str) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        (told,) = (row.split()[1] for row in status.splitlines() if row.startswith(name))
        return int(told) / 1024

    def kill(self) -> None:
        """SIGKILL, as a power cut would look to the process."""
        self._end(signal.SIGKILL, 10)

    def stop(self, within_s: float = 20) -> int:
        """SIGTERM; returns the exit code, or raises when that takes longer."""
        return self._end(signal.SIGTERM, within_s)

    def _end(self, number: int, wait_s: float) -> int:
        if self._process is None:
            return 0
        process, self._process = self._process, None
        if process.poll() is None:
            process.send_signal(number)
        return process.wait(wait_s)


@contextlib.contextmanager
def consuming(settings: consume.Settings, on_events: object = None) -> Iterator[consume.Consumer]:
    """The reference consumer in a thread, until the block ends."""
    consumer = consume.Consumer(settings, on_events) if callable(on_events) else consume.Consumer(settings)
    stop = threading.Event()
    thread = threading.Thread(target=consumer.run, args=(stop,), name="consumer")
    thread.start()
    try:
        yield consumer
    finally:
        stop.set()
        thread.join(20)


def until(true: object, seconds: float, step_s: float = 0.05) -> bool:
    """Wait until `true()` is; False when it never was."""
    assert callable(true)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(step_s)
    return bool(true())
