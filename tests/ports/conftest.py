"""A device port on loopback over a real store, with two terminals configured, in this process."""

import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from drivers.adms import Adms
from edge.clock.clock import WallClock
from edge.device.receiver import Receiver
from edge.ports import DevicePort
from edge.settings.settings import Device, DeviceKeys, ListenSettings
from edge.store import FILE, Store
from tests.broker import free_port
from tests.sim.adms.calls import Answer, call
from tests.store.halls import ZONE, open_store

SERIALS = ("SN1", "SN2")


class Clock(WallClock):
    """A clock that is believed as the test says."""

    believed = True

    def trusted(self) -> bool:
        return self.believed


@dataclass
class Door:
    port: DevicePort
    store: Store
    receivers: list[Receiver]
    clock: Clock
    folder: Path

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port.port)

    def stored(self) -> int:
        reader = self.store.reader()
        try:
            return reader.count("attendance.punch")
        finally:
            reader.close()

    def call(self, target: str, body: bytes | None = None, **rest: object) -> Answer:
        return call(self.address, target, body, **rest)  # type: ignore[arg-type]

    def say(self, data: bytes, wait_s: float = 15) -> bytes:
        """Bytes as they are; what comes back until the port closes."""
        with socket.create_connection(self.address, wait_s) as line:
            line.sendall(data)
            got = b""
            try:
                while piece := line.recv(65536):
                    got += piece
            except ConnectionResetError:
                pass
            return got

    def calm(self) -> bool:
        """Nobody is inside."""
        return not self.port._visits and self.port._held == 0


def open_door(folder: Path, store: Store, **options: object) -> Door:
    clock = Clock(ZONE, "system")
    receivers = [
        Receiver(
            Device(
                f"t{number}",
                DeviceKeys(driver="adms"),
                partial(Adms, Adms.Options(serial, **options)),
                "",
                True,
            ),  # type: ignore[arg-type]
            store,
            clock,
        )
        for number, serial in enumerate(SERIALS, 1)
    ]
    for receiver in receivers:
        receiver.start()
    settings = ListenSettings(host="127.0.0.1", port=free_port())
    port = DevicePort(receivers, clock, settings, folder)
    port.start()
    return Door(port, store, receivers, clock, folder)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that holds nothing, made once."""
    folder = tmp_path_factory.mktemp("empty")
    open_store(folder).close()
    return folder / FILE


@pytest.fixture
def store(tmp_path: Path, empty: Path) -> Iterator[Store]:
    shutil.copy(empty, tmp_path)
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def door(tmp_path: Path, store: Store) -> Iterator[Door]:
    made = open_door(tmp_path, store)
    yield made
    made.port.stop()
