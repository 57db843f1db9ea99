"""A small hall for tests of the store: its place, a clock that stands still, intakes made of numbers."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from drivers.base import Reading
from edge.events import Origin, Place, normalize
from edge.payloads import HashAlg
from edge.store import Intake, Store

ZONE = ZoneInfo("Asia/Shanghai")
PLACE = Place("410421", "hall-1", "/zwdt/410421/hall-1")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=ZONE)
SERIAL = "SN1"


def open_store(folder: Path, hash_alg: HashAlg = "sha256", confirm: tuple[str, ...] = ()) -> Store:
    store = Store(folder, PLACE, hash_alg, lambda: NOW, confirm=confirm)
    store.open()
    return store


def punch(number: int, serial: str = SERIAL, copies: int = 1, day: str = "2026-11-20") -> Reading:
    """The `number`-th punch of a day, a second apart."""
    time = f"{day}T{8 + number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}"
    facts = {"device_user_id": "7", "verify_method": "face", "punch_state": "check_in", "verify_raw": 15}
    return Reading("attendance.punch", serial, f"{time}|7|0", time, facts, copies)


def intake(*numbers: int, device: str = "fp-1", serial: str = SERIAL, **rest: object) -> Intake:
    origin = Origin(device, "zk", ZONE, 0, True)
    drafts = tuple(normalize(punch(number, serial), origin, NOW) for number in numbers)
    return Intake(device, serial, drafts, str(rest.pop("cursor", max(numbers, default=0))), **rest)  # type: ignore[arg-type]
