"""Many terminals that push to one daemon at once: every punch once, within the memory of a small machine."""

import json
import time
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.broker import free_port
from tests.hall import Daemon, until
from tests.sim.adms import SHAPES, Punch, Terminal

MORNING = datetime.fromisoformat("2026-11-20T08:00:00")
MEMORY_MB = 150
CONFIG = """
[site]
county = "410421"
hall = "hall-1"
[store]
folder = "{folder}"
[clock]
trust = "system"
[web]
port = {web}
[listen]
host = "127.0.0.1"
port = {port}
"""
DEVICE = """
[device.face-{number}]
driver = "adms"
serial = "ADMS{number}"
poll_seconds = 5
"""


def crowd(folder: Path, terminals: int, each: int) -> dict[str, float]:
    """So many terminals, each with so many records, all switched on at once; then half the records again."""
    port, shapes = free_port(), sorted(SHAPES)
    config, daemon = folder / "edge.toml", Daemon(folder / "edge.toml", folder / "edge")
    config.write_text(
        CONFIG.format(folder=daemon.folder, web=free_port(), port=port)
        + "".join(DEVICE.format(number=number) for number in range(terminals))
    )
    devices = [
        Terminal(
            server=("127.0.0.1", port), serial=f"ADMS{number}", shape=shapes[number % len(shapes)], delay_s=5
        )
        for number in range(terminals)
    ]
    for device in devices:
        device.load(Punch(str(1000 + n % 40), MORNING + timedelta(seconds=n), n % 2, 15) for n in range(each))
    daemon.start()
    try:
        began = time.monotonic()
        with ExitStack() as on:
            for device in devices:
                on.enter_context(device)
            assert until(lambda: not any(device.unsent for device in devices), 120)
            took = time.monotonic() - began
            for device in devices[::2]:
                device.faults.resend = True
                device.load([Punch("2001", MORNING + timedelta(hours=9), 1, 15)])
            assert until(lambda: not any(device.unsent for device in devices), 120)
            assert until(lambda: stored(daemon) >= sum(device.emitted for device in devices), 60)
        snapshot = daemon.status()
        assert snapshot is not None
        states = {each.state for each in snapshot.devices}
        return {
            "terminals": terminals,
            "emitted": sum(device.emitted for device in devices),
            "stored": stored(daemon),
            "online": float(states == {"online"}),
            "first_upload_s": round(took, 1),
            "peak_mb": round(daemon.peak_mb(), 1),
        }
    finally:
        daemon.stop()


def stored(daemon: Daemon) -> int:
    snapshot = daemon.status()
    return sum(each.stored for each in snapshot.devices) if snapshot else 0


def test_thirty_terminals_at_once(tmp_path: Path) -> None:
    found = crowd(tmp_path, 30, 40)
    assert (found["emitted"], found["stored"], found["online"]) == (30 * 40 + 15, 30 * 40 + 15, 1.0)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_long_form_two_hundred_terminals(tmp_path: Path) -> None:
    found = crowd(tmp_path, 200, 500)
    print(json.dumps({"gate": "200 terminals that push", **found, "memory_limit_mb": MEMORY_MB}))
    assert found["emitted"] == found["stored"] == 200 * 500 + 100
    assert found["peak_mb"] <= MEMORY_MB
