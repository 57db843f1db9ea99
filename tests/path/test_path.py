"""The whole path with real parts: from a terminal's bytes to the consumer's books."""

import json
import shutil
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge.store import sqlite
from tests.hall import consuming, until
from tests.path.conftest import Hall
from tests.sim.zk import Punch

MORNING = datetime.fromisoformat("2026-11-20T08:00:00")


def punches(first: int, count: int) -> list[Punch]:
    """Distinct punches, two in one second now and then."""
    return [
        Punch(
            str(1000 + number % 50), MORNING + timedelta(seconds=number // 2), number % 2, 1, number % 50 + 1
        )
        for number in range(first, first + count)
    ]


def books(database: Path) -> list[dict[str, str]]:
    """Data of every punch the consumer holds."""
    with closing(sqlite.connect_reader(database)) as connection:
        rows = connection.execute("SELECT body FROM events WHERE type LIKE '%attendance.punch%'").fetchall()
    return [json.loads(body)["data"] for (body,) in rows]


def stored(hall: Hall) -> int:
    snapshot = hall.daemon.status()
    return snapshot.devices[0].stored if snapshot else 0


def test_a_lost_edge_database_is_read_again_and_nothing_counts_twice(hall: Hall) -> None:
    hall.terminal.load(punches(0, 800))
    hall.daemon.start()
    with consuming(hall.county):
        assert until(lambda: hall.held() == 800, 30)
    hall.terminal.load(punches(800, 200))
    assert until(lambda: stored(hall) == 1000, 20), "200 are stored and not confirmed"
    hall.daemon.kill()
    shutil.rmtree(hall.daemon.folder)
    with consuming(hall.county):
        hall.daemon.start()
        assert until(lambda: hall.held() == 1000, 30)
        assert until(lambda: (s := hall.daemon.status()) is not None and s.uplink.unconfirmed == 0, 30)
    assert len({data["native_key"] for data in books(hall.county.database)}) == 1000


def test_a_terminal_whose_clock_fell_back_loses_nothing(hall: Hall) -> None:
    hall.configure(device="in_service_from = 2026-11-01")
    hall.terminal.load([Punch("1", datetime.fromisoformat("2026-10-01T08:00:00")), *punches(0, 10)])
    back = datetime.fromisoformat("2000-01-01T00:10:00")
    hall.terminal.set_clock((back - datetime.now().astimezone().replace(tzinfo=None)).total_seconds())
    with consuming(hall.county):
        hall.daemon.start()
        assert until(lambda: hall.held() == 10, 20), "one lies before the terminal's service"
        for second in range(5):
            hall.terminal.punch("7", at=back + timedelta(seconds=second))
        assert until(lambda: hall.held() == 15, 20)
    fell = [data for data in books(hall.county.database) if data["device_time"].startswith("2000")]
    assert len(fell) == 5
    assert {data["time_quality"] for data in fell} == {"suspect"}


def test_a_live_punch_arrives_before_the_next_poll(hall: Hall) -> None:
    hall.configure(device="")
    text = hall.daemon.config.read_text().replace("poll_seconds = 1", "poll_seconds = 3600")
    hall.daemon.config.write_text(text)
    with consuming(hall.county):
        hall.daemon.start()
        assert until(lambda: (s := hall.daemon.status()) is not None and s.devices[0].state == "online", 20)
        time.sleep(1)
        hall.terminal.punch("1001")
        assert until(lambda: hall.held() == 1, 10)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_both_protocols_deliver_and_confirm(hall: Hall, protocol: str) -> None:
    hall.configure(uplink=f'protocol = "{protocol}"')
    hall.terminal.load(punches(0, 50))
    with consuming(hall.county):
        hall.daemon.start()
        assert until(lambda: hall.held() == 50, 20)
        assert until(lambda: (s := hall.daemon.status()) is not None and s.uplink.unconfirmed == 0, 20)


def test_a_clean_stop_is_quick_and_says_so_upstream(hall: Hall) -> None:
    hall.daemon.start()
    with consuming(hall.county):
        assert until(lambda: (s := hall.daemon.status()) is not None and s.uplink.unconfirmed == 0, 20)
    assert hall.daemon.stop(within_s=5) == 0
    last = json.loads((hall.daemon.folder / "status.json").read_text())
    assert last["devices"][0]["device_id"] == "fp-1"
