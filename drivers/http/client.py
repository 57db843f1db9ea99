"""A conversation with a device's web interface: login, and the errors of a status.

A login is tried once for each question, once more with the new nonce where the device calls the old one
stale: most devices lock a user out after a few wrong ones, so what is refused is asked again rarely.
"""

import re
import threading
from base64 import b64encode
from secrets import token_hex
from urllib.parse import quote

from drivers.base import DeviceError, DeviceOffline, DeviceRefused
from drivers.http.digest import Challenge, Login
from drivers.http.line import Answer, IdleEnded, Line
from drivers.http.options import BODY_MAX, HttpOptions
from drivers.http.taping import Taping
from drivers.tape import Tape

REFUSALS = {403: "no_permission", 404: "not_supported", 405: "not_supported", 501: "not_supported"}
LOGINS_MAX = 2
LOCKED = re.compile(rb'<lockStatus>\s*lock\s*<|"lockStatus"\s*:\s*"lock"')
"""How a terminal says in a 401 that it takes no login for a while."""


class Client:
    """One device; one thread. `close` at the end. `stop` ends every wait."""

    def __init__(
        self,
        options: HttpOptions,
        stop: threading.Event,
        body_max: int = BODY_MAX,
        tape: Tape | None = None,
    ) -> None:
        self._taping = Taping(tape) if tape else None
        self._login = Login(options.username, options.password())
        self._basic = options.auth == "basic"
        self._line = Line(options.url, options.ca_file if options.https else "", stop, body_max)
        self._challenge: Challenge | None = None
        self._count = 0

    @property
    def opened(self) -> int:
        """How many connections were made: behind a new one there may be another device."""
        return self._line.opened

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> Answer:
        """What the device answers, whatever its status but 401; kind: content type of `body`."""
        uri = quote(path, safe="/?&=%:,-_.~")
        for tried in range(LOGINS_MAX + 1):
            answer = self._send(method, uri, body, kind)
            if answer.status != 401:
                return answer
            if not self._may_try(answer, bool(tried)):
                break
        self._challenge = None
        raise _refused(answer)

    def want(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> bytes:
        """The body of a good answer; DeviceError for any other."""
        answer = self.ask(method, path, body, kind)
        if answer.status != 200:
            raise trouble(answer, path)
        return answer.body

    def close(self) -> None:
        """Let the device go; never raises."""
        self._line.close()

    def _send(self, method: str, uri: str, body: bytes | None, kind: str) -> Answer:
        headers = {"Content-Type": kind} if kind else {}
        try:
            return self._sent(method, uri, body, headers | self._authorization(method, uri))
        except IdleEnded:
            return self._sent(method, uri, body, headers | self._authorization(method, uri))

    def _sent(self, method: str, uri: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        if self._taping:
            self._taping.asked(method, uri, body, headers.get("Authorization", ""))
        answer = self._line.send(method, uri, body, headers)
        if self._taping:
            self._taping.answered(answer)
        return answer

    def _may_try(self, answer: Answer, tried: bool) -> bool:
        """Take the nonce of a 401; False where another login would only be one more wrong one.

        tried: this question was already asked with a nonce made for it.
        """
        if self._basic or LOCKED.search(answer.body):
            return False
        self._challenge, self._count = Challenge.parse(answer.challenge), 0
        if self._challenge is None and re.match("basic", answer.challenge, re.IGNORECASE):
            raise DeviceRefused("basic_only", "the device asks for basic authentication alone")
        return self._challenge is not None and (not tried or self._challenge.stale)

    def _authorization(self, method: str, uri: str) -> dict[str, str]:
        if self._basic:
            return {"Authorization": "Basic " + b64encode(":".join(self._login).encode()).decode()}
        if self._challenge is None:
            return {}
        self._count += 1
        return {"Authorization": self._challenge.answer(self._login, method, uri, self._count, token_hex(8))}


def trouble(answer: Answer, path: str) -> DeviceError:
    """What an answer that is not good means."""
    detail = f"{path.partition('?')[0]}: {answer.status}"
    if 300 <= answer.status < 400:
        return DeviceRefused("redirected", detail)
    if cause := REFUSALS.get(answer.status):
        return DeviceRefused(cause, detail)
    return DeviceOffline("answer_unreadable", detail)


def _refused(answer: Answer) -> DeviceRefused:
    if LOCKED.search(answer.body):
        return DeviceRefused("login_locked")
    return DeviceRefused("login_refused")
