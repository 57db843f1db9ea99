"""The server and its routes over real sockets: limits, headers, refusals, start and stop."""

import http.client
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from edge.snapshot import Snapshot
from edge.web import WebServer, create_app
from edge.web import app as web_app
from edge.web.view import Page
from tests.hall import until
from tests.web.conftest import Hall
from tests.web.halls import TROUBLE, WELL

LOOPBACK = "127.0.0.1"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server for the tests that change nothing."""
    server = WebServer(create_app(lambda: WELL), LOOPBACK, 0, None)
    server.start()
    yield server.port
    server.stop()


def ask(
    port: int, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=30)) as connection:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer, answer.read()


@contextmanager
def listening(port: int, query: str = "") -> Iterator[http.client.HTTPResponse]:
    with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=20)) as connection:
        connection.request("GET", f"/events{query}")
        with connection.getresponse() as answer:
            yield answer


def next_page(stream: http.client.HTTPResponse) -> Page:
    while not (line := stream.readline()).startswith(b"data: "):
        assert line, "the stream ended"
    return msgspec.json.decode(line[6:], type=Page)


def test_page_holds_the_data_without_javascript(hall: Hall) -> None:
    hall.now = TROUBLE
    port = hall.serve().port
    answer, body = ask(port, "/")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for words in ("结论: 3 个问题", "大门指纹机 (1F)", "设备没有应答", "07:46:10", "检查电源", "1,204"):
        assert words in body.decode()
    assert "the device does not answer" in ask(port, "/?lang=en")[1].decode()
    assert "3 problem" in ask(port, "/", headers={"accept-language": "en-GB,zh;q=0.5"})[1].decode()


def test_api_status_is_the_snapshot(port: int) -> None:
    answer, body = ask(port, "/api/status")
    assert answer.headers["content-type"] == "application/json"
    assert msgspec.json.decode(body, type=Snapshot) == WELL


@pytest.mark.parametrize("path", ["/", "/api/status", "/static/status.js", "/nowhere", "/static/../app.py"])
def test_every_answer_carries_the_security_headers(port: int, path: str) -> None:
    answer, _ = ask(port, path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["server"] is None
    assert answer.headers["access-control-allow-origin"] is None


@pytest.mark.parametrize("path", ["/", "/api/status", "/events", "/static/status.js"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE", "OPTIONS", "PATCH"])
def test_nothing_but_get_and_head(port: int, path: str, method: str) -> None:
    assert ask(port, path, method)[0].status == 405
    head, body = ask(port, path, "HEAD")
    assert (head.status, body) == (200, b"")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8080", 200),
        ("127.0.0.1:1", 200),
        ("127.0.0.2", 200),
        ("[::1]:80", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("192.168.1.5", 421),
        ("[", 421),
        ("", 421),
        ("a@localhost:b@c", 421),
    ],
)
def test_a_rebound_name_is_refused(port: int, host: str, status: int) -> None:
    assert ask(port, "/api/status", headers={"host": host})[0].status == status


def test_the_address_that_was_called_may_be_named() -> None:
    assert web_app.names_us("192.168.1.5:8750", ("192.168.1.5", 8750))
    assert not web_app.names_us("192.168.1.6:8750", ("192.168.1.5", 8750))
    assert not web_app.names_us("hall.example", ("/run/control.sock", None))


def test_another_sites_page_gets_nothing_but_may_link_here(port: int) -> None:
    foreign = {"sec-fetch-site": "cross-site"}
    assert ask(port, "/events", headers={**foreign, "sec-fetch-mode": "cors"})[0].status == 403
    assert ask(port, "/", headers={**foreign, "sec-fetch-mode": "navigate"})[0].status == 200


@pytest.mark.parametrize(
    "path",
    ["/static/", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/.git/config"],
)
def test_only_the_static_files_are_served(port: int, path: str) -> None:
    assert ask(port, path)[0].status == 404


def test_an_error_tells_nothing_of_the_inside(caplog: pytest.LogCaptureFixture) -> None:
    def take() -> Snapshot:
        raise RuntimeError("a secret path")

    server = WebServer(create_app(take), LOOPBACK, 0, None)
    server.start()
    try:
        answer, body = ask(server.port, "/")
    finally:
        server.stop()
    assert (answer.status, body) == (500, b"internal error")
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "a secret path" in caplog.text


def test_stream_sends_at_once_and_on_change(hall: Hall) -> None:
    with listening(hall.serve().port, "?lang=en") as stream:
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert next_page(stream).headline == "All is well"
        hall.now = msgspec.structs.replace(WELL, at="2025-11-22T08:12:06+08:00")
        time.sleep(0.5)
        hall.now = msgspec.structs.replace(TROUBLE, at="2025-11-22T08:12:07+08:00")
        # the snapshot in between differed in its time alone: it is not news
        assert next_page(stream).at == "08:12:07"


def test_stream_has_a_heartbeat(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_app, "HEARTBEAT_S", 0.0)
    with listening(hall.serve().port) as stream:
        assert next_page(stream) == next_page(stream)


def test_one_snapshot_a_second_however_many_ask() -> None:
    taken: list[float] = []

    def take() -> Snapshot:
        taken.append(time.monotonic())
        return WELL

    server = WebServer(create_app(take), LOOPBACK, 0, None)
    server.start()
    try:
        with ThreadPoolExecutor(8) as pool, listening(server.port) as one, listening(server.port) as other:
            list(pool.map(lambda _: ask(server.port, "/api/status"), range(40)))
            next_page(one)
            next_page(other)
            assert until(lambda: len(taken) >= 3, 30)
    finally:
        server.stop()
    assert all(later - earlier >= web_app.PERIOD_S for earlier, later in zip(taken, taken[1:], strict=False))


def test_listeners_are_capped_and_leave_room_again(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_app, "LISTENERS_MAX", 2)
    port = hall.serve().port
    with listening(port) as one:
        next_page(one)
        with listening(port) as two:
            next_page(two)
            answer, _ = ask(port, "/events")
            assert (answer.status, answer.headers["retry-after"]) == (503, "30")
        deadline = time.monotonic() + 20
        while True:
            with listening(port) as again:
                if again.status == 200:
                    break
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_stop_ends_streams_idle_and_silent_clients_and_leaves_nothing(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    control = tmp_path / "control.sock"
    server = WebServer(create_app(lambda: WELL), LOOPBACK, 0, control)
    server.start()
    with (
        listening(server.port) as stream,
        socket.create_connection((LOOPBACK, server.port)) as silent,
        socket.create_connection((LOOPBACK, server.port)) as half,
    ):
        next_page(stream)
        half.sendall(b"GET / HTTP/1.1\r\nHost: local")
        server.stop()
        assert stream.read() == b"\n"
        silent.settimeout(20)
        assert silent.recv(1) == b""
    assert until(lambda: set(threading.enumerate()) <= before, 20)
    assert not control.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, server.port))
    server.stop()


def test_stop_returns_while_a_snapshot_hangs() -> None:
    before, asked, release = set(threading.enumerate()), threading.Event(), threading.Event()

    def take() -> Snapshot:
        asked.set()
        release.wait(30)
        return WELL

    server = WebServer(create_app(take), LOOPBACK, 0, None)
    server.start()
    with socket.create_connection((LOOPBACK, server.port)) as caller:
        caller.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert asked.wait(30)
        server.stop()
        assert not release.is_set()
        release.set()
    assert until(lambda: set(threading.enumerate()) <= before, 20)


def test_control_socket_serves_the_same_with_mode_0660(tmp_path: Path) -> None:
    control = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(control))
    umask = os.umask(0o077)
    server = WebServer(create_app(lambda: WELL), LOOPBACK, 0, control)
    try:
        server.start()
        assert stat.S_IMODE(control.stat().st_mode) == 0o660
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(str(control))
            client.sendall(b"GET /api/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = http.client.HTTPResponse(client)
            answer.begin()
            with answer:
                assert msgspec.json.decode(answer.read(), type=Snapshot) == WELL
    finally:
        os.umask(umask)
        server.stop()


def test_what_is_in_use_is_the_callers_error(tmp_path: Path, hall: Hall) -> None:
    port = hall.serve().port
    with pytest.raises(OSError, match="in use"):
        WebServer(create_app(hall.take), LOOPBACK, port, None).start()

    control, plain_file = tmp_path / "control.sock", tmp_path / "notes.txt"
    plain_file.write_text("keep me")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(control))
        other.listen()
        for path in (control, plain_file):
            with pytest.raises(OSError, match="in use"):
                WebServer(create_app(hall.take), LOOPBACK, 0, path).start()
    assert control.is_socket()
    assert plain_file.read_text() == "keep me"
