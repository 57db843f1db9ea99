"""The daemon watches over its parts: systemd is fed only while they move."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge import daemon as room
from edge.config import load
from edge.daemon import Daemon, JsonLines, Pulse
from tests.broker import free_port
from tests.hall import until

CONFIG = """
[site]
county = "410421"
hall = "hall-1"
[store]
folder = "{folder}"
[web]
port = {port}
"""


class Systemd:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)
        self.heard: list[str] = []

    def hear(self) -> list[str]:
        with contextlib.suppress(BlockingIOError):
            while True:
                self.heard.append(self.socket.recv(100).decode())
        return self.heard


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    made = Systemd(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    yield made
    made.socket.close()


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """A daemon at work in a thread, without the signals that only main may take."""
    monkeypatch.setattr(room.signal, "signal", lambda *_: None)
    config = tmp_path / "edge.toml"
    config.write_text(CONFIG.format(folder=tmp_path / "edge", port=free_port()))
    made = Daemon(load(config))
    thread = threading.Thread(target=made.run, name="main of the daemon")
    thread.start()
    yield made
    made._stop.set()
    thread.join(20)
    assert not thread.is_alive()


def test_systemd_is_told_and_fed(systemd: Systemd, daemon: Daemon) -> None:
    assert until(lambda: systemd.hear().count("WATCHDOG=1") >= 2, 15)
    assert systemd.heard[0] == "READY=1"


def test_a_writer_that_hangs_is_no_longer_fed_for(
    systemd: Systemd, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "SILENCE_MAX_S", 3.0)
    assert until(lambda: "WATCHDOG=1" in systemd.hear(), 15)
    release = threading.Event()
    job = threading.Thread(target=lambda: daemon._store._writer.write(lambda _ledger: release.wait(60), 90))
    job.start()
    assert until(lambda: "writer" in daemon._pulse.silent(), 15)
    time.sleep(1.5)
    systemd.hear()
    fed = len(systemd.heard)
    time.sleep(3)
    assert len(systemd.hear()) == fed
    release.set()
    job.join(10)
    assert until(lambda: len(systemd.hear()) > fed, 15), "and again when it moves"


def test_every_part_has_its_pulse(daemon: Daemon) -> None:
    assert until(lambda: {"writer", "scheduler"} <= set(daemon._pulse.last), 15)


def test_a_pulse_tells_who_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    pulse = Pulse()
    pulse.beat("writer")
    assert pulse.silent() == []
    monkeypatch.setattr(room, "SILENCE_MAX_S", -1.0)
    assert pulse.silent() == ["writer"]


def test_a_taken_port_costs_the_page_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room.signal, "signal", lambda *_: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = tmp_path / "edge.toml"
        config.write_text(CONFIG.format(folder=tmp_path / "edge", port=taken.getsockname()[1]))
        made = Daemon(load(config))
        thread = threading.Thread(target=made.run)
        thread.start()
        from edge.control import snapshot

        assert until(lambda: snapshot(tmp_path / "edge") is not None, 15)
        found = snapshot(tmp_path / "edge")
        made._stop.set()
        thread.join(20)
    assert found is not None
    assert "page_unavailable" in [problem.cause for problem in found.problems]


def test_a_log_line_is_one_line_whatever_it_holds() -> None:
    import logging

    record = logging.LogRecord("edge", logging.ERROR, "", 0, "name %s", ("a\n<0>b\x1b[31m",), None)
    line = JsonLines("%(message)s").format(record)
    assert line.startswith("<3>edge: name a")
    assert "\x1b" not in line
    assert all(part.startswith("  ") for part in line.split("\n")[1:])
