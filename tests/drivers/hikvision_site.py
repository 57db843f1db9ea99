"""What the Hikvision tests share: the driver for a simulated terminal, a past, and the recorded samples."""

import atexit
import json
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.hikvision import Hikvision
from tests.drivers.memory_link import MemoryLink, running
from tests.sim.isapi import Event, Terminal
from tests.sim.web import WebDevice

PASSWORDS = tempfile.TemporaryDirectory(prefix="hall-edge-passwords-")
atexit.register(PASSWORDS.cleanup)
CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures" / "isapi_samples.json"
DAY_ONE = datetime.fromisoformat("2026-03-02T08:00:00")


def samples() -> dict[str, dict[str, Any]]:
    """Recorded answers by id; skips the test where they are absent."""
    if not CAPTURES.exists():
        pytest.skip("recorded answers are not on this machine (../shared/captures)")
    return {entry["id"]: entry for entry in json.loads(CAPTURES.read_text())}


def past(count: int, first: int = 0) -> list[tuple[str, datetime, int]]:
    """People pass, two in one second now and then."""
    return [
        (str(1001 + n % 50), DAY_ONE + timedelta(seconds=n * 20 // 3), n % 7 - 1)
        for n in range(first, first + count)
    ]


def password_file(device: WebDevice) -> str:
    """A file that holds the device's password; it lives as long as the tests."""
    path = Path(PASSWORDS.name) / device.password
    path.write_text(device.password + "\n")
    return str(path)


def driver(terminal: Terminal, poll_s: float = 0.05, **options: object) -> Hikvision:
    """The driver for a terminal."""
    given: dict[str, Any] = {"port": terminal.port, "password_file": password_file(terminal), **options}
    chosen = Hikvision.Options(terminal.host, **given)
    object.__setattr__(chosen, "poll_seconds", poll_s)  # tests poll oftener than the shortest option
    return Hikvision(chosen)


def key(event: Event) -> str:
    """The name of the fact behind an event."""
    return f"{event.time.isoformat()}|{event.number}"


def keys(terminal: Terminal) -> set[str]:
    """The names of the facts in a terminal's log now."""
    return {key(event) for event in terminal.punches}


def read(terminal: Terminal, link: MemoryLink | None = None, count: int | None = None) -> MemoryLink:
    """Run the driver until it holds everything and has said that it is complete."""
    link = link or MemoryLink()
    wanted = len(terminal.punches) if count is None else count
    with running(driver(terminal), link) as work:
        work.until(lambda: len(link.facts) >= wanted and link.completes)
    return link
