"""Intake from terminals that push: our daemon beside an open server for them, and beside the least one.

Eight terminals upload at once, one punch a request as when people punch, or a hundred as after an outage;
each waits for its OK. All three servers are processes of their own, and commit durably before they say it.
Only ours binds terminals to addresses, keeps a hash chain and an outbox, and marks what is not yet proved.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from tests.bench import adms_peer as peer
from tests.bench.measure import Line, Rounds, Scale, line, seconds
from tests.bench.site import COUNTY, HALL
from tests.broker import free_port
from tests.hall import until
from tests.sim.adms.calls import Answer, call

Command = Sequence[str | os.PathLike[str]]
TERMINALS = 8
PACK = 100
TRIES = 5
WAIT_S = 60.0
"""A busy peer commits after many seconds; a terminal would have come again by then."""
READY_S = 30.0
MORNING = datetime.fromisoformat("2026-11-20T08:00:00")
CONFIG = """
[site]
county = "{county}"
hall = "{hall}"
[store]
folder = "{folder}"
[clock]
trust = "system"
[web]
port = 0
[listen]
host = "127.0.0.1"
port = {port}
"""
DEVICE = '[device.face-{n}]\ndriver = "adms"\nserial = "B{n}"\n'


class Way(NamedTuple):
    """How terminals upload: so many requests each, of so many records. target: beside the least server."""

    name: str
    requests: int
    records: int
    target: str = ">= 0.5"


def benchmarks(scale: Scale) -> Iterator[Line]:
    """Single punches and packs, beside both."""
    for way in (Way("single", scale.of(60, 5), 1), Way(f"pack_{PACK}", scale.of(20, 1), PACK, ">= 0.3")):
        found: dict[str, list[float]] = {"ours": [], "least": [], "peer": []}
        for turn in range(scale.repeat):
            for name, server in SERVERS.items():
                if name != "peer" or not scale.quick:
                    folder = scale.folder / f"adms-{way.name}-{turn}-{name}"
                    folder.mkdir(parents=True)
                    found[name].append(_rate(folder, way, server(folder, port := free_port()), port))
        if found["peer"]:
            what = f"{peer.RELEASE}, {peer.THREADS} threads, SQLite"
            yield line(f"adms.{way.name}", "punches/s", Rounds(found["ours"], found["peer"]), what, ">= 3")
        what = "the least a server can do: parse, store once, commit"
        yield line(
            f"adms.{way.name}_least", "punches/s", Rounds(found["ours"], found["least"]), what, way.target
        )


def _ours(folder: Path, port: int) -> Command:
    config = folder / "edge.toml"
    tables = "".join(DEVICE.format(n=n) for n in range(TERMINALS))
    config.write_text(CONFIG.format(county=COUNTY, hall=HALL, folder=folder, port=port) + tables)
    return [sys.executable, "-m", "edge.cli", "run", "--config", str(config)]


def _least(folder: Path, port: int) -> Command:
    return [sys.executable, "-m", "tests.bench.adms_least", str(folder), str(port)]


def _peer(folder: Path, port: int) -> Command:
    peer.install()
    peer.prepare(folder)
    return peer.command(folder, port)


SERVERS = {"ours": _ours, "least": _least, "peer": _peer}


def _rate(folder: Path, way: Way, command: Command, port: int) -> float:
    """Punches a second, of a server on an empty database."""
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            if not until(lambda: _upload(port, 0, -1, 1).status == 200, READY_S):
                raise TimeoutError(f"no server: {(folder / 'log').read_text()[-2000:]}")
            return TERMINALS * way.requests * way.records / seconds(lambda: _all_at_once(port, way))
        finally:
            process.terminate()


def _all_at_once(port: int, way: Way) -> None:
    with ThreadPoolExecutor(TERMINALS) as pool:
        list(pool.map(lambda terminal: _terminal(port, terminal, way), range(TERMINALS)))


def _terminal(port: int, terminal: int, way: Way) -> None:
    for request in range(way.requests):
        for _ in range(TRIES):  # as a terminal does
            answer = _upload(port, terminal, request * way.records, way.records)
            if b"OK" in answer.body:
                break
        else:
            raise RuntimeError(f"upload {request} of terminal {terminal}: {answer}")


def _upload(port: int, terminal: int, first: int, count: int) -> Answer:
    """So many records, from the `first` on."""
    rows = (_row(number) for number in range(first, first + count))
    target = f"/iclock/cdata?SN=B{terminal}&table=ATTLOG&Stamp=9999"
    return call(("127.0.0.1", port), target, "".join(rows).encode(), wait_s=WAIT_S)


def _row(number: int) -> str:
    time = MORNING + timedelta(seconds=number)
    return f"{1001 + number % 300}\t{time:%Y-%m-%d %H:%M:%S}\t{number % 2}\t15\t0\t0\t0\n"
