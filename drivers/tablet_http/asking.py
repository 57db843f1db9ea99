"""One question to a tablet, under its login; loaded only where one is asked."""

import threading

from drivers.base import DeviceRefused
from drivers.http.client import Client, trouble
from drivers.http.line import Answer, IdleEnded, Line
from drivers.http.options import BODY_MAX
from drivers.tablet_http.options import HttpTabletOptions

MISSING = (404, 405, 501)


class Asking:
    """The connections to one tablet; one thread. `close` at the end."""

    def __init__(self, options: HttpTabletOptions, stop: threading.Event) -> None:
        self._options, http = options, options.http
        self._client: Client | None = None
        self._line: Line | None = None
        self._headers = {options.header: http.password()} if options.auth == "token" else {}
        if options.auth in ("basic", "digest"):
            self._client = Client(http, stop, BODY_MAX)
        else:
            self._line = Line(http.url, options.ca_file if options.https else "", stop, BODY_MAX)

    def page(self, after: str) -> bytes:
        """The answer for what comes after a cursor; DeviceError."""
        path = self._options.asked(after)
        answer = self._client.ask("GET", path) if self._client else self._sent(path)
        if answer.status == 401:
            raise DeviceRefused("login_refused")
        if answer.status in MISSING:
            raise DeviceRefused("path_unknown", f"{path.partition('?')[0]}: {answer.status}")
        if answer.status != 200:
            raise trouble(answer, path)
        return answer.body

    def _sent(self, path: str) -> Answer:
        assert self._line is not None  # noqa: S101 - there is one of both
        try:
            return self._line.send("GET", path, None, self._headers)
        except IdleEnded:
            return self._line.send("GET", path, None, self._headers)

    def close(self) -> None:
        """Let the tablet go; never raises."""
        for each in (self._client, self._line):
            if each:
                each.close()
