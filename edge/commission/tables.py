"""The device tables as they stand in the configuration file, beside what is known of each terminal."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from edge.control import last_word, snapshot
from edge.guard.register import FILE, Entry
from edge.snapshot import Caller, Snapshot
from edge.whole import read_kept


class Table(NamedTuple):
    """One device as configured. serial: as configured, or as it was last heard. online: the daemon has it."""

    device_id: str
    driver: str
    host: str
    port: int
    serial: str
    model: str
    online: bool

    @property
    def calls(self) -> bool:
        """It calls us: it is known by its serial number, not by an address."""
        return not self.host


class Known(NamedTuple):
    """The devices of one hall, and who called without a table."""

    tables: tuple[Table, ...]
    callers: tuple[Caller, ...]
    running: bool


def known(config: Path, folder: Path) -> Known:
    """What is configured and what is known of it; the file must have been read without complaint."""
    live = snapshot(folder)
    said = live or last_word(folder)
    kept = read_kept(folder / FILE, dict[str, Entry], "serial numbers are known by the status alone") or {}
    document = tomllib.loads(config.read_text(encoding="utf-8-sig")).get("device", {})
    tables = tuple(_table(name, given, said, kept, bool(live)) for name, given in document.items())
    return Known(tables, said.turned_away if live and said else (), bool(live))


def _table(
    device_id: str, given: Mapping[str, Any], said: Snapshot | None, kept: Mapping[str, Entry], live: bool
) -> Table:
    health = next((each for each in said.devices if each.device_id == device_id), None) if said else None
    entry = kept.get(device_id, Entry())
    told = given.get("serial"), health.serial if health else "", entry.identity.serial
    return Table(
        device_id,
        str(given.get("driver", "")),
        str(given.get("host", "")),
        given["port"] if isinstance(given.get("port"), int) else 0,
        next((str(serial) for serial in told if serial), ""),
        (health.model if health else "") or entry.identity.model,
        live and health is not None and health.state in ("online", "degraded"),
    )


def same_serial(tables: tuple[Table, ...], serial: str, calls: bool) -> Table | None:
    """The table that reads this terminal in the same way already; push and pull of one may stand together."""
    return next((each for each in tables if serial and each.serial == serial and each.calls == calls), None)


def encoded(rows: object) -> str:
    """As JSON."""
    return msgspec.json.encode(rows).decode()
