"""Devices that are asked and may also call: each is heard from its own address alone, and then asked at once.

Behind one address may stand several; a call wakes them all, for it costs a look and tells nothing by itself.
"""

from collections.abc import Iterable
from ipaddress import ip_address

from drivers.base import Reply, Request
from drivers.hints import Hinted
from edge.device.runner import Runner

THANKS = Reply(200, b"OK")


class Door:
    """Those of `runners` that may call."""

    def __init__(self, runners: Iterable[Runner]) -> None:
        self._at: dict[object, list[tuple[Runner, Hinted]]] = {}
        self._families: dict[type[Hinted], str] = {}
        for runner in runners:
            made: object = runner.device.driver() if runner.device.driver else None
            if isinstance(made, Hinted):
                self._at.setdefault(ip_address(made.calls_from), []).append((runner, made))
                self._families[type(made)] = runner.device.keys.driver

    def hears(self, request: Request) -> str:
        """The driver whose family the head of a request is of; "" where it is of none."""
        return next((name for family, name in self._families.items() if family.hears(request)), "")

    def home(self, address: object) -> bool:
        """Whether one of them stands there."""
        return address in self._at

    def knocked(self, address: object, request: Request) -> Reply:
        """What came from that address may be news; it is thanked for in any case, or it would come again."""
        for runner, hinted in self._at.get(address, ()):
            if hinted.hears(request) and hinted.news(request.body):
                runner.hint()
        return THANKS
