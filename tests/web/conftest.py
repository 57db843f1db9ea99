"""A server over a snapshot that the test may change."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette

from edge.snapshot import Snapshot
from edge.web import WebServer, create_app
from edge.web import app as web_app
from tests.web.halls import WELL


class Hall:
    """What the server is asked to show; `serve` may be called again after `server.stop()`."""

    def __init__(self) -> None:
        self.now = WELL
        self.server: WebServer | None = None

    def take(self) -> Snapshot:
        return self.now

    def serve(self, port: int = 0, app: Starlette | None = None) -> WebServer:
        self.server = WebServer(app or create_app(self.take), "127.0.0.1", port, None)
        self.server.start()
        return self.server


@pytest.fixture
def hall(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hall]:
    monkeypatch.setattr(web_app, "PERIOD_S", 0.1)
    one = Hall()
    yield one
    if one.server:
        one.server.stop()
