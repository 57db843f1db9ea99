"""Who says nothing, or never ends, costs one place of a few: others, and the control socket, find theirs."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from edge.control import command
from edge.web import WebServer, accepting, create_app
from tests.hall import until
from tests.web.halls import WELL
from tests.web.test_server import ask


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WebServer]:
    orders = {"echo": lambda arguments: "well"}
    made = WebServer(create_app(lambda: WELL, orders), "127.0.0.1", 0, tmp_path / "control.sock")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def lines() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def idle(server: WebServer, lines: ExitStack, source: str, data: bytes = b"") -> socket.socket:
    line = socket.create_connection(("127.0.0.1", server.port), 20, (source, 0))
    lines.enter_context(line)
    line.sendall(data)
    return line


def ended(line: socket.socket) -> bool:
    """Whether the other side has hung up."""
    with suppress(TimeoutError):
        line.settimeout(0.01)
        with suppress(ConnectionError):
            return not line.recv(1024)
        return True
    return False


def test_a_crowd_that_fills_the_port_keeps_nobody_else_out(
    server: WebServer, lines: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "HEAD_S", 120.0)
    heads, many = (b"", b"GET / HTTP/1.1\r\nX: "), accepting.CONNECTIONS_MAX + 30
    crowd = [idle(server, lines, f"127.0.7.{1 + n % 10}", heads[n % 2]) for n in range(many)]
    assert until(lambda: len(server._accepting._visits) >= accepting.CONNECTIONS_MAX, 20)
    for _ in range(10):
        assert ask(server.port, "/")[0].status == 200
        answer = command(tmp_path, "echo")
        assert answer is not None
        assert answer.done
    assert len(server._accepting._visits) <= accepting.CONNECTIONS_MAX
    assert sum(not ended(line) for line in crowd) >= accepting.CONNECTIONS_MAX - 20, "no more go than have to"


def test_one_address_has_a_few_places(server: WebServer, lines: ExitStack) -> None:
    mine = [idle(server, lines, "127.0.7.1") for _ in range(accepting.PER_ADDRESS + 5)]
    assert until(lambda: sum(ended(line) for line in mine) == 5, 20)
    assert ask(server.port, "/")[0].status == 200


@pytest.mark.parametrize(
    "data", [b"", b"GET / HTTP/1.1\r\nX: ", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"]
)
def test_whoever_asks_for_nothing_is_not_waited_for(
    server: WebServer, lines: ExitStack, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "HEAD_S", 0.3)
    monkeypatch.setattr(accepting, "LOOK_S", 0.05)
    line = idle(server, lines, "127.0.7.1", data)
    got = b""
    with suppress(ConnectionError):
        while piece := line.recv(65_536):
            got += piece
    assert got.startswith(b"HTTP/1.1 200" if data.endswith(b"\r\n\r\n") else b"")
    assert until(lambda: not server._accepting._visits, 20)
