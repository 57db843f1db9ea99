"""One request over requests' connections, and what a hostile device cannot do with it.

No redirect is followed, no proxy, netrc or cookie used, nothing unpacked; a body has a limit. Time is up
after `CALL_S` in all, however slowly the bytes drip, and as soon as `stop` is set: then the socket is cut
from outside. The only importer of requests, loaded only where a device is asked.
"""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPException
from time import monotonic
from typing import Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectTimeout, ReadTimeout, SSLError
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError, ReadTimeoutError

from drivers.base import DeviceError, DeviceOffline, DeviceRefused

CONNECT_S = 2.0
"""So that a stop is obeyed in time: nothing can be cut before there is a connection."""
CALL_S = 5.0
LOOK_S = 0.2
HEADERS = {"Accept-Encoding": "identity", "Accept": "*/*", "User-Agent": "hall-edge"}
Opened = Callable[[socket.socket], None]


class Answer(NamedTuple):
    """What a device answered. challenge: its `WWW-Authenticate`; server: what it calls itself."""

    status: int
    body: bytes
    challenge: str = ""
    server: str = ""


class Stopped(Exception):
    """Our side wants the driver to leave."""


class IdleEnded(DeviceOffline):
    """The device had ended a connection that was kept; the same may be asked over another one."""


class Line:
    """The connections to one device; one thread. `opened` counts them."""

    def __init__(self, url: str, ca_file: str, stop: threading.Event, body_max: int) -> None:
        self._url, self._stop, self._body_max = url, stop, body_max
        self._verify: bool | str = ca_file or True
        self._adapter = _Adapter(self._open)
        self._twin: socket.socket | None = None
        self.opened = 0

    def send(self, method: str, uri: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """One request and its answer; IdleEnded where it met a connection that had ended meanwhile."""
        request = requests.Request(method, self._url + uri, {**HEADERS, **headers}, data=body).prepare()
        before = self.opened
        with self._bounded():
            try:
                response = self._sent(request)
            except DeviceOffline as error:
                if self.opened == before and error.cause == "connection_lost":
                    raise IdleEnded(error.cause, error.detail) from error
                raise
            with response, _translated():
                content = _content(response.raw, self._body_max)
                told = response.headers
                challenge, server = told.get("WWW-Authenticate", ""), told.get("Server", "")
                return Answer(response.status_code, content, challenge, server)

    def close(self) -> None:
        """Let the connections go; never raises."""
        with suppress(Exception):
            self._adapter.close()
        self._drop_twin()

    def _sent(self, request: requests.PreparedRequest) -> requests.Response:
        """The answer as far as its head; the adapter alone, since a session would follow and remember."""
        timeout = (CONNECT_S, CALL_S)
        with _translated():
            return self._adapter.send(request, stream=True, timeout=timeout, verify=self._verify)

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """Cut the line off when time is up or we are to leave; tells which of both it was."""
        done, late, ends = threading.Event(), threading.Event(), monotonic() + CALL_S

        def watch() -> None:
            while not done.wait(LOOK_S):
                if self._stop.is_set() or monotonic() > ends:
                    late.set()
                    self._cut()

        watcher = threading.Thread(target=watch, name="device deadline", daemon=True)
        watcher.start()
        try:
            yield
        except DeviceError as error:
            if self._stop.is_set():
                raise Stopped from error
            if late.is_set():
                raise DeviceOffline("no_answer", f"no whole answer within {CALL_S:.0f} s") from error
            raise
        finally:
            done.set()
            watcher.join()

    def _open(self, sock: socket.socket) -> None:
        self._drop_twin()
        self._twin = sock.dup()
        self.opened += 1

    def _cut(self) -> None:
        if twin := self._twin:
            with suppress(OSError):
                twin.shutdown(socket.SHUT_RDWR)

    def _drop_twin(self) -> None:
        twin, self._twin = self._twin, None
        if twin:
            twin.close()


class _Adapter(HTTPAdapter):
    """One connection at a time, never tried again by itself; says when it opens one."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - requests' own signature
        """See requests; the connections are ours."""
        super().init_poolmanager(*args, **kwargs)
        opened = self._opened

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                sock = super()._new_conn()
                opened(sock)
                return sock

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                sock = super()._new_conn()
                opened(sock)
                return sock

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SSLError as error:
        raise DeviceRefused("certificate_untrusted", str(error)) from error
    except ConnectTimeout as error:
        raise DeviceOffline("no_answer", f"no connection within {CONNECT_S:.0f} s") from error
    except (ReadTimeout, ReadTimeoutError) as error:
        raise DeviceOffline("no_answer", f"nothing within {CALL_S:.0f} s") from error
    except LocationParseError as error:
        raise DeviceOffline("answer_unreadable", str(error)) from error
    except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
        if "BadStatusLine" in repr(error):
            raise DeviceRefused("foreign_device", _short(error)) from error
        refused = "refused" in str(error) or "unreachable" in str(error)
        raise DeviceOffline("no_answer" if refused else "connection_lost", _short(error)) from error


def _content(raw: Any, most: int) -> bytes:  # noqa: ANN401 - urllib3's response
    """The whole body; one that is cut short or does not end is an error."""
    content = bytearray()
    while block := raw.read(65_536, decode_content=False):
        content += block
        if len(content) > most:
            raise DeviceOffline("answer_unreadable", f"an answer of more than {most} bytes")
    return bytes(content)


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
