"""A word to systemd (sd_notify(3)): ready, alive, leaving."""

import contextlib
import os
import socket


def notify(message: str) -> None:
    """Tell systemd (sd_notify(3)); silent where there is none."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, contextlib.suppress(OSError):
        sender.settimeout(1.0)  # whoever does not read must not stop the hall
        sender.sendto(message.encode(), "\0" + address[1:] if address[0] == "@" else address)
