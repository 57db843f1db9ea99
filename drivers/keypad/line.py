"""The serial port, or a serial-to-Ethernet converter: opened, read, written; its errors become ours here.

A converter that is gone without a word (power cut, cable) is found within 25 s by TCP keepalives.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import serial

from drivers.base import DeviceOffline, translate
from drivers.keypad.memory import Memory
from drivers.keypad.options import KeypadOptions

READ_S = 0.05
WRITE_S = 2.0
LOOK_S = 0.25
BYTES_MAX = 4096
KEEPALIVE = {
    socket.TCP_KEEPIDLE: 10,
    socket.TCP_KEEPINTVL: 5,
    socket.TCP_KEEPCNT: 3,
    socket.TCP_USER_TIMEOUT: 20_000,
}
"""First probe after 10 s of silence, then each 5 s, three times; what was sent is answered within 20 s."""
BROKEN = (serial.SerialException, OSError)


class Line:
    """An open port."""

    def __init__(self, port: serial.Serial) -> None:
        self._port = port

    def read(self) -> bytes:
        """What has come, waiting for a moment where that is nothing."""
        with translate(BROKEN, DeviceOffline, "connection_lost"):
            found: bytes = self._port.read(max(1, min(self._port.in_waiting, BYTES_MAX)))
            return found

    def write(self, data: bytes) -> None:
        """Send a command; nothing where there is none."""
        if data:
            with translate(BROKEN, DeviceOffline, "connection_lost"):
                self._port.write(data)


@contextmanager
def opened(options: KeypadOptions, memory: Memory, stop: threading.Event) -> Iterator[Line | None]:
    """The port, waited for where it was absent before; None: told to stop meanwhile."""
    if not options.port.startswith("socket://"):
        _wait_for(options.port, memory, stop)
        if stop.is_set():
            yield None
            return
    with translate(BROKEN, DeviceOffline, "port_unusable"):
        port = serial.serial_for_url(
            options.port, do_not_open=True, baudrate=options.baud, timeout=READ_S, write_timeout=WRITE_S
        )
        if not options.port.startswith("socket://"):
            port.exclusive = True
        port.open()
    memory.absent = False
    try:
        _watch(port)
        yield Line(port)
    finally:
        _close(port)


def _wait_for(path: str, memory: Memory, stop: threading.Event) -> None:
    """Tell once that the port is not there; then wait for it, so that it works again as soon as it is."""
    if not os.path.exists(path) and not memory.absent:
        memory.absent = True
        raise DeviceOffline("not_plugged_in", path)
    while not os.path.exists(path) and not stop.wait(LOOK_S):
        pass


def _close(port: serial.Serial) -> None:
    """pyserial leaves the socket of a dead connection open."""
    connection = getattr(port, "_socket", None)
    port.close()
    if isinstance(connection, socket.socket):
        connection.close()


def _watch(port: serial.Serial) -> None:
    """Let the kernel find out that the other end is gone."""
    connection = getattr(port, "_socket", None)
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in KEEPALIVE.items():
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


def moment() -> float:
    """Seconds of a clock that never jumps."""
    return time.monotonic()
