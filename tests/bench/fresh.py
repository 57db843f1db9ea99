"""P9: what a fresh event and its device notice of a backlog that drains, beside the same hall without one.

The hall's store and uplink run in a process of their own (`python -m tests.bench.fresh FOLDER PORT SERIAL
PACE`), which takes events at its pace, or as fast as they are accepted, until everything is confirmed.
"""

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from edge.contract import Description
from edge.events import event_id
from edge.settings.settings import UplinkSettings
from edge.store import FILE, Reader, Store, sequence_of
from edge.uplink.uplink import Uplink
from tests.bench.filled import filled
from tests.bench.measure import Line, Scale, against_constant, in_turn, line, percentile
from tests.bench.outlet import BROKER, forget_receipts
from tests.bench.site import CLOCK, PLACE, intake, opened
from tests.bench.upstream import APP, listening
from tests.broker import Broker

PACE_S = 0.004
EVENTS = 500
"""At least; while a backlog drains they go on to its end."""
FRESH_MAX_MS = 5000.0
WAIT_S = 60.0


class Fresh(NamedTuple):
    """The 99th percentile from the store's door to the subscriber, and how many a second were accepted."""

    p99_ms: float
    rate: float


def benchmarks(scale: Scale) -> Iterator[Line]:
    """P9."""
    rows = scale.of(1_000_000, 10_000)
    serials = (f"FRESH{number:03}" for number in itertools.count())
    idle = (scale.folder / f"p9-{number}" for number in itertools.count())
    backlog = filled(scale.folder, rows)

    def draining(pace_s: float) -> Fresh:
        forget_receipts(backlog / FILE)
        return _lived(scale.folder, backlog, next(serials), pace_s)

    def resting(pace_s: float) -> Fresh:
        folder = next(idle)
        with opened(folder):
            pass
        return _lived(scale.folder, folder, next(serials), pace_s)

    paced = in_turn(scale.repeat, lambda: draining(PACE_S).p99_ms, lambda: resting(PACE_S).p99_ms)
    yield line(f"p9.fresh_p99_draining_{rows}", "ms", paced, "the same without a backlog", "<= 10")
    absolute = against_constant(paced.ours, FRESH_MAX_MS)
    yield line(f"p9.fresh_p99_draining_{rows}_absolute", "ms", absolute, "allowed", "<= 1")
    ingest = in_turn(scale.repeat, lambda: draining(0.0).rate, lambda: resting(0.0).rate)
    yield line(f"p9.ingest_draining_{rows}", "events/s", ingest, "the same without a backlog", ">= 0.5")


def _lived(scratch: Path, folder: Path, serial: str, pace_s: float) -> Fresh:
    """One life of the hall with fresh events all the while, seen from upstream."""
    with closing(Reader(folder / FILE)) as reader:
        backlog = sequence_of(reader.newest())
    told = scratch / "fresh.json"
    with (
        Broker(scratch / "fresh-broker", config=BROKER) as broker,
        listening(broker.port, ["batch", "gzip"]) as upstream,
        told.open("wb") as out,
    ):
        upstream.tally.backlog = backlog
        command = [
            sys.executable,
            "-m",
            "tests.bench.fresh",
            str(folder),
            str(broker.port),
            serial,
            str(pace_s),
        ]
        with subprocess.Popen(command, stdout=out) as hall:
            tally = upstream.confirm_until(lambda _tally: hall.poll() is not None, folder / FILE)
    if hall.returncode:
        raise RuntimeError("the hall did not come to its end")
    taken = json.loads(told.read_bytes())
    latencies = [(tally.at[each] - at) * 1000 for each, at in taken["began"].items()]
    return Fresh(percentile(latencies, 0.99), len(latencies) / taken["seconds"])


def main(folder: Path, port: int, serial: str, pace_s: float) -> None:
    """The hall: take until the backlog is confirmed, wait until all is, print when each was taken."""
    settings = UplinkSettings(host="127.0.0.1", port=port, tls=False, confirm=(APP,))
    with opened(folder) as store:
        description = Description("bench", (), ())
        uplink = Uplink(settings, PLACE, store, CLOCK, description, lambda: (), lambda: None)
        uplink.start()
        _wait_for(lambda: uplink.outbox.retired > 0 or not uplink.outbox.behind and uplink.line.connected)
        started = time.monotonic()
        began = _take(store, uplink, serial, pace_s)
        seconds = time.monotonic() - started
        _wait_for(lambda: uplink.outbox.retired >= store.tip.position)
        uplink.stop()
        uplink.join(5)
    print(json.dumps({"seconds": seconds, "began": began}))


def _take(store: Store, uplink: Uplink, serial: str, pace_s: float) -> dict[str, float]:
    backlog, began = store.tip.position, dict[str, float]()
    for number in itertools.count():
        if number >= EVENTS and uplink.outbox.retired >= backlog:
            break
        one = intake(number, serial)
        time.sleep(pace_s)
        began[event_id(one.drafts[0].fact)] = time.monotonic()
        store.take(one)
    return began


def _wait_for(true: object) -> None:
    assert callable(true)
    end = time.monotonic() + WAIT_S
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("the hall does not get there")
        time.sleep(0.005)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
