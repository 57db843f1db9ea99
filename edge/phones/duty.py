"""What a person orders of the codes: the sheet to print, and a new key, which makes every local one void."""

from collections.abc import Sequence
from functools import partial
from ipaddress import ip_address
from typing import get_args

from edge.clock.clock import WallClock
from edge.commands import Arguments, Commands, Refused
from edge.device.runner import Runner
from edge.documents.hall import Hall
from edge.duty.clocks import audit
from edge.phones.codes import Code, codes
from edge.phones.keys import Keys
from edge.phones.marks import mark
from edge.phones.sheet import Paper, body, page
from edge.settings.settings import ListenSettings
from edge.store import Store

PAPERS: tuple[Paper, ...] = get_args(Paper)


class CodesDuty:
    """Of one hall. runners: of all devices, among which one may be the phones'. name: of the hall."""

    def __init__(
        self, hall: Hall, name: str, keys: Keys, runners: Sequence[Runner], listen: ListenSettings
    ) -> None:
        self._hall, self._name, self._keys, self._listen = hall, name, keys, listen
        made = (each.device.driver() for each in runners if each.device.calls and each.device.driver)
        phones = next((each for each in made if each.by_code), None)
        self._windows: tuple[str, ...] = phones.options.windows if phones else ()
        self._url: str = phones.options.url if phones else ""

    def commands(self, store: Store, clock: WallClock) -> Commands:
        """`qr-sheet`: paper (a4, a5), window, part (the inner part of the page alone). `qr-renew`."""
        return {
            "qr-sheet": partial(self._sheet, clock),
            "qr-renew": partial(self._renew, store, clock),
        }

    def _sheet(self, clock: WallClock, arguments: Arguments) -> str:
        paper = next((each for each in PAPERS if each == arguments.get("paper", "a4")), None)
        if paper is None:
            raise Refused(f"paper: {', '.join(PAPERS)}")
        wanted = arguments.get("window", "")
        found = [each for each in self._codes(clock.text()) if wanted in ("", each.window)]
        if not found and not arguments.get("part"):
            told = "没有可打印的二维码：在评价方案中写省级网址或图片，或配置 driver = phone"
            also = (
                "no code: name the province's addresses or pictures in the evaluation profile, or configure"
            )
            raise Refused(f"{told} / {also} driver = phone")
        return (body if arguments.get("part") else page)(self._name, found, paper)

    def _codes(self, now: str) -> list[Code]:
        try:
            key = self._keys.have(now) if self._windows else b""
        except OSError as error:
            raise Refused(f"无法保存 / cannot be kept: {error}") from error
        base = self._base() if self._windows else ""

        def url(window: str) -> str:
            return f"{base}/q/{window}/{mark(key, window)}/"

        return codes(self._hall.documents.held, self._windows, url, self._hall.picture)

    def _base(self) -> str:
        """What phones reach us by."""
        if self._url:
            return self._url
        host = ip_address(self._listen.host)
        if host.is_unspecified:
            told = "本机有多个地址：在 driver = phone 的表中写 url"
            raise Refused(f"{told} / name the address that phones reach: url in the table of driver = phone")
        return f"http://{f'[{host}]' if host.version == 6 else host}:{self._listen.port}"

    def _renew(self, store: Store, clock: WallClock, arguments: Arguments) -> str:
        """Every printed local code is void from now on."""
        try:
            self._keys.renew(clock.text())
        except OSError as error:
            raise Refused(f"写不下来，未执行 / it cannot be written down: {error}") from error
        audit(store, clock, arguments.get("actor", "?"), "codes.renew", ",".join(self._windows), "done", "")
        return "已打印的本厅二维码全部作废，请重新打印 / every printed local code is void: print them anew"
