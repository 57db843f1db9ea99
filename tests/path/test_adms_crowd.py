"""Many terminals on one daemon at once, those that push and those that are asked: every punch once upstream,
within the memory of a small machine.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge import consume
from tests.broker import Broker, free_port
from tests.gate import say
from tests.hall import SITE, UPLINK, Daemon, consuming, until
from tests.sim import adms, zk

MORNING = datetime.fromisoformat("2026-11-20T08:00:00")
MEMORY_MB = 62
"""Most that the daemon may hold with 200 terminals that push and 40 that are asked."""
MEMORY_FEW_MB = 55
"""With 30 and 5."""
WITHIN_S = 600.0
CONFIG = (
    SITE
    + UPLINK
    + """\
[web]
port = {web}
[listen]
host = "127.0.0.1"
port = {listen}
"""
)
PUSHING = """
[device.face-{number}]
driver = "adms"
serial = "ADMS{number}"
poll_seconds = 5
"""
ASKED = """
[device.fp-{number}]
driver = "zk"
host = "127.0.0.1"
port = {port}
poll_seconds = 5
"""


@dataclass
class Crowd:
    """So many terminals around one daemon, each with `each` records; switched on by `on`."""

    folder: Path
    pushing: int
    asked: int
    each: int
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.daemon = Daemon(self.folder / "edge.toml", self.folder / "edge")
        shapes = sorted(adms.SHAPES)
        self.faces = [
            adms.Terminal(
                server=("127.0.0.1", self.port),
                source=f"127.1.{n // 200}.{n % 200 + 1}",
                serial=f"ADMS{n}",
                shape=shapes[n % len(shapes)],
                delay_s=5,
            )
            for n in range(self.pushing)
        ]
        self.prints = [zk.Terminal(serial=f"ZK{n:05}", clients=2) for n in range(self.asked)]
        for terminal in (*self.faces, *self.prints):
            terminal.load(punches(self.each))

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """The daemon, its broker, the county's consumer, and all terminals at once."""
        with Broker(self.folder / "broker") as broker, ExitStack() as up:
            for each in self.prints:
                up.enter_context(each)
            self._configure(broker.port)
            county = consume.Settings("county", self.folder / "county.db", port=broker.port)
            up.enter_context(consuming(county))
            self.daemon.start()
            up.callback(self.daemon.stop)
            for face in self.faces:
                up.enter_context(face)
            yield

    def _configure(self, broker: int) -> None:
        tables = [PUSHING.format(number=n) for n in range(self.pushing)]
        tables += [ASKED.format(number=n, port=each.port) for n, each in enumerate(self.prints)]
        head = CONFIG.format(folder=self.daemon.folder, broker=broker, web=free_port(), listen=self.port)
        self.daemon.config.write_text(head + "".join(tables))

    @property
    def emitted(self) -> int:
        """Different punches of all terminals."""
        return sum(each.emitted for each in (*self.faces, *self.prints))

    def held(self) -> int:
        """Punches in the books upstream."""
        with contextlib.suppress(consume.DatabaseFails):
            return consume.count(self.folder / "county.db", "attendance.punch")
        return 0

    def states(self) -> set[str]:
        """How the daemon finds them."""
        snapshot = self.daemon.status()
        return {each.state for each in snapshot.devices} if snapshot else set()


def punches(count: int) -> list[zk.Punch]:
    """A morning, one a second."""
    return [zk.Punch(str(1000 + n % 40), MORNING + timedelta(seconds=n), n % 2, 15) for n in range(count)]


def at_once(crowd: Crowd) -> dict[str, float]:
    """All switched on together; then a punch at each, and half of those that push send everything again."""
    with crowd.on():
        took = seconds(lambda: crowd.held() >= crowd.emitted, WITHIN_S)
        after = crowd.daemon.rss_mb()
        for turn, face in enumerate(crowd.faces):
            face.faults.resend = turn % 2 == 0
            face.punch("2001", at=MORNING + timedelta(hours=9))
        for each in crowd.prints:
            each.punch("2001", at=MORNING + timedelta(hours=9))
        seconds(lambda: crowd.held() >= crowd.emitted, WITHIN_S)
        assert until(lambda: not any(face.unsent for face in crowd.faces), WITHIN_S)
        assert until(lambda: crowd.states() == {"online"}, 30), crowd.states()
        return {
            "terminals_pushing": crowd.pushing,
            "terminals_asked": crowd.asked,
            "emitted": crowd.emitted,
            "held": crowd.held(),
            "all_upstream_s": round(took, 1),
            "after_first_mb": round(after, 1),
            "idle_mb": round(crowd.daemon.rss_mb(), 1),
            "peak_mb": round(crowd.daemon.peak_mb(), 1),
        }


def seconds(true: Callable[[], bool], within_s: float) -> float:
    """How long it took to become true, which it must."""
    began = time.monotonic()
    assert until(true, within_s, 0.1)
    return time.monotonic() - began


def test_terminals_that_push_and_terminals_that_are_asked_at_once(tmp_path: Path) -> None:
    found = at_once(Crowd(tmp_path, 30, 5, 40))
    assert found["emitted"] == found["held"] == 35 * 41
    assert found["peak_mb"] <= MEMORY_FEW_MB


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_long_form_two_hundred_that_push_and_forty_that_are_asked(tmp_path: Path) -> None:
    found = at_once(Crowd(tmp_path, 200, 40, 500))
    say("200 + 40 terminals at once", **found, memory_limit_mb=MEMORY_MB)
    assert found["emitted"] == found["held"] == 240 * 501
    assert found["peak_mb"] <= MEMORY_MB
