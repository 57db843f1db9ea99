"""The command line's way to the daemon: its web routes over `control.sock`, or its last word on disk."""

import http.client
import socket
from pathlib import Path

import msgspec

from edge.commands import Answer
from edge.snapshot import Snapshot

TIMEOUT_S = 5.0
COMMAND_S = 120.0


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, folder: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path, self._timeout_s = folder / "control.sock", timeout_s

    def connect(self) -> None:
        """Reach the daemon's socket instead of a port."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._timeout_s)
        self.sock.connect(str(self._path))


def lives(folder: Path) -> bool:
    """Whether there is a daemon that could answer, though it may take its time."""
    connection = _UnixConnection(folder, TIMEOUT_S)
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def snapshot(folder: Path, timeout_s: float = TIMEOUT_S) -> Snapshot | None:
    """The status as the running daemon tells it, or None when nobody answers."""
    connection = _UnixConnection(folder, timeout_s)
    try:
        connection.request("GET", "/api/status")
        return msgspec.json.decode(connection.getresponse().read(), type=Snapshot)
    except (OSError, http.client.HTTPException, msgspec.DecodeError):
        return None
    finally:
        connection.close()


def command(folder: Path, name: str, /, **arguments: str) -> Answer | None:
    """Order something of the running daemon; None when nobody answers."""
    connection = _UnixConnection(folder, COMMAND_S)
    try:
        connection.request("POST", f"/control/{name}", msgspec.json.encode(arguments))
        return msgspec.json.decode(connection.getresponse().read(), type=Answer)
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
