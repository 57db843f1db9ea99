"""A real mosquitto on a free loopback port, for tests. Its log is `broker.log` in its folder.

Without options it is what a hall may meet: no persistence, a queue of 1,000 per absent subscriber, so that
killing it loses what it has acknowledged. The port stays the same over `kill` and `restart`.
"""

import getpass
import itertools
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType

HOST = "127.0.0.1"
PORTS = range(20_000, 32_000)
"""Below Linux's ephemeral ports, where a client whose broker is down could connect to itself."""


def _own_ports() -> Iterator[int]:
    """This process's share of them, in any order, over and over: no two tests at once have the same."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = PORTS[worker :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]
    return itertools.cycle(random.sample(share, len(share)))


OWN_PORTS = _own_ports()
READY_S = 30.0
SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def free_port() -> int:
    """A loopback port that nobody listens on just now, and that nobody else here is given."""
    for port in itertools.islice(OWN_PORTS, 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise OSError("no free port")


class Broker:
    """One mosquitto process; `with Broker(tmp_path) as broker:` starts and ends it.

    passwords: user -> password (no colons); without any, everybody may connect. acl: text of an ACL file.
    persistence: the default kind, which saves every 30 minutes and at a clean stop. config: more
    lines for mosquitto.conf, after the listener's (so `cafile …`, `max_queued_messages …` both work).
    """

    host = HOST

    def __init__(
        self,
        folder: Path,
        *,
        persistence: bool = False,
        passwords: Mapping[str, str] | None = None,
        acl: str | None = None,
        config: Iterable[str] = (),
    ) -> None:
        program = shutil.which("mosquitto", path=SEARCH)
        if program is None:
            raise FileNotFoundError("mosquitto is not installed (apt-get install mosquitto)")
        self.program = program
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.log = folder / "broker.log"
        self._process: subprocess.Popen[bytes] | None = None
        lines = [f"user {getpass.getuser()}", "log_type all", f"listener {self.port} {HOST}"]
        lines += self._access(passwords, acl)
        if persistence:
            lines += ["persistence true", f"persistence_location {folder}/"]
        (folder / "mosquitto.conf").write_text("\n".join([*lines, *config]) + "\n")

    def _access(self, passwords: Mapping[str, str] | None, acl: str | None) -> list[str]:
        lines = [f"allow_anonymous {str(not passwords).lower()}"]
        if passwords:
            file = self.folder / "passwords"
            file.write_text("".join(f"{user}:{word}\n" for user, word in passwords.items()))
            file.chmod(0o600)
            hasher = shutil.which("mosquitto_passwd", path=SEARCH) or "mosquitto_passwd"
            subprocess.run([hasher, "-U", str(file)], check=True, capture_output=True)
            lines.append(f"password_file {file}")
        if acl is not None:
            file = self.folder / "acl"
            file.write_text(acl)
            file.chmod(0o600)
            lines.append(f"acl_file {file}")
        return lines

    def start(self) -> None:
        """Return when it accepts connections; RuntimeError with its log when it does not."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self.program, "-c", str(self.folder / "mosquitto.conf")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + READY_S
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        self.kill()
        raise RuntimeError(f"mosquitto does not start: {self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        """SIGKILL, as a power cut would: what it held in memory is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """A clean stop."""
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Kill it if it runs, and start it again on the same port."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._signal(signal.SIGCONT)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        process.wait(READY_S)

    def __enter__(self) -> "Broker":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
