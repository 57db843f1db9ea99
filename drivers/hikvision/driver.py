"""A Hikvision terminal, asked over HTTP in the rounds of `drivers/http`; what it pushes is a hint."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from drivers.base import Link, Request
from drivers.hikvision.beside import Beside
from drivers.hikvision.options import HikvisionOptions
from drivers.hikvision.push import news
from drivers.hints import Hinted
from drivers.http.rounds import Device, HttpPoller, Identity, Log

if TYPE_CHECKING:
    from drivers.http.client import Client


CALLS = "/hikvision"
"""The path to set in the terminal's menu (httpHosts), and whatever follows it."""


class Hikvision(HttpPoller, Hinted):
    """One terminal."""

    Options: ClassVar[type[HikvisionOptions]] = HikvisionOptions
    takes_people = True

    def __init__(self, options: HikvisionOptions) -> None:
        super().__init__(options)
        self._minors = frozenset(options.pass_minors)
        self._beside: Beside | None = None

    def ask(self, client: "Client") -> Device:
        """See `HttpPoller`."""
        from drivers.hikvision.isapi import Isapi

        return Isapi(client)

    def log(self, device: Device, link: Link, who: Identity, look: Callable[[], object]) -> Log:
        """See `HttpPoller`."""
        from drivers.hikvision.isapi import Isapi
        from drivers.hikvision.reader import Reader

        assert isinstance(device, Isapi)  # noqa: S101 - what `ask` made
        self._beside = Beside(device, link, who.serial)
        return Reader(device, link, who.serial, self._minors, look)

    def beside(self, counts: Mapping[str, int], clock: str | None) -> Mapping[str, int | None]:
        """See `HttpPoller`."""
        if self._beside is None:
            return {}
        self._beside.look(counts.get("users"), clock)
        return self._beside.settings

    @property
    def calls_from(self) -> str:
        """See `Hinted`."""
        return self._options.host

    @staticmethod
    def hears(request: Request) -> bool:
        """See `Hinted`."""
        return request.method in ("POST", "PUT") and request.path.lower().startswith(CALLS)

    @staticmethod
    def news(body: bytes) -> bool:
        """See `Hinted`."""
        return news(body)
