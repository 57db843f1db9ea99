"""Terminals that are asked over HTTP, through the real daemon to the consumer's books."""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from edge import consume
from tests.broker import Broker, free_port
from tests.drivers.hikvision_site import DAY_ONE, past
from tests.faults.lab import report
from tests.faults.oracle import Books, Verdict
from tests.hall import SITE, UPLINK, Daemon, consuming, until
from tests.path.test_cli import hall_edge
from tests.sim import dahua, isapi

CONFIG = (
    SITE
    + UPLINK
    + """\
[web]
port = {web}
[device.face-1]
driver = "{driver}"
host = "127.0.0.1"
port = {port}
password_file = "{password}"
poll_seconds = 1
"""
)
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

    @property
    def books(self) -> Books:
        return Books(self.county.database)

    def data(self) -> list[dict[str, Any]]:
        """`data` of every punch in the consumer's books."""
        return list(self.books.punches())

    def settled(self) -> bool:
        """Whether the books hold every punch the terminal ever took."""
        return until(lambda: self.books.count() >= self.terminal.emitted, 30)

    def cause(self) -> str:
        snapshot = self.daemon.status()
        return snapshot.devices[0].cause if snapshot else ""

    def confirmed(self) -> bool:
        snapshot = self.daemon.status()
        return snapshot is not None and snapshot.uplink.unconfirmed == 0

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
        assert until(lambda: hall.books.count() > 60, 30), "killed in the middle of the first read"
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


def test_the_account_of_yesterday_holds_the_terminals_own_count(hall: WebHall) -> None:
    terminal = hall.terminal
    day = terminal.clock().replace(hour=8, minute=0, second=0) - timedelta(days=1)
    terminal.load((str(1001 + number), day + timedelta(minutes=number), 0) for number in range(40))
    terminal.punch("1001")
    terminal.http.nonce_uses = 2  # logins end all the time, and nothing is lost by it
    with consuming(hall.county):
        hall.daemon.start()
        assert hall.settled()
        assert until(lambda: hall.cause() == "ok" and hall.confirmed(), 20)
        told = hall_edge("reconcile", "--json", config=hall.daemon.config)
        (account,) = json.loads(told.stdout)
    assert account["result"] == "equal", account
    numbers = {name: account[name] for name in ("on_terminal", "distinct", "stored", "confirmed")}
    assert set(numbers.values()) == {40}, numbers


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


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_long_form_twenty_kills_in_a_first_read_of_20000(hall: WebHall) -> None:
    verdict = report(f"G10 kill {type(hall.terminal).__module__.split('.')[2]}", lambda: kill_at_random(hall))
    assert verdict.clean, verdict


def kill_at_random(hall: WebHall, punches: int = 20_000, kills: int = 20) -> Verdict:
    """People punch while it reads; the line drops, logins end, and the daemon is killed again and again."""
    chance, terminal, due = random.Random(20261125), hall.terminal, set[str]()
    terminal.load(past(punches))
    with consuming(hall.county):
        for turn in range(kills):
            terminal.http.nonce_uses, terminal.http.cut = (
                chance.choice([0, 3, 50]),
                chance.choice([0, 0, 1, 4]),
            )
            terminal.http.truncate = chance.choice([0, 0, 1])
            hall.daemon.start(wait=False)
            time.sleep(chance.uniform(0.3, 2.5))
            terminal.punch(str(1000 + turn), at=DAY_ONE + timedelta(days=2, seconds=turn))
            hall.daemon.kill()
        due |= {native_key(record) for record in terminal.punches}
        terminal.http.nonce_uses = terminal.http.cut = terminal.http.truncate = 0
        hall.daemon.start()
        until(lambda: hall.books.count() >= len(due), 300, 1.0)
    found = Counter(data["native_key"] for data in hall.data())
    return Verdict(
        len(due),
        lost=tuple(due - found.keys()),
        invented=tuple(found.keys() - due),
        double=tuple(key for key, times in found.items() if times > 1),
        figures={"kills": kills},
    )


def native_key(record: Any) -> str:
    """How a punch is named, in both families."""
    return f"{record.time.isoformat()}|{record.number}"
