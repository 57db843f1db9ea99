"""E5: a crowd of slow clients at both ports of the LAN, while citizens rate and people open their pages."""

import http.client
import ssl
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from edge.control import command
from edge.office.certificate import FILE as CERTIFICATE
from edge.office.certificate import make
from edge.store import FILE
from edge.store.recent import Recents
from tests.broker import free_port
from tests.faults.lab import report
from tests.faults.oracle import Verdict
from tests.hall import ALONE, LISTEN, OFFICE, SITE, Daemon, until
from tests.kiosk.conftest import rating
from tests.sim.slow import slow
from tests.sim.tablet import Tablet

P99_S = 0.3
CONFIG = (
    SITE
    + ALONE
    + OFFICE
    + LISTEN
    + """\
[device.tablet-1]
driver = "kiosk"
window = "A01"
"""
)


def besieged(folder: Path, many: int, times: int) -> Verdict:
    """So many slow clients at either port; each of so many ratings and pages is timed."""
    office, listen = free_port(), free_port()
    daemon = Daemon(folder / "edge.toml", folder / "edge")
    daemon.config.write_text(
        CONFIG.format(folder=daemon.folder, web=free_port(), office=office, listen=listen)
    )
    daemon.folder.mkdir()
    make(daemon.folder, ("127.0.0.1",))
    daemon.start()
    try:
        tablet = paired(daemon, listen)
        asked = ssl.create_default_context(cafile=daemon.folder / CERTIFICATE)
        with slow(listen, many, "--path", "/k/A01/rate"), slow(office, many, "--tls", "--path", "/login"):
            time.sleep(1)
            rates = [timed(lambda n=n: rated(tablet, n)) for n in range(times)]  # type: ignore[misc]
            pages = [timed(lambda: opened(office, asked)) for _ in range(times)]
            alive = command(daemon.folder, "pairings") is not None
        with closing(Recents(daemon.folder / FILE)) as reader:
            stored = [each.data["session_id"] for each in reader.of(["evaluation.submitted"], 0, 50_000)]
        figures = {"slow_clients": many, **told("rating", rates), **told("page", pages)}
        figures |= {"peak_mb": daemon.peak_mb()}
        lost = tuple(f"rating {n}" for n, took in enumerate(rates) if took is None)
        refused = tuple(f"page {n}" for n, took in enumerate(pages) if took is None)
        double = tuple(str(each) for each in stored if stored.count(each) > 1)
        return Verdict(times, lost=(*lost, *refused), double=double, live=alive, figures=figures)
    finally:
        daemon.stop()


def paired(
    daemon: Daemon, port: int, device: str = "tablet-1", window: str = "A01", part: str = "tablet"
) -> Tablet:
    """A tablet or desk that knows the daemon's time; its port may open a moment after the commands."""
    tablet = Tablet(port, f"/{'w' if part == 'desk' else 'k'}/{window}/", f"kiosk-{window}")
    code = command(daemon.folder, "pair", device=device, part=part, actor="li")
    assert code

    def pairs() -> bool:
        with suppress(OSError):
            return tablet.pair(code.text) == part
        return False

    assert until(pairs, 20)
    tablet.send("POST", "desk" if part == "desk" else "state", {"version": "x", "queue": 0})
    return tablet


def rated(tablet: Tablet, number: int) -> bool:
    return tablet.send("POST", "rate", rating(number)).status == 200


def opened(port: int, asked: ssl.SSLContext) -> bool:
    with closing(http.client.HTTPSConnection("127.0.0.1", port, context=asked, timeout=20)) as line:
        line.request("GET", "/login")
        return line.getresponse().status == 200


def timed(act: Callable[[], bool]) -> float | None:
    """Seconds that it took; None where it was not done."""
    began = time.monotonic()
    with suppress(OSError, http.client.HTTPException):
        return time.monotonic() - began if act() else None
    return None


def told(name: str, took: list[float | None]) -> dict[str, float]:
    known = sorted(each for each in took if each is not None) or [0.0]
    return {
        f"{name}_p50_ms": known[len(known) // 2] * 1000,
        f"{name}_p99_ms": known[min(len(known) - 1, len(known) * 99 // 100)] * 1000,
    }


def test_slow_clients_keep_no_rating_and_no_page_waiting(tmp_path: Path) -> None:
    verdict = besieged(tmp_path, 130, 15)
    assert verdict.clean, verdict


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_long_form_240_slow_clients_at_either_port(tmp_path: Path) -> None:
    verdict = report("E5 slow clients", lambda: besieged(tmp_path, 240, 300))
    assert verdict.clean, verdict
    assert max(verdict.figures["rating_p99_ms"], verdict.figures["page_p99_ms"]) <= P99_S * 1000
