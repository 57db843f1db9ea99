"""The daemon watches over its parts: systemd is fed only while they move."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge import daemon as room
from edge.account.holdings import accounts as stored_accounts
from edge.daemon import Daemon
from edge.process import pulse
from edge.process.logs import JsonLines
from edge.settings.config import load
from edge.store import sqlite
from edge.store.books import Books
from tests.broker import free_port
from tests.drivers.zk_site import history
from tests.hall import until
from tests.sim.zk import Terminal

CONFIG = """
[site]
county = "410421"
hall = "hall-1"
[store]
folder = "{folder}"
[web]
port = {port}
[uplink]
host = "127.0.0.1"
port = {dead}
tls = false
[device.fp-1]
driver = "zk"
host = "127.0.0.1"
port = {silent}
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


def configured(folder: Path, web: int, terminal: int) -> str:
    return CONFIG.format(folder=folder / "edge", port=web, silent=terminal, dead=free_port())


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """A daemon at work in a thread, without the signals that only main may take."""
    monkeypatch.setattr(room, "stop_on_signals", lambda _stop: None)
    monkeypatch.setattr(room, "TICK_S", 1)
    config = tmp_path / "edge.toml"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config.write_text(configured(tmp_path, free_port(), silent.getsockname()[1]))
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


def hang_writer(daemon: Daemon, release: threading.Event) -> None:
    job = lambda: daemon._store._writer.write(lambda _ledger: release.wait(60), 90)  # noqa: E731
    threading.Thread(target=job).start()


def hang_uplink(daemon: Daemon, release: threading.Event) -> None:
    daemon._uplink._live = lambda _reader: release.wait(60) and ""  # type: ignore[method-assign,assignment,return-value]


def hang_scheduler(daemon: Daemon, release: threading.Event) -> None:
    daemon._scheduler.pause()
    threading.Thread(target=lambda: release.wait(60) and daemon._scheduler.resume()).start()


@pytest.mark.parametrize(
    ("part", "hang"), [("writer", hang_writer), ("uplink", hang_uplink), ("scheduler", hang_scheduler)]
)
def test_a_part_that_hangs_is_no_longer_fed_for(
    systemd: Systemd,
    daemon: Daemon,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
    hang: Callable[[Daemon, threading.Event], None],
) -> None:
    assert until(lambda: daemon._pulse.silent() == [] and "WATCHDOG=1" in systemd.hear(), 15)
    release = threading.Event()
    hang(daemon, release)
    monkeypatch.setattr(pulse, "SILENCE_MAX_S", 4.0)
    assert until(lambda: bool(systemd.hear()) and daemon._pulse.silent() == [part], 30)
    time.sleep(1.5)
    fed = len(systemd.hear())
    time.sleep(3)
    assert len(systemd.hear()) == fed
    release.set()
    assert until(lambda: len(systemd.hear()) > fed, 15), "and again when it moves"


def test_a_driver_that_hangs_is_fed_for(
    systemd: Systemd, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert until(lambda: daemon._runners[0].health.cause == "no_answer", 30)
    monkeypatch.setattr(pulse, "SILENCE_MAX_S", 4.0)
    fed = len(systemd.hear())
    assert until(lambda: len(systemd.hear()) > fed + 6, 15)


def test_every_part_has_its_pulse(daemon: Daemon) -> None:
    assert until(lambda: {"writer", "scheduler"} <= set(daemon._pulse.last), 15)


def accounts(daemon: Daemon) -> list[tuple[str, str]]:
    with contextlib.closing(Books(daemon._store.path)) as books:
        return [(each.device_id, each.result) for each in stored_accounts(books)]


def test_every_terminal_is_read_whole_each_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What neither counter nor live events showed is found then. Here each second is a night."""
    monkeypatch.setattr(room, "stop_on_signals", lambda _stop: None)
    monkeypatch.setattr(room, "NIGHTLY_ACCOUNT", {"second": "*"})
    with Terminal() as terminal:
        terminal.load(history(100))
        config = tmp_path / "edge.toml"
        config.write_text(configured(tmp_path, free_port(), terminal.port) + '[clock]\ntrust = "system"\n')
        made = Daemon(load(config))
        thread = threading.Thread(target=made.run)
        thread.start()
        try:
            assert until(lambda: terminal.prepared.count(13) >= 4, 20)
            assert terminal.bytes_out > 3 * len(terminal.attlog()), "whole, not its tail"
            assert until(lambda: accounts(made)[-1:] == [("fp-1", "equal")], 20), "and accounted for"
            told = len(accounts(made))
            time.sleep(2.5)
            assert len(accounts(made)) == told, "what is settled is not told again"
        finally:
            made._stop.set()
            thread.join(20)


def test_a_pulse_tells_who_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = pulse.Pulse()
    parts.beat("writer")
    assert parts.silent() == []
    monkeypatch.setattr(pulse, "SILENCE_MAX_S", -1.0)
    assert parts.silent() == ["writer"]


def test_a_taken_port_costs_the_page_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "stop_on_signals", lambda _stop: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = tmp_path / "edge.toml"
        config.write_text(configured(tmp_path, taken.getsockname()[1], free_port()))
        made = Daemon(load(config))
        thread = threading.Thread(target=made.run)
        thread.start()
        from edge.control import snapshot

        def causes() -> list[str]:
            found = snapshot(tmp_path / "edge")
            return [problem.cause for problem in found.problems] if found else []

        shown = until(lambda: "page_unavailable" in causes(), 20)
        made._stop.set()
        thread.join(20)
    assert shown


def test_a_disk_that_cannot_be_read_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (config := tmp_path / "edge.toml").write_text(configured(tmp_path, free_port(), free_port()))
    made = Daemon(load(config))
    assert made._status.take().store.cause == "ok"
    with monkeypatch.context() as failing:
        failing.setattr(made._store, "reader", lambda: fail(sqlite.OperationalError("disk I/O error")))
        failing.setattr("shutil.disk_usage", lambda _path: fail(OSError(5, "Input/output error")))
        found = made._status.take()
    assert (found.store.cause, found.store.detail, found.store.disk_free_bytes) == (
        "storage_failing",
        "disk I/O error",
        0,
    )
    assert "storage_failing" in [problem.cause for problem in found.problems]
    assert made._status.take().store.cause == "ok"
    made._store.close()


def fail(error: Exception) -> None:
    raise error


def test_a_log_line_is_one_line_whatever_it_holds() -> None:
    import logging

    record = logging.LogRecord("edge", logging.ERROR, "", 0, "name %s", ("a\n<0>b\x1b[31m",), None)
    line = JsonLines("%(message)s").format(record)
    assert line.startswith("<3>edge: name a")
    assert "\x1b" not in line
    assert all(part.startswith("  ") for part in line.split("\n")[1:])
