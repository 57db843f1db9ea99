"""150 tablets at once, each as its page is: every rating once upstream, in the memory of a small machine."""

import os
import threading
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge import consume
from edge.store import FILE
from edge.store.recent import Recents
from tests.broker import Broker, free_port
from tests.faults.lab import report
from tests.faults.oracle import Verdict
from tests.faults.test_slow_clients import paired
from tests.hall import SITE, UPLINK, Daemon, consuming, until
from tests.kiosk.conftest import rating
from tests.sim.tablet import Tablet

MEMORY_MB = 60
ROUND_S, HALL_S = 2.0, 15.0
"""As `kiosk.js` has them."""
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
TABLET = """
[device.tablet-{n}]
driver = "kiosk"
window = "A{n}"
"""


@dataclass
class Page(threading.Thread):
    """What the page at one window does, until told to stop; a citizen rates every `rates_s`."""

    number: int
    tablet: Tablet
    rates_s: float
    stop: threading.Event
    sent: list[str] = field(default_factory=list)
    slowest_s: float = 0.0

    def __post_init__(self) -> None:
        super().__init__(name=f"page-{self.number}", daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        self.tablet.source = f"127.0.4.{1 + self.number % 250}"
        self.tablet.call("GET", self.tablet.base, b"", {})
        learned = rated = time.monotonic() - HALL_S
        while not self.stop.is_set():
            began = time.monotonic()
            self._say("state", {"version": "x", "queue": 0, "holds": [], "battery": 80})
            if began - learned >= HALL_S:
                self._say("hall", {})
                learned = began
            if began - rated >= self.rates_s:
                self._rate()
                rated = began
            self.stop.wait(max(0.0, ROUND_S - (time.monotonic() - began)))

    def _rate(self) -> None:
        at = time.strftime("%Y-%m-%dT%H:%M:%S")
        said = rating(self.number * 10_000 + len(self.sent), at=at, sent=at)
        self._say("rate", said)
        self._say("rate", said)
        self.sent.append(str(said["id"]))

    def _say(self, word: str, said: object) -> None:
        began = time.monotonic()
        while True:
            with suppress(OSError):
                if self.tablet.send("POST", word, said).status == 200:
                    break
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)


def crowded(folder: Path, many: int, seconds: float, rates_s: float) -> Verdict:
    """So many pages for so long; figures are of the daemon."""
    daemon, port = Daemon(folder / "edge.toml", folder / "edge"), free_port()
    with Broker(folder / "broker") as broker, ExitStack() as up:
        head = CONFIG.format(folder=daemon.folder, broker=broker.port, web=free_port(), listen=port)
        daemon.config.write_text(head + "".join(TABLET.format(n=n) for n in range(many)))
        county = consume.Settings("county", folder / "county.db", port=broker.port)
        up.enter_context(consuming(county))
        daemon.start()
        up.callback(daemon.stop)
        stop = threading.Event()
        pages = [Page(n, paired(daemon, port, f"tablet-{n}", f"A{n}"), rates_s, stop) for n in range(many)]
        idle = daemon.rss_mb()
        for page in pages:
            page.start()
        most = watched(daemon.pid, seconds)
        online = until(lambda: {each.state for each in _status(daemon)} == {"online"}, 30, 0.2)
        stop.set()
        for page in pages:
            page.join(30)
        sent = {each for page in pages for each in page.sent}
        live = until(lambda: _held(folder) >= len(sent), 60, 0.2) and online
        with closing(Recents(daemon.folder / FILE)) as reader:
            stored = [str(each.data["session_id"]) for each in reader.of(["evaluation.submitted"], 0, 50_000)]
        figures = {"tablets": many, "paired_mb": idle, "peak_mb": daemon.peak_mb(), **most}
        figures |= {"upstream": _held(folder), "slowest_ms": 1000 * max(page.slowest_s for page in pages)}
        invented = tuple(each for each in stored if each not in sent)
        double = tuple(each for each in set(stored) if stored.count(each) > 1)
        return Verdict(len(sent), tuple(sent - set(stored)), double, invented, live=live, figures=figures)


def watched(pid: int, seconds: float) -> dict[str, float]:
    """The most threads and open files it had."""
    threads = files = 0
    until_s, cpu_s, began = time.monotonic() + seconds, _cpu_s(pid), time.monotonic()
    while time.monotonic() < until_s:
        threads = max(threads, len(os.listdir(f"/proc/{pid}/task")))
        files = max(files, len(os.listdir(f"/proc/{pid}/fd")))
        time.sleep(0.2)
    used = (_cpu_s(pid) - cpu_s) / (time.monotonic() - began)
    return {"threads": threads, "files": files, "cpu_percent": 100 * used}


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _status(daemon: Daemon):
    snapshot = daemon.status()
    return snapshot.devices if snapshot else ()


def _held(folder: Path) -> int:
    with suppress(consume.DatabaseFails):
        return consume.count(folder / "county.db", "evaluation.submitted")
    return 0


def test_tablets_at_once(tmp_path: Path) -> None:
    verdict = crowded(tmp_path, 15, 2.5, 1.0)
    assert verdict.clean, verdict
    assert verdict.figures["peak_mb"] <= MEMORY_MB, verdict


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_long_form_150_tablets_within_the_memory_budget(tmp_path: Path) -> None:
    verdict = report("150 tablets at once", lambda: crowded(tmp_path, 150, 240.0, 20.0))
    assert verdict.clean, verdict
    assert verdict.figures["peak_mb"] <= MEMORY_MB, verdict
