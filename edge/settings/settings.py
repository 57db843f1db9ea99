"""The settings of one hall as frozen, validated shapes; `edge/settings/config.py` reads their file.

Defaults here are the defaults of the sample config, which a test loads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from drivers.base import Driver
from edge.contract import Name

_HOURS = r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"
HostName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:-]{1,253}$")]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
OFFICE = "office"
"""Device id of the forms of the supervision office, which no device may have."""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """`[site]`: whose events these are.

    device_networks: where devices may stand beside the private networks, as `59.200.0.0/16`.
    """

    county: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{6}$")]
    hall: Name
    name: str = ""
    zone: str = "Asia/Shanghai"
    device_networks: tuple[str, ...] = ()


class StoreSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[store]`: where everything is kept; the folder also holds `status.json` and `control.sock`."""

    folder: str = "/var/lib/hall-edge"


class Crypto(msgspec.Struct, frozen=True, kw_only=True):
    """`[crypto]`: `intl` = SHA-256, `gm` = SM3; fixed for the life of a database."""

    suite: Literal["intl", "gm"] = "intl"


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """`[clock]`: `kernel` = believe the clock when the kernel says synchronised; `system` = always.

    set_terminals: terminals that are wrong are set, in the `quiet_hours`, when nobody punches.
    """

    trust: Literal["kernel", "system"] = "kernel"
    set_terminals: bool = False
    quiet_hours: Annotated[str, msgspec.Meta(pattern=_HOURS)] = "02:00-05:00"


class UplinkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[uplink]`: the broker and the applications whose receipts retire events."""

    host: str = ""
    port: Port = 8883
    protocol: Literal["5", "3.1.1"] = "5"
    tls: bool = True
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    username: str = ""
    password_file: str = ""
    confirm: tuple[Name, ...] = ()
    keepalive: Annotated[int, msgspec.Meta(ge=5, le=15)] = 10


class DocumentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[documents]`: the folder of roster, window_groups, assignments, evaluation_profile. "" = none."""

    folder: str = ""


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """`[retention]`: days that the payload of confirmed events is kept, by the first word of the kind.

    The law asks 180 days of logs; a yearly review needs more. `edge.*`, `time.*`, `config.*` stay for ever.
    """

    attendance_days: Annotated[int, msgspec.Meta(ge=180, le=1825)] = 400
    device_days: Annotated[int, msgspec.Meta(ge=180, le=1825)] = 400
    evaluation_days: Annotated[int, msgspec.Meta(ge=180, le=1825)] = 180
    guestbook_days: Annotated[int, msgspec.Meta(ge=180, le=1825)] = 180
    complaint_days: Annotated[int, msgspec.Meta(ge=180, le=1825)] = 400
    inspection_days: Annotated[int, msgspec.Meta(ge=180, le=1825)] = 400
    command_days: Annotated[int, msgspec.Meta(ge=180, le=1825)] = 400


class AccountSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[account]`: where the proof of each day is filed as a page and an Excel file, and for how long.

    folder: "" = `accounts` beside the database.
    """

    folder: str = ""
    keep_days: Annotated[int, msgspec.Meta(ge=30, le=3650)] = 400


class WebSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[web]`: the status page; loopback unless a person decides otherwise."""

    host: str = "127.0.0.1"
    port: Port = 8750


class OfficeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[office]`: the pages for people, over HTTPS; "" = none. names: host names beside `host` they type.

    contact_days: so long contact details of citizens are kept; handed_over_days: once they were handed over.
    """

    host: str = ""
    port: Port = 8443
    names: tuple[HostName, ...] = ()
    contact_days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 30
    handed_over_days: Annotated[int, msgspec.Meta(ge=0, le=30)] = 0


class ListenSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[listen]`: where devices that push call: our address in their network. "" = nowhere."""

    host: str = ""
    port: Port = 8081


class DeviceKeys(msgspec.Struct, frozen=True, kw_only=True):
    """`[device.<id>]`: the keys every device has; all others are the driver's options."""

    driver: Name
    name: str = ""
    zone: str = ""
    in_service_from: date | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Device:
    """One device, ready to run; `driver` makes a new one for each life.

    It is None where the device is disabled, or its table is wrong: then `fault` says why.
    """

    device_id: str
    keys: DeviceKeys
    driver: Callable[[], Driver] | None
    fault: str = ""
    calls: bool = False
    """It calls us (`Listener`)."""
    takes_people: bool = False
    """It carries out staff orders."""
    windows: tuple[str, ...] = ()
    """It asks citizens at these to rate (`Evaluator`): no log to account for, no clock but ours."""
    by_code: bool = False
    """People come to it by a code on paper."""

    @property
    def name(self) -> str:
        """What people call it."""
        return self.keys.name or self.device_id


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration."""

    site: Site
    store: StoreSettings
    crypto: Crypto
    clock: Clock
    uplink: UplinkSettings
    retention: Retention
    account: AccountSettings
    web: WebSettings
    office: OfficeSettings
    listen: ListenSettings
    documents: DocumentSettings
    devices: tuple[Device, ...]

    def zone(self, device: Device | None = None) -> ZoneInfo:
        """The time zone of the hall, or of one device."""
        return ZoneInfo((device.keys.zone if device else "") or self.site.zone)
