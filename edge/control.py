"""The command line's way to the daemon: its web routes over `control.sock`, or its last word on disk."""

import http.client
import socket
from pathlib import Path

import msgspec

from edge.snapshot import Snapshot

TIMEOUT_S = 5.0


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Reach the daemon's socket instead of a port."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(str(self._path))


def snapshot(folder: Path) -> Snapshot | None:
    """The status as the running daemon tells it, or None when nobody answers."""
    connection = _UnixConnection(folder / "control.sock")
    try:
        connection.request("GET", "/api/status")
        return msgspec.json.decode(connection.getresponse().read(), type=Snapshot)
    except (OSError, http.client.HTTPException, msgspec.DecodeError):
        return None
    finally:
        connection.close()


def last_word(folder: Path) -> Snapshot | None:
    """The status that the daemon wrote last, or None."""
    try:
        return msgspec.json.decode((folder / "status.json").read_bytes(), type=Snapshot)
    except (OSError, msgspec.DecodeError):
        return None
