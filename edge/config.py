"""TOML -> frozen, validated settings. Every complaint names file, line, table, key and the likely meant key.

A device whose table is wrong is left out and shown as `config_error`; anything else wrong stops the start.
Secrets never stand in this file: it names the files that hold them (`password_file`, `comm_key_file`).
"""

import difflib
import importlib
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from drivers.base import Driver
from edge.settings import (
    Clock,
    Crypto,
    Device,
    DeviceKeys,
    Retention,
    Settings,
    Site,
    StoreSettings,
    UplinkSettings,
    WebSettings,
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong: `file:line [table] key: message`."""

    file: str
    line: int
    table: str
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return " ".join(part for part in (place, f"[{self.table}]", self.key) if part) + f": {self.message}"


class ConfigError(Exception):
    """The configuration cannot be used; `complaints` say why."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__("\n".join(map(str, complaints)))
        self.complaints = complaints


TABLES: dict[str, type[msgspec.Struct]] = {
    "site": Site,
    "store": StoreSettings,
    "crypto": Crypto,
    "clock": Clock,
    "uplink": UplinkSettings,
    "retention": Retention,
    "web": WebSettings,
}


def load(path: Path) -> Settings:
    """Read and validate the file, or raise ConfigError with everything that is wrong in it."""
    reader = _Reader(path)
    document = reader.parse()
    reader.unknown("", document, [*TABLES, "device"])
    tables: dict[str, Any] = {name: reader.table(name, kind, document) for name, kind in TABLES.items()}
    reader.stop_if_wrong()
    settings = Settings(**tables, devices=())
    reader.cross_check(settings)
    reader.stop_if_wrong()
    tables_of_devices = document.get("device", {})
    if not isinstance(tables_of_devices, dict):
        reader.complain("", "device", "write one table for each device: [device.ID]")
        reader.stop_if_wrong()
    devices = tuple(reader.device(name, table) for name, table in tables_of_devices.items())
    return Settings(**tables, devices=devices)


def load_driver(name: str) -> type[Driver]:
    """The driver class of `drivers/<name>` or of an entry point of group `hall_edge.drivers`."""
    from importlib.metadata import entry_points

    for point in entry_points(group="hall_edge.drivers", name=name):
        return _driver_class(point.value)
    return _driver_class(f"drivers.{name}")


def known_drivers() -> list[str]:
    """The names a `driver =` key may hold."""
    from importlib.metadata import entry_points

    return sorted({point.name for point in entry_points(group="hall_edge.drivers")})


def _driver_class(module: str) -> type[Driver]:
    found: type[Driver] = importlib.import_module(module).DRIVER
    return found


class _Reader:
    """One file being read: collects complaints and knows the lines."""

    def __init__(self, path: Path) -> None:
        self.file = str(path)
        self.path = path
        self.wrong: list[Complaint] = []
        self.lines: list[str] = []

    def parse(self) -> dict[str, Any]:
        try:
            text = self.path.read_text(encoding="utf-8-sig")
            self.lines = text.splitlines()
            return tomllib.loads(text)
        except OSError as error:
            raise ConfigError([Complaint(self.file, 0, "", "", error.strerror or str(error))]) from error
        except UnicodeDecodeError as error:
            raise ConfigError([Complaint(self.file, 0, "", "", f"not UTF-8: {error.reason}")]) from error
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            found = re.search(r"at line (\d+)", str(error))
            raise ConfigError(
                [Complaint(self.file, int(found[1]) if found else 0, "", "", f"not TOML: {error}")]
            ) from error

    def stop_if_wrong(self) -> None:
        if self.wrong:
            raise ConfigError(self.wrong)

    def complain(self, table: str, key: str, message: str) -> None:
        self.wrong.append(Complaint(self.file, self._line(table, key), table, key, message))

    def unknown(self, table: str, given: dict[str, Any], known: list[str]) -> None:
        for key in given:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(sorted(known))}"
                if table == "" and isinstance(given[key], dict):
                    self.complain(key, "", f"unknown table{hint}")
                else:
                    self.complain(table, key, f"unknown key{hint}")

    def table(self, name: str, kind: type[msgspec.Struct], document: dict[str, Any]) -> Any:  # noqa: ANN401
        given = document.get(name, {})
        if not isinstance(given, dict):
            self.complain("", name, f"must be a table: write [{name}]")
            return None
        self.unknown(name, given, [field.name for field in msgspec.structs.fields(kind)])
        return self.convert(name, given, kind)

    def convert(self, table: str, given: dict[str, Any], kind: type[Any]) -> Any:  # noqa: ANN401
        try:
            return msgspec.convert(given, kind)
        except msgspec.ValidationError as error:
            message, _, at = str(error).partition(" - at `$")
            missing = re.search(r"required field `(\w+)`", message)
            key = missing[1] if missing else at.strip("`.").split(".")[0].split("[")[0]
            found = re.match(r"(\w+)[: ]", message)
            known = [field.name for field in fields(kind)] if is_dataclass(kind) else []
            if not key and found and found[1] in known:
                key = found[1]
            shown = key in given and not key.endswith("_file")  # a secret may stand there by mistake
            given_value = f" (here: {given[key]!r})" if shown else ""
            self.complain(table, key, message + given_value)
            return None

    def cross_check(self, settings: Settings) -> None:
        self._zone("site", settings.site.zone)
        if not settings.store.folder.isprintable():
            self.complain("store", "folder", "has characters that no path may have")
        if settings.uplink.cert_file and not settings.uplink.key_file:
            self.complain("uplink", "key_file", "cert_file needs key_file beside it")

    def _zone(self, table: str, name: str) -> None:
        try:
            ZoneInfo(name or "UTC")
        except (OSError, ValueError, KeyError):
            self.complain(table, "zone", f"unknown time zone {name!r}; usually 'Asia/Shanghai'")

    def device(self, device_id: str, given: object) -> Device:
        """One device; its complaints become its `fault`, so that the other devices run."""
        table = f"device.{device_id}"
        self.wrong = []
        keys = DeviceKeys(driver="none", enabled=False)
        driver: Callable[[], Driver] | None = None
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", device_id):
            self.complain(table, "", "a device id is 1-64 of A-Z a-z 0-9 _ -")
        elif not isinstance(given, dict):
            self.complain("device", device_id, f"must be a table: write [{table}]")
        else:
            keys, driver = self._device(table, given, keys)
        fault = "\n".join(map(str, self.wrong))
        return Device(device_id, keys, driver if keys.enabled and not fault else None, fault)

    def _device(
        self, table: str, given: dict[str, Any], fallback: DeviceKeys
    ) -> tuple[DeviceKeys, Callable[[], Driver] | None]:
        common = [field.name for field in msgspec.structs.fields(DeviceKeys)]
        keys = self.convert(table, {k: v for k, v in given.items() if k in common}, DeviceKeys)
        if keys is None:
            return fallback, None
        self._zone(table, keys.zone)
        try:
            driver_class = load_driver(keys.driver)
        except (ImportError, AttributeError):
            near = difflib.get_close_matches(keys.driver, known_drivers(), 1) or known_drivers()
            self.complain(table, "driver", f"no driver {keys.driver!r}; there is {', '.join(near)}")
            return keys, None
        options_kind = driver_class.Options
        names = [field.name for field in fields(options_kind)]
        self.unknown(table, given, common + names)
        options = self.convert(table, {k: v for k, v in given.items() if k in names}, options_kind)
        return keys, None if options is None else partial(driver_class, options)

    def _line(self, table: str, key: str) -> int:
        """Where `key` stands in `[table]` (1-based), else where the table begins, else 0."""
        here, table_line = "", 0
        for number, line in enumerate(self.lines, 1):
            header = re.match(r"\s*\[\s*([^\]]+?)\s*\]", line)
            if header:
                here = header[1].replace('"', "").replace("'", "")
                table_line = number if here == table else table_line
            elif here == table and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
                return number
        return table_line
