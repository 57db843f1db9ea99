"""Whole path under SIGKILL: a terminal records punches all the while, daemon and broker are killed at random.

Afterwards the faults stop, everything drains, a fresh punch must pass, and the consumer's books are held
against the terminal's own log: lost, double and invented must each be none.
"""

import json
import random
import sqlite3
import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge import consume
from tests.broker import Broker, free_port
from tests.hall import Daemon, consuming, until
from tests.sim.zk import Punch, Terminal

KILLS = 40
BROKER_KILLS_EVERY = 4
START = datetime.fromisoformat("2026-11-02T08:00:00")

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
[device.fp-1]
driver = "zk"
host = "127.0.0.1"
port = {terminal}
poll_seconds = 1
"""


def key(punch: Punch) -> str:
    """The punch as the consumer names it."""
    return f"{punch.time.isoformat()}|{punch.user_id}|{punch.state}"


class Crowd(threading.Thread):
    """Somebody punches every few hundredths of a second, a second apart on the terminal's clock."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(name="crowd")
        self.terminal, self.done, self.number = terminal, threading.Event(), 0

    def run(self) -> None:
        chance = random.Random(7)
        while not self.done.wait(chance.uniform(0.01, 0.06)):
            self.one()

    def one(self) -> Punch:
        self.number += 1
        user = str(1000 + self.number % 40)
        return self.terminal.punch(user, at=START + timedelta(seconds=self.number), state=self.number % 2)


def held(database: Path) -> Counter[str]:
    """Native keys of all punches in the consumer's books."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        rows = connection.execute("SELECT body FROM events WHERE type LIKE '%attendance.punch%'").fetchall()
    finally:
        connection.close()
    return Counter(json.loads(body)["data"]["native_key"] for (body,) in rows)


@pytest.mark.timeout(400)
def test_kills_of_daemon_and_broker_lose_nothing_double_nothing_invent_nothing(tmp_path: Path) -> None:
    kill_at_random(tmp_path, KILLS, seed=20261122)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(5))
def test_the_long_form_five_hundred_kills(tmp_path: Path, seed: int) -> None:
    punches = kill_at_random(tmp_path, 100, seed)
    print(
        json.dumps({"gate": "kill", "seed": seed, "kills": 100, "punches": punches, "lost": 0, "double": 0})
    )


def kill_at_random(folder: Path, kills: int, seed: int) -> int:
    """Run the whole thing; returns how many punches there were."""
    chance, database = random.Random(seed), folder / "county.db"
    with Broker(folder / "broker") as broker, Terminal(capacity=1_000_000) as terminal:
        config = folder / "edge.toml"
        config.write_text(
            CONFIG.format(folder=folder / "edge", broker=broker.port, web=free_port(), terminal=terminal.port)
        )
        daemon, crowd = Daemon(config, folder / "edge"), Crowd(terminal)
        with consuming(consume.Settings("county", database, port=broker.port)):
            crowd.start()
            try:
                for number in range(kills):
                    daemon.start(wait=False)
                    time.sleep(chance.uniform(0.2, 1.6))
                    if number % BROKER_KILLS_EVERY == 0:
                        broker.kill()
                    daemon.kill()
                    if number % BROKER_KILLS_EVERY == 0:
                        broker.restart()
            finally:
                crowd.done.set()
                crowd.join()
            daemon.start()
            fresh = key(crowd.one())
            emitted = {key(record) for record in terminal.log if isinstance(record, Punch)}
            until(lambda: database.exists() and len(held(database)) >= len(emitted), 90, 0.5)
            assert daemon.stop() == 0
    books = held(database)
    assert emitted - set(books) == set(), "lost"
    assert set(books) - emitted == set(), "invented"
    assert [name for name, times in books.items() if times > 1] == [], "double"
    assert fresh in books
    assert len(emitted) > kills
    return len(emitted)
