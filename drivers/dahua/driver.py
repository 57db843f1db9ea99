"""A Dahua terminal, asked over HTTP; the rounds are `drivers/http/rounds.py`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from drivers.base import Link
from drivers.dahua.options import DahuaOptions
from drivers.dahua.records import METHODS
from drivers.http.rounds import Device, HttpPoller, Identity, Log

if TYPE_CHECKING:
    from drivers.http.client import Client


class Dahua(HttpPoller):
    """One terminal."""

    Options: ClassVar[type[DahuaOptions]] = DahuaOptions
    takes_people = True
    body_max: ClassVar[int] = 8 << 20
    """A firmware that cannot be asked by time hands out everything at once."""

    def __init__(self, options: DahuaOptions) -> None:
        super().__init__(options)
        self._methods, self._shift_s = options.methods, options.shift_s
        self._checked = options.utc_offset_minutes is None

    def ask(self, client: "Client") -> Device:
        """See `HttpPoller`."""
        from drivers.dahua.cgi import Cgi

        return Cgi(client, self._shift_s)

    def log(self, device: Device, link: Link, who: Identity, look: Callable[[], object]) -> Log:
        """See `HttpPoller`."""
        from drivers.dahua.cgi import Cgi
        from drivers.dahua.reader import Reader

        assert isinstance(device, Cgi)  # noqa: S101 - what `ask` made
        family = "vto" if who.model.upper().startswith("VTO") else "asi"
        methods = METHODS[family if self._methods == "auto" else self._methods]
        return Reader(device, link, who.serial, methods, look, self._checked)
