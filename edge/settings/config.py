"""TOML -> frozen, validated settings. Every complaint names file, line, table, key and the likely meant key.

A device whose table is wrong is left out and shown as `config_error`; anything else wrong stops the start.
Secrets never stand in this file: it names the files that hold them (`password_file`, `comm_key_file`).
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import msgspec

from drivers.base import Driver, Listener
from drivers.evaluation.door import Evaluator
from edge.settings.approved import beside
from edge.settings.complaints import Complaint, ConfigError, plainly, unknown
from edge.settings.families import known_drivers, load_driver
from edge.settings.networks import is_host, is_network, may_be_asked
from edge.settings.settings import (
    OFFICE,
    AccountSettings,
    Clock,
    Crypto,
    Device,
    DeviceKeys,
    DocumentSettings,
    ListenSettings,
    OfficeSettings,
    Retention,
    Settings,
    Site,
    StoreSettings,
    UplinkSettings,
    WebSettings,
)

TABLES: dict[str, type[msgspec.Struct]] = {
    "site": Site,
    "store": StoreSettings,
    "crypto": Crypto,
    "clock": Clock,
    "uplink": UplinkSettings,
    "retention": Retention,
    "account": AccountSettings,
    "web": WebSettings,
    "office": OfficeSettings,
    "listen": ListenSettings,
    "documents": DocumentSettings,
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
        reader.complain("", "device", "每台设备写一个表 / write one table for each device: [device.ID]")
        reader.stop_if_wrong()
    reader.listens = bool(settings.listen.host)
    tables_of_devices = beside(tables_of_devices, Path(settings.store.folder))
    devices = tuple(reader.device(name, table) for name, table in tables_of_devices.items())
    return Settings(**tables, devices=devices)


class _Reader:
    """One file being read: collects complaints and knows the lines."""

    def __init__(self, path: Path) -> None:
        self.file = str(path)
        self.path = path
        self.wrong: list[Complaint] = []
        self.lines: list[str] = []
        self.listens = False
        self.callers: dict[str, str] = {}
        self.networks: tuple[str, ...] = ()

    def parse(self) -> dict[str, Any]:
        try:
            text = self.path.read_text(encoding="utf-8-sig")
            self.lines = text.splitlines()
            return tomllib.loads(text)
        except OSError as error:
            message = f"读不到 / cannot be read: {error.strerror or error}"
            raise ConfigError([Complaint(self.file, 0, "", "", message)]) from error
        except UnicodeDecodeError as error:
            message = f"不是 UTF-8 编码 / not UTF-8: {error.reason}"
            raise ConfigError([Complaint(self.file, 0, "", "", message)]) from error
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            found = re.search(r"at line (\d+)", str(error))
            line = int(found[1]) if found else 0
            key = re.match(r"\s*([\w-]+)\s*=", self.lines[line - 1]) if 0 < line <= len(self.lines) else None
            message = f"不符合 TOML 语法 / not TOML: {error}"
            raise ConfigError([Complaint(self.file, line, "", key[1] if key else "", message)]) from error

    def stop_if_wrong(self) -> None:
        if self.wrong:
            raise ConfigError(self.wrong)

    def complain(self, table: str, key: str, message: str) -> None:
        self.wrong.append(Complaint(self.file, self._line(table, key), table, key, message))

    def unknown(self, table: str, given: dict[str, Any], known: list[str]) -> None:
        for key in given:
            if key not in known:
                if table == "" and isinstance(given[key], dict):
                    self.complain(key, "", unknown(("表", "table"), key, known))
                else:
                    self.complain(table, key, unknown(("键", "key"), key, known))

    def table(self, name: str, kind: type[msgspec.Struct], document: dict[str, Any]) -> Any:  # noqa: ANN401
        given = document.get(name, {})
        if not isinstance(given, dict):
            self.complain("", name, f"必须是一个表，写作 / must be a table: write [{name}]")
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
            message = plainly(message.removeprefix(f"{key}: "), _choices(kind, key))
            shown = key in given and not key.endswith("_file")  # a secret may stand there by mistake
            given_value = f" (此处为 / here: {given[key]!s})" if shown and not message.startswith("'") else ""
            self.complain(table, key, message + given_value)
            return None

    def cross_check(self, settings: Settings) -> None:
        self._zone("site", settings.site.zone)
        self.networks = settings.site.device_networks
        for network in self.networks:
            if not is_network(network):
                told = "不是网段（如 59.200.0.0/16）/ is no network"
                self.complain("site", "device_networks", f"{network!r} {told}")
        if not settings.store.folder.isprintable():
            self.complain("store", "folder", "含有路径中不能有的字符 / has characters that no path may have")
        if not settings.store.folder:
            self.complain("store", "folder", "不能为空 / must not be empty")
        uplink = settings.uplink
        if uplink.cert_file and not uplink.key_file:
            self.complain(
                "uplink", "key_file", "有 cert_file 就要有 key_file / cert_file needs key_file beside it"
            )
        for table, host in (("listen", settings.listen.host), ("office", settings.office.host)):
            if host:
                self._own_address(table, host)
        if not is_host(uplink.host):
            told = "只写主机名或 IP，不带 mqtt:// 和端口 / a host name or IP, without mqtt:// and port"
            self.complain("uplink", "host", f"{told} (此处为 / here: {uplink.host})")
        if len(set(uplink.confirm)) < len(uplink.confirm):
            self.complain("uplink", "confirm", "有重复的应用名 / names an application twice")

    def _own_address(self, table: str, host: str) -> None:
        try:
            ip_address(host)
        except ValueError:
            told = "要写本机在设备网段的 IP 地址 / the IP address of this machine in the devices' network"
            self.complain(table, "host", f"{told} (此处为 / here: {host})")

    def _zone(self, table: str, name: str) -> None:
        try:
            ZoneInfo(name or "UTC")
        except (OSError, ValueError, KeyError):
            self.complain(
                table, "zone", f"没有时区 / unknown time zone {name!r}; 通常为 / usually 'Asia/Shanghai'"
            )

    def device(self, device_id: str, given: object) -> Device:
        """One device; its complaints become its `fault`, so that the other devices run."""
        table = f"device.{device_id}"
        self.wrong = []
        keys = DeviceKeys(driver="none", enabled=False)
        driver: Callable[[], Driver] | None = None
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", device_id):
            self.complain(table, "", "设备编号为 / a device id is 1-64 of A-Z a-z 0-9 _ -")
        elif device_id == OFFICE:
            self.complain(
                table, "", "此编号留给监督投诉室的表单 / this id is kept for the supervision office"
            )
        elif not isinstance(given, dict):
            self.complain("device", device_id, f"必须是一个表，写作 / must be a table: write [{table}]")
        else:
            keys, driver = self._device(table, given, keys)
        fault = "\n".join(map(str, self.wrong))
        made, usable = driver() if isinstance(driver, partial) else None, keys.enabled and not fault
        calls, people = isinstance(made, Listener), made is not None and made.takes_people
        windows = made.windows if isinstance(made, Evaluator) else ()
        by_code = made is not None and made.by_code
        used = driver if usable else None
        return Device(device_id, keys, used, fault, calls, people, windows, by_code)

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
            import difflib  # only a wrong config needs it

            near = difflib.get_close_matches(keys.driver, known_drivers(), 1) or known_drivers()
            self.complain(
                table, "driver", f"没有驱动 / no driver {keys.driver!r}; 有 / there is {', '.join(near)}"
            )
            return keys, None
        except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way; the hall runs on
            self.complain(table, "driver", f"驱动无法加载 / cannot be loaded: {error!r}")
            return keys, None
        options_kind = driver_class.Options
        names = [field.name for field in fields(options_kind)]
        self.unknown(table, given, common + names)
        options = self.convert(table, {k: v for k, v in given.items() if k in names}, options_kind)
        self._address(table, getattr(options, "host", None))
        if options is None:
            return keys, None
        driver = partial(driver_class, options)
        if keys.enabled and issubclass(driver_class, Listener):
            self._caller(table, driver)
        return keys, driver

    def _caller(self, table: str, driver: Callable[[], Driver]) -> None:
        """A device that calls us needs a place to call, and a serial number of its own."""
        if not self.listens:
            told = "这台设备主动上报，请在 [listen] 中写 host / it calls us: give [listen] a host"
            self.complain(table, "driver", told)
        made = driver()
        serial = made.serial if isinstance(made, Listener) else ""
        other = self.callers.setdefault(serial, table)
        if other != table:
            told = f"与 [{other}] 的序列号相同 / the serial number of [{other}] too"
            self.complain(table, "serial", told)

    def _address(self, table: str, host: str | None) -> None:
        """Complain of a device outside the hall's networks; None: it has no address."""
        if host is not None and not may_be_asked(host, self.networks):
            told = "不在内网；确属本厅网络时写入 [site] device_networks / is in no private network"
            also = "if it is yours, add its network to device_networks in [site]"
            self.complain(table, "host", f"'{host}' {told}; {also}")

    def _line(self, table: str, key: str) -> int:
        """Where `key` stands in `[table]` (1-based), else where the table begins, else 0."""
        here, table_line = "", 0
        for number, line in enumerate(self.lines, 1):
            header = re.match(r"\s*\[\s*([^\]]+?)\s*\]", line)
            if header:
                here = header[1].replace('"', "").replace("'", "")
                if here == table or (not table_line and here.startswith(f"{table}.")):
                    table_line = number
            elif here == table and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
                return number
        return table_line


def _choices(kind: type[Any], key: str) -> tuple[str, ...]:
    """What `key` may hold, where its type is a list of words."""
    hint = get_type_hints(kind).get(key)
    return get_args(hint) if get_origin(hint) is Literal else ()
