"""Terminals that are asked over HTTP, through the real daemon to the consumer's books."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edge import consume
from tests.broker import Broker, free_port
from tests.drivers.hikvision_site import past
from tests.hall import Daemon, consuming, until
from tests.sim import dahua, isapi

CONFIG = """
[site]
county = "410421"
hall = "hall-1"
[store]
folder = "{folder}"
[clock]
trust = "system"
[uplink]
host = "127.0.0.1"
port = {broker}
tls = false
confirm = ["county"]
[web]
port = {web}
[device.face-1]
driver = "{driver}"
host = "127.0.0.1"
port = {port}
password_file = "{password}"
poll_seconds = 1
"""
FAMILIES: dict[str, Any] = {"dahua": dahua.Terminal, "hikvision": isapi.Terminal}


@dataclass
class WebHall:
    folder: Path
    broker: Broker
    terminal: Any
    daemon: Daemon

    @property
    def county(self) -> consume.Settings:
        return consume.Settings("county", self.folder / "county.db", port=self.broker.port)

    def data(self) -> list[dict[str, Any]]:
        """`data` of every punch in the consumer's books."""
        if not self.county.database.exists():
            return []
        books = sqlite3.connect(f"file:{self.county.database}?mode=ro", uri=True)
        try:
            rows = books.execute("SELECT body FROM events WHERE type LIKE '%attendance.punch%'").fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            books.close()
        return [json.loads(body)["data"] for (body,) in rows]

    def settled(self) -> bool:
        """Whether the books hold every punch the terminal ever took."""
        return until(lambda: len(self.data()) >= self.terminal.emitted, 30)

    def cause(self) -> str:
        snapshot = self.daemon.status()
        return snapshot.devices[0].cause if snapshot else ""

    def exactly_once(self) -> bool:
        data = self.data()
        return len(data) == len({each["native_key"] for each in data}) == self.terminal.emitted


@pytest.fixture(params=sorted(FAMILIES))
def hall(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WebHall]:
    terminal = FAMILIES[request.param]()
    password, daemon = tmp_path / "password", Daemon(tmp_path / "edge.toml", tmp_path / "edge")
    password.write_text(terminal.password)
    with Broker(tmp_path / "broker") as broker, terminal:
        daemon.config.write_text(
            CONFIG.format(
                folder=daemon.folder,
                broker=broker.port,
                web=free_port(),
                driver=request.param,
                port=terminal.port,
                password=password,
            )
        )
        yield WebHall(tmp_path, broker, terminal, daemon)
        daemon.stop()


def test_kills_a_reset_and_a_lost_database_count_every_punch_once(hall: WebHall) -> None:
    terminal = hall.terminal
    terminal.load(past(400))
    with consuming(hall.county):
        hall.daemon.start(wait=False)
        assert until(lambda: len(hall.data()) > 60, 30), "killed in the middle of the first read"
        hall.daemon.kill()
        terminal.load(past(100, first=400))
        hall.daemon.start()
        assert hall.settled()
        hall.daemon.kill()
        terminal.reset()
        terminal.load(past(100, first=500))
        hall.daemon.start()
        assert hall.settled()
        hall.daemon.kill()
        for name in hall.daemon.folder.glob("edge.db*"):
            name.unlink()
        terminal.load(past(50, first=600))
        hall.daemon.start()
        assert hall.settled()
        assert hall.exactly_once()
    data = hall.data()
    assert {each["device_serial"] for each in data} == {terminal.serial}
    assert {each["verify_method"] for each in data} == {"card", "fingerprint", "face"}


@pytest.mark.parametrize("hall", ["hikvision"], indirect=True)
def test_a_wrong_password_is_told_with_its_next_step_and_does_not_lock_the_terminal(hall: WebHall) -> None:
    terminal = hall.terminal
    terminal.load(past(5))
    password = hall.folder / "password"
    password.write_text("wrong")
    with consuming(hall.county):
        hall.daemon.start()
        assert until(lambda: hall.cause() == "login_refused", 20)
        refused = terminal.seen["refused"]
        hall.daemon.stop()
        assert refused <= 2
        password.write_text(terminal.password)
        hall.daemon.start()
        assert hall.settled()
    assert hall.exactly_once()
    for kept in ("wrong", terminal.password):
        assert kept not in hall.daemon.log.read_text()


@pytest.mark.parametrize("hall", ["dahua"], indirect=True)
def test_a_storm_of_401_loses_nothing_once_it_is_over(hall: WebHall) -> None:
    hall.terminal.load(past(90))
    hall.terminal.http.nonce_uses = 2
    with consuming(hall.county):
        hall.daemon.start()
        assert hall.settled()
        assert until(lambda: hall.cause() == "ok", 20)
    assert hall.exactly_once()


@pytest.mark.parametrize("hall", ["hikvision"], indirect=True)
def test_a_terminal_clock_that_is_slow_is_corrected_and_told(hall: WebHall) -> None:
    hall.terminal.set_clock(-92)
    hall.terminal.punch("1001")
    with consuming(hall.county):
        hall.daemon.start()
        assert hall.settled()
        assert until(lambda: hall.cause() == "clock_off", 20)
    (data,) = hall.data()
    assert data["time_quality"] == "corrected"
    assert -94_000 < data["clock_offset_ms"] < -90_000
