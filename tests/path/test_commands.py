"""What is left of the commands: following events, a newer database, the will of a killed daemon, SM3."""

import subprocess
import sys
from contextlib import closing

import msgspec

from edge.contract import State
from edge.store import sqlite
from tests.consume.upstream import Wire
from tests.hall import consuming, until
from tests.path.conftest import Hall
from tests.path.test_cli import hall_edge

STATE = "zwdt/v1/410421/hall-1/state"


def confirmed(hall: Hall) -> bool:
    snapshot = hall.daemon.status()
    return snapshot is not None and snapshot.uplink.unconfirmed == 0


def test_following_events_shows_a_new_punch(hall: Hall) -> None:
    hall.daemon.start()
    following = subprocess.Popen(
        [sys.executable, "-u", "-m", "edge.cli", "events", "--follow", "--type", "attendance.punch"],
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin", "HALL_EDGE_CONFIG": str(hall.daemon.config)},
    )
    try:
        hall.terminal.punch("4711")
        assert following.stdout is not None
        assert "4711" in following.stdout.readline()
    finally:
        following.terminate()
        following.communicate()


def test_a_newer_database_is_left_alone_with_code_4(hall: Hall) -> None:
    hall.daemon.start()
    hall.daemon.stop()
    with closing(sqlite.connect_writer(hall.daemon.folder / "edge.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    said = hall_edge("run", config=hall.daemon.config)
    assert said.returncode == 4
    assert "99" in said.stderr


def test_a_killed_daemon_is_told_upstream_by_its_will(hall: Hall) -> None:
    with closing(Wire(hall.broker)) as wire:

        def last() -> str:
            states = wire.on(STATE)
            return msgspec.json.decode(states[-1], type=State).state if states else ""

        hall.daemon.start()
        assert until(lambda: last() == "ready", 20)
        hall.daemon.kill()
        assert until(lambda: last() == "lost", 30)


def test_the_whole_path_with_sm3(hall: Hall) -> None:
    text = hall.daemon.config.read_text()
    hall.daemon.config.write_text(text + '\n[crypto]\nsuite = "gm"\n')
    hall.terminal.punch("1001")
    hall.daemon.start()
    with consuming(hall.county):
        assert until(lambda: hall.held() == 1 and confirmed(hall), 30)


def test_probe_tells_offset_and_counts(hall: Hall) -> None:
    hall.terminal.set_clock(-96)
    hall.terminal.punch("1001")
    said = hall_edge("--lang", "en", "probe", "fp-1", config=hall.daemon.config).stdout
    rows = dict(line.strip().split(maxsplit=1) for line in said.splitlines()[1:] if len(line.split()) == 2)
    assert rows["logs"] == "1"
    assert "记录数" in hall_edge("probe", "fp-1", config=hall.daemon.config).stdout
    assert "-9" in said.split("clock", 1)[1].splitlines()[0]
