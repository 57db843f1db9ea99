"""One site per driver for the contract test: the device on the wire, and how to make it misbehave.

A new driver adds its site here; the contract test turns red for a driver that has none.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

from drivers.base import Driver, Listener, Request
from drivers.keypad import Keypad
from drivers.kiosk import Kiosk
from drivers.phone import Phones
from tests.drivers import adms_site
from tests.drivers.dahua_site import driver as dahua_driver
from tests.drivers.hikvision_site import driver as hikvision_driver
from tests.drivers.tablet_site import http_tablet
from tests.drivers.zk_site import driver as zk_driver
from tests.sim import dahua, isapi, keypad, tablet_http
from tests.sim.zk import Faults, Terminal


class Site(Protocol):
    """A device on the wire and the driver for it."""

    bad_options: Mapping[str, Any]

    def driver(self) -> Driver: ...
    def record(self, number: int) -> None:
        """Let the device record its `number`-th fact."""

    def hush(self) -> None:
        """From now on the device takes connections and answers nothing."""

    def drop(self) -> None:
        """Every connection breaks now."""

    def connections(self) -> int: ...


@dataclass
class ZkSite:
    """A ZK terminal over TCP."""

    terminal: Terminal
    bad_options: Mapping[str, Any] = field(
        default_factory=lambda: {
            "host": "",
            "port": 0,
            "transport": "ipx",
            "poll_seconds": 0,
            "encoding": "no-such-code",
            "layout": "41",
        }
    )

    def driver(self) -> Driver:
        return zk_driver(self.terminal, poll_s=0.05)

    def record(self, number: int) -> None:
        self.terminal.punch(str(1000 + number), live=False)

    def hush(self) -> None:
        self.terminal.faults = Faults(silent=True)

    def drop(self) -> None:
        self.terminal.reboot()

    def connections(self) -> int:
        return self.terminal.connections


WEB_OPTIONS = {
    "host": "terminal.local",
    "password_file": "",
    "port": 65536,
    "auth": "none",
    "poll_seconds": 0,
    "username": "a:b",
    "https": True,
}


@dataclass
class WebSite:
    """A terminal that is asked over HTTP."""

    terminal: dahua.Terminal | isapi.Terminal
    bad_options: Mapping[str, Any]

    def driver(self) -> Driver:
        if isinstance(self.terminal, dahua.Terminal):
            return dahua_driver(self.terminal)
        return hikvision_driver(self.terminal)

    def record(self, number: int) -> None:
        self.terminal.http.cut = 0
        self.terminal.punch(str(1000 + number))

    def hush(self) -> None:
        self.terminal.http.silent = True

    def drop(self) -> None:
        self.terminal.http.cut = 1000  # an idle connection that ended is opened anew
        self.terminal.drop()

    def connections(self) -> int:
        return self.terminal.connections


@contextmanager
def _zk() -> Iterator[Site]:
    with Terminal(clients=4) as terminal:
        yield ZkSite(terminal)


class CallingSite(Protocol):
    """A device that calls: its requests, as they reach the driver, and the driver for it."""

    bad_options: Mapping[str, Any]
    good_options: Mapping[str, Any]

    def driver(self) -> Listener: ...
    def fact(self, number: int) -> Request:
        """The request that brings its `number`-th fact."""

    def foreign(self) -> Request:
        """A request of no device of this family."""


@dataclass
class AdmsSite:
    """A ZK terminal that pushes."""

    good_options: Mapping[str, Any] = field(default_factory=lambda: {"serial": adms_site.SERIAL})
    bad_options: Mapping[str, Any] = field(
        default_factory=lambda: {"serial": "a b", "address": "here", "poll_seconds": 0}
    )

    def driver(self) -> Listener:
        return adms_site.driver()

    def fact(self, number: int) -> Request:
        return adms_site.upload(adms_site.records(number, 1))

    def foreign(self) -> Request:
        return replace(adms_site.request("getrequest"), path="/ISAPI/Event/notification")


@dataclass
class KioskSite:
    """A tablet with our page, past the doorman."""

    good_options: Mapping[str, Any] = field(default_factory=lambda: {"window": "A01"})
    bad_options: Mapping[str, Any] = field(default_factory=lambda: {"window": "a b", "timeout_s": 2})

    def driver(self) -> Listener:
        return Kiosk(Kiosk.Options("A01"))

    def fact(self, number: int) -> Request:
        at = datetime(2026, 11, 20, 9, tzinfo=timezone(timedelta(hours=8)))
        said = {
            "id": f"{number:032x}",
            "level": "satisfied",
            "tags": [],
            "at": f"2026-11-20T09:00:{number:02d}",
        }
        body = json.dumps({**said, "sent": said["at"]}).encode()
        return Request("POST", "/k/A01/rate", {}, {}, body, "127.0.0.1", at, part="tablet")

    def foreign(self) -> Request:
        return replace(self.fact(1), path="/iclock/cdata")


@dataclass
class PhoneSite:
    """Phones that came by a code, past the edge's look at it."""

    good_options: Mapping[str, Any] = field(default_factory=lambda: {"windows": ("A01", "A02")})
    bad_options: Mapping[str, Any] = field(
        default_factory=lambda: {"windows": ("A01", "a b"), "url": "http://hall/path", "per_address": 0}
    )

    def driver(self) -> Listener:
        return Phones(Phones.Options(("A01", "A02")))

    def fact(self, number: int) -> Request:
        told = {"session": f"{number:032x}", "at": f"2026-11-20T09:00:{number:02d}"}
        return replace(KioskSite().fact(number), path=f"/q/A01/{'a' * 26}/rate", query=told, part="phone")

    def foreign(self) -> Request:
        return replace(self.fact(1), path="/k/A01/rate")


