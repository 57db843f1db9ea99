"""E: a bad rating is on the supervision page within a second, while eight tablets submit without a pause."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from edge.control import command
from edge.office import Accounts
from edge.office.certificate import make
from tests.broker import free_port
from tests.faults.lab import report
from tests.faults.oracle import Verdict
from tests.faults.test_slow_clients import CONFIG, paired
from tests.hall import Daemon, until
from tests.kiosk.conftest import rating
from tests.office.conftest import PASSWORD, Person
from tests.sim.tablet import Tablet

WITHIN_S = 1.0
THREADS = 8


def told(folder: Path, bad: int, gap_s: float) -> Verdict:
    """So many bad ratings; each is waited for on the stream of the page, from when its tablet was thanked."""
    office, listen = free_port(), free_port()
    daemon = Daemon(folder / "edge.toml", folder / "edge")
    daemon.config.write_text(
        CONFIG.format(folder=daemon.folder, web=free_port(), office=office, listen=listen)
    )
    daemon.folder.mkdir()
    make(daemon.folder, ("127.0.0.1",))
    accounts = Accounts(daemon.folder, lambda: "2026-11-26T08:00:00+08:00")
    accounts.commands["account-add"]({"name": "chen", "role": "supervisor", "actor": "root"})
    assert accounts.change("chen", PASSWORD) is None
    daemon.start()
    seen: dict[str, float] = {}
    stop = threading.Event()
    place = SimpleNamespace(folder=daemon.folder, url=f"https://127.0.0.1:{office}")
    try:
        tablets = [paired(daemon, listen) for _ in range(THREADS + 1)]
        with Person(place) as chen:  # type: ignore[arg-type]
            assert chen.login("chen", PASSWORD).status_code == 303
            stream = chen.get("/supervision/events?after=0", stream=True)
            reading = threading.Thread(target=_read, args=(stream, seen), daemon=True)
            reading.start()
            with ThreadPoolExecutor(THREADS) as pool:
                submitted = [pool.submit(_submit, each, n, stop) for n, each in enumerate(tablets[1:])]
                thanked = {}
                for number in range(bad):
                    said = rating(number, "very_dissatisfied", comment=f"bad {number}")
                    assert tablets[0].send("POST", "rate", said).said == {"state": "taken"}
                    thanked[f"bad {number}"] = time.monotonic()
                    time.sleep(gap_s)
                until(lambda: len(seen) >= bad, 10)
                stop.set()
                others = sum(each.result() for each in submitted)
            stream.close()
        alive = command(daemon.folder, "pairings") is not None
    finally:
        stop.set()
        daemon.stop()
    took = sorted(seen[name] - at for name, at in thanked.items() if name in seen) or [0.0]
    figures = {"others": others, "p50_ms": 1000 * took[len(took) // 2], "most_ms": 1000 * took[-1]}
    return Verdict(bad, lost=tuple(set(thanked) - set(seen)), live=alive, figures=figures)


def _submit(tablet: Tablet, place: int, stop: threading.Event) -> int:
    """Ratings one after the other; how many."""
    number = 0
    while not stop.is_set():
        number += 1
        at = f"2026-11-20T09:{number // 60 % 60:02d}:{number % 60:02d}"
        said = rating((place + 1) * 1_000_000 + number, at=at, sent=at)
        with suppress(OSError):
            tablet.send("POST", "rate", said)
    return number


def _read(stream, seen: dict[str, float]) -> None:
    with suppress(Exception):
        for line in stream.iter_lines(decode_unicode=True):
            if line.startswith("data: "):
                told = msgspec.json.decode(line.removeprefix("data: "))
                if told["bad"]:
                    seen.setdefault(told["detail"], time.monotonic())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_bad_ratings_are_told_within_a_second_while_eight_submit(tmp_path: Path) -> None:
    verdict = report("bad rating on the page", lambda: told(tmp_path, 60, 0.5))
    assert verdict.clean, verdict
    assert verdict.figures["most_ms"] <= WITHIN_S * 1000
