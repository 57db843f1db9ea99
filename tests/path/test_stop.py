"""SIGTERM ends the daemon within five seconds, whatever its peers do."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker import free_port
from tests.hall import Daemon
from tests.path.conftest import CONFIG

STOP_S = 5.0
STARTED_BY_PYTHON_S = 1.0
"""The interpreter's own way out, on a busy machine."""


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """A port that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


@contextlib.contextmanager
def swallowing() -> Iterator[int]:
    """A port behind which a SYN gets lost: its queue is full and nobody takes from it."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        yield server.getsockname()[1]


@contextlib.contextmanager
def closed() -> Iterator[int]:
    yield free_port()


@pytest.mark.parametrize(
    ("broker", "terminal"), [(silent, silent), (swallowing, swallowing), (closed, silent)]
)
def test_a_stop_waits_for_no_peer(
    tmp_path: Path,
    broker: "contextlib._GeneratorContextManager[int]",
    terminal: "contextlib._GeneratorContextManager[int]",
) -> None:
    config = tmp_path / "edge.toml"
    daemon = Daemon(config, tmp_path / "edge")
    with broker() as at_broker, terminal() as at_terminal:  # type: ignore[operator]
        config.write_text(
            CONFIG.format(
                folder=daemon.folder,
                broker=at_broker,
                terminal=at_terminal,
                web=free_port(),
                uplink="",
                device="",
            )
        )
        daemon.start()
        try:
            time.sleep(1.5)  # both are in the middle of a wait
            assert daemon.stop(within_s=STOP_S + STARTED_BY_PYTHON_S) == 0
        finally:
            daemon.kill()


def test_a_key_pressed_for_the_demo_is_not_heard_by_its_daemon(tmp_path: Path) -> None:
    """Ctrl-C goes to the terminal's whole process group: the daemon must be there for the last punch."""
    config = tmp_path / "edge.toml"
    config.write_text(
        f'[site]\ncounty = "410421"\nhall = "hall-1"\n[store]\nfolder = "{tmp_path}/edge"\n'
        f"[web]\nport = {free_port()}\n"
    )
    daemon = Daemon(config, tmp_path / "edge")
    daemon.start()
    try:
        assert os.getpgid(daemon.pid) == daemon.pid
    finally:
        daemon.stop()