@contextmanager
def _hikvision() -> Iterator[Site]:
    with isapi.Terminal() as terminal:
        yield WebSite(terminal, {**WEB_OPTIONS, "pass_minors": (8,)})


@contextmanager
def _dahua() -> Iterator[Site]:
    with dahua.Terminal() as terminal:
        yield WebSite(terminal, {**WEB_OPTIONS, "methods": "ipc", "utc_offset_minutes": 900})


@dataclass
class KeypadSite:
    """Keypads behind a converter, which keeps what is pressed while nobody is connected."""

    pads: keypad.Pads
    wire: keypad.Converter
    good_options: Mapping[str, Any] = field(
        default_factory=lambda: {"port": "/dev/ttyS0", **keypad.OPTIONS, "windows": {"01": "A01"}}
    )
    bad_options: Mapping[str, Any] = field(
        default_factory=lambda: {
            "port": "COM1",
            "keys": {},
            "window": "A01",
            "windows": {"zz": "A01"},
            "mode": "morse",
            "baud": 1,
            "key_command": "",
        }
    )

    def driver(self) -> Driver:
        windows = {address: f"A{address}" for address in self.pads.addresses}
        return Keypad(Keypad.Options(self.wire.port, **{**keypad.OPTIONS, "windows": windows}))

    def record(self, number: int) -> None:
        self.pads.press(1 + number % 5, self.pads.addresses[number % len(self.pads.addresses)])

    def hush(self) -> None:
        """A keypad answers nothing in any case."""

    def drop(self) -> None:
        self.wire.unplug()

    def connections(self) -> int:
        return self.wire.connections


@contextmanager
def _keypad() -> Iterator[Site]:
    wire = keypad.Converter()
    with keypad.Pads(("01", "02", "03"), wire=wire) as pads:
        yield KeypadSite(pads, wire)


@dataclass
class HttpTabletSite:
    """A vendor's tablet that is asked over HTTP."""

    tablet: tablet_http.Tablet
    good_options: Mapping[str, Any] = field(
        default_factory=lambda: {"host": "192.0.2.1", "window": "A01", **tablet_http.OPTIONS}
    )
    bad_options: Mapping[str, Any] = field(
        default_factory=lambda: {
            "host": "tablet.local",
            "window": "a b",
            "scheme": "best",
            "levels": {"1": "satisfied"},
            "record": '{"id":"{id}"}',
            "page": '{"rows":"{rows}"}',
            "path": "/api/ratings",
            "auth": "sso",
            "limit": 0,
            "poll_seconds": 0,
        }
    )

    def driver(self) -> Driver:
        return http_tablet(self.tablet)

    def record(self, number: int) -> None:
        self.tablet.http.cut = 0
        self.tablet.rate(1 + number % 5)

    def hush(self) -> None:
        self.tablet.http.silent = True

    def drop(self) -> None:
        self.tablet.http.cut = 1000
        self.tablet.drop()

    def connections(self) -> int:
        return self.tablet.connections


@contextmanager
def _tablet_http() -> Iterator[Site]:
    with tablet_http.Tablet() as tablet:
        yield HttpTabletSite(tablet)


SITES = {
    "dahua": _dahua,
    "hikvision": _hikvision,
    "keypad": _keypad,
    "tablet_http": _tablet_http,
    "zk": _zk,
}
SAYS_ONCE = {"keypad"}
"""Devices that keep nothing, and are silent while nobody is at them: no second look shows the same again."""
CALLERS: dict[str, Callable[[], CallingSite]] = {"adms": AdmsSite, "kiosk": KioskSite, "phone": PhoneSite}
