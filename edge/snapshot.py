"""The shapes of one snapshot of everything: for CLI, page and MQTT state. `edge/status.py` takes it."""

from typing import Literal

import msgspec

from edge.clock.trust import Source
from edge.contract import Problem

DeviceWord = Literal["online", "degraded", "offline", "unknown", "disabled"]


class DeviceHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One device. Times are ISO 8601 with zone; `counts`: its own logs, log_max, users.

    clock_drift: seconds a day that its clock gains; log_days_left: until its log is full. None = not known.
    settings: see `edge/guard/checks.py`; None = it does not let them be read.
    """

    device_id: str
    name: str
    driver: str
    state: DeviceWord
    cause: str
    since: str
    detail: str = ""
    serial: str = ""
    model: str = ""
    firmware: str = ""
    last_contact: str | None = None
    last_data: str | None = None
    complete_until: str | None = None
    clock_offset_ms: int | None = None
    clock_drift: float | None = None
    log_days_left: float | None = None
    counts: dict[str, int] = {}
    settings: dict[str, int | None] = {}
    stored: int = 0
    duplicates: int = 0
    quarantined: int = 0


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody turned away at the device port. device_id: who it claims to be, or ""; driver: its family."""

    serial: str
    address: str
    device_id: str
    first: str
    last: str
    calls: int = 0
    driver: str = ""


class AppHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One application that confirms: up to which number, and when its last receipt came."""

    upto: int
    n: int
    last_receipt: str | None = None


class UplinkHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The way upstream. `unconfirmed`: events not yet retired by every application in `confirm`.

    parked: how many events are set aside; parked_first, parked_why: the first of them. takeovers: how often
    another client took the connection over since the start.
    """

    state: Literal["connected", "offline", "disabled"]
    cause: str
    since: str
    broker: str = ""
    detail: str = ""
    sent_to: int = 0
    unconfirmed: int = 0
    parked: int = 0
    parked_first: int = 0
    parked_why: str = ""
    takeovers: int = 0
    apps: dict[str, AppHealth] = {}


class Line(msgspec.Struct, frozen=True):
    """What is known of the connection to the broker now; `cause` is a word of `edge/causes/`."""

    connected: bool
    cause: str
    detail: str
    since: str


class Storage(msgspec.Struct, frozen=True):
    """How the disk is. cause: a word of `edge/causes/`; days_left: until intake is refused, if known."""

    cause: str
    detail: str
    since: str
    days_left: float | None = None


class StoreHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The local database and the disk it lies on. `set_aside_bytes`: of files put aside."""

    path: str
    epoch: str
    seq_head: int
    head: str
    db_bytes: int
    wal_bytes: int
    disk_free_bytes: int
    quarantined: int
    sqlite_version: str
    set_aside_bytes: int = 0
    cause: str = "ok"
    since: str = ""
    detail: str = ""
    days_left: float | None = None


class StaffPart(msgspec.Struct, frozen=True, kw_only=True):
    """One terminal's share of a staff order. cause: why it is so, of one that waits what keeps it waiting.

    user: the terminal's number of the person; no name is shown. sent: how often. See `edge/staff/orders.py`.
    """

    order: str
    command: str
    user: str
    actor: str
    device_id: str
    state: Literal["waiting", "sent", "done", "failed", "expired"]
    given: str
    since: str
    expires: str
    cause: str
    detail: str = ""
    sent: int = 0


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The whole status at one moment; `problems` is empty when all is well.

    clock_source: who vouches for our clock, see `edge/clock/trust.py`.
    """

    at: str
    started: str
    version: str
    county: str
    hall: str
    hall_name: str
    clock_trusted: bool
    clock_source: Source = ""
    devices: tuple[DeviceHealth, ...]
    uplink: UplinkHealth
    store: StoreHealth
    turned_away: tuple[Caller, ...] = ()
    staff: tuple[StaffPart, ...] = ()
    problems: tuple[Problem, ...] = ()
