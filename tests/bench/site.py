"""What the benchmarks share: a hall, its store on disk, and punches as a terminal would tell them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from drivers.base import Fact, Reading
from edge.clock.clock import WallClock
from edge.contract import source
from edge.events import Draft, Origin, Place, normalize
from edge.settings.settings import Device, DeviceKeys
from edge.store import Intake, Store
from tests.sim.zk import Punch

COUNTY, HALL = "410421", "hall-1"
PLACE = Place(COUNTY, HALL, source(COUNTY, HALL))
ZONE = ZoneInfo("Asia/Shanghai")
CLOCK = WallClock(ZONE, "system")
SERIAL = "BENCH00001"
DAY_ONE = datetime.fromisoformat("2024-03-01T08:00:00")
PEOPLE = 300
DEVICES = 3
CONFIG = """
[site]
county = "{county}"
hall = "{hall}"
[store]
folder = "{folder}"
[clock]
trust = "system"
[uplink]
host = "127.0.0.1"
port = {broker}
tls = false
confirm = {confirm}
[web]
port = 0
"""
DEVICE = """
[device.fp-{number}]
driver = "zk"
host = "127.0.0.1"
port = {port}
poll_seconds = 5
"""


def reading(number: int, serial: str = SERIAL) -> Reading:
    """The punch `number` of a terminal, as `drivers.zk` tells it; no two share a second."""
    user, state = str(1 + number * 7 % PEOPLE), number % 2
    time = (DAY_ONE + timedelta(seconds=37 * number)).isoformat()
    facts: dict[str, Fact] = {
        "device_user_id": user,
        "verify_method": "fingerprint",
        "verify_raw": 1,
        "punch_state": ("check_in", "check_out")[state],
    }
    return Reading("attendance.punch", serial, f"{time}|{user}|{state}", time, facts)


def punches(first: int, count: int) -> Iterator[Punch]:
    """The same punches as the simulated terminal loads them."""
    for number in range(first, first + count):
        time = DAY_ONE + timedelta(seconds=37 * number)
        yield Punch(str(1 + number * 7 % PEOPLE), time, number % 2)


def draft(number: int, serial: str = SERIAL) -> Draft:
    """The same, normalized."""
    return normalize(reading(number, serial), Origin("fp-1", "zk", ZONE, 0, True), CLOCK.now())


def intake(number: int, serial: str = SERIAL) -> Intake:
    """One emit with one punch; the cursor moves with it."""
    return Intake(f"device-{serial}", serial, (draft(number, serial),), f"cursor-{number}")


def config(folder: Path, broker: int, ports: Sequence[int], confirm: Sequence[str] = ()) -> str:
    """The configuration of a hall with a terminal on each of the ports."""
    apps = json.dumps(list(confirm))
    head = CONFIG.format(county=COUNTY, hall=HALL, folder=folder, broker=broker, confirm=apps)
    return head + "".join(DEVICE.format(number=number, port=port) for number, port in enumerate(ports, 1))


def device(device_id: str = "fp-1") -> Device:
    """A device as the config would give it; the driver is made by the benchmark."""
    return Device(device_id, DeviceKeys(driver="zk"), None)


def open_store(folder: Path) -> Store:
    """The store in a folder, made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(folder, PLACE, "sha256", CLOCK.now)
    store.open()
    return store


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """The store in a folder, for the length of the block."""
    store = open_store(folder)
    try:
        yield store
    finally:
        store.close()
