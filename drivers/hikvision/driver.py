"""A Hikvision terminal, asked over HTTP; the rounds are `drivers/http/rounds.py`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from drivers.base import Link
from drivers.hikvision.options import HikvisionOptions
from drivers.http.rounds import Device, HttpPoller, Identity, Log

if TYPE_CHECKING:
    from drivers.http.client import Client


class Hikvision(HttpPoller):
    """One terminal."""

    Options: ClassVar[type[HikvisionOptions]] = HikvisionOptions
    takes_people = True

    def __init__(self, options: HikvisionOptions) -> None:
        super().__init__(options)
        self._minors = frozenset(options.pass_minors)

    def ask(self, client: "Client") -> Device:
        """See `HttpPoller`."""
        from drivers.hikvision.isapi import Isapi

        return Isapi(client)

    def log(self, device: Device, link: Link, who: Identity, look: Callable[[], object]) -> Log:
        """See `HttpPoller`."""
        from drivers.hikvision.isapi import Isapi
        from drivers.hikvision.reader import Reader

        assert isinstance(device, Isapi)  # noqa: S101 - what `ask` made
        return Reader(device, link, who.serial, self._minors, look)
