"""The two wires of a keypad line: a pty whose by-id name stays, and a converter's TCP port. Bytes only."""

import contextlib
import os
import select
import shutil
import socket
import tempfile
import threading
import time
import tty
from pathlib import Path

PATIENCE_S = 0.02
SETTLE_S = 0.15
"""A converter keeps what came while nobody was connected, and passes it on a moment after somebody is."""


class Pty:
    """A serial port with a name like those of `/dev/serial/by-id`, which can be pulled out."""

    def __init__(self, path: Path | None = None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="keypads-", dir="/dev/shm")) if path is None else None
        self.path = path or Path(str(self._folder)) / "usb-Pads_0001-if00-port0"
        self._master = -1
        self.plug()

    @property
    def port(self) -> str:
        return str(self.path)

    def plug(self) -> None:
        """Put the plug in; the device has another number, its name is the same."""
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(slave))
        os.close(slave)

    def unplug(self) -> None:
        if self._master >= 0:
            self.path.unlink()
            os.close(self._master)
            self._master = -1

    def send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(self._master, data)

    def receive(self) -> bytes:
        """What the host has sent; waits a moment where that is nothing."""
        try:
            ready, _, _ = select.select([self._master], [], [], PATIENCE_S)
            return os.read(self._master, 4096) if ready else b""
        except (OSError, ValueError):  # nobody has it open, or the plug is out
            time.sleep(PATIENCE_S)
            return b""

    def close(self) -> None:
        self.unplug()
        if self._folder:
            shutil.rmtree(self._folder)


class Converter:
    """A serial-to-Ethernet converter: one client, bytes through."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self._server = socket.create_server((host, port))
        self._server.settimeout(PATIENCE_S)
        self._client: socket.socket | None = None
        self._kept = b""
        self._turn = threading.Lock()
        self.connections = 0

    @property
    def port(self) -> str:
        host, port = self._server.getsockname()
        return f"socket://{host}:{port}"

    def plug(self) -> None: ...

    def unplug(self) -> None:
        """It forgets its client."""
        with self._turn:
            if self._client:
                self._client.close()
            self._client = None

    def send(self, data: bytes) -> None:
        with self._turn:
            if self._client is None:
                self._kept += data
                return
            with contextlib.suppress(OSError):
                self._client.sendall(data)

    def receive(self) -> bytes:
        client = self._client
        if client is None:
            self._welcome()
            return b""
        try:
            found = client.recv(4096)
        except TimeoutError:
            return b""
        except OSError:
            found = b""
        if not found:
            self.unplug()
        return found

    def _welcome(self) -> None:
        try:
            client, _peer = self._server.accept()
        except OSError:
            return
        client.settimeout(PATIENCE_S)
        self.connections += 1
        time.sleep(SETTLE_S)
        with self._turn:
            kept, self._kept, self._client = self._kept, b"", client
        if kept:
            self.send(kept)

    def close(self) -> None:
        self.unplug()
        self._server.close()
