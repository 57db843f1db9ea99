"""P2 and P4: reading a ZK terminal's log, beside pyzk on the same simulated terminal, and bytes on the line.

The terminal is a process of its own and sends as fast as it can, so that only the reader's work counts.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from zk import ZK

from drivers.zk import Zk
from drivers.zk.log import OVERLAP, Known, tail_hash
from edge.device.link import DeviceLink
from edge.store import FILE, Intake, Reader, Store
from tests.bench.measure import Line, Rounds, Scale, against_constant, in_turn, line, say, seconds
from tests.bench.site import CLOCK, PEOPLE, SERIAL, device, opened, punches
from tests.sim.zk import Terminal

PACKET = 65_472
"""As large as real terminals send, and as pyzk asks."""
POLL_BYTES = 1024
"""Allowed for each poll, besides the new records."""
RECORD_BYTES = 40
GREETING_BYTES = 1024
"""Allowed once for each connection, besides its first poll."""
COUNTED_S = 0.02


def benchmarks(scale: Scale) -> Iterator[Line]:
    """P2 and P4."""
    yield from _contacts(scale)
    for stored in (1_000, 10_000, *(() if scale.quick else (100_000, 500_000))):
        yield from _polls(scale, stored)


# P2


class _First(NamedTuple):
    first_s: float
    second_s: float


def _contacts(scale: Scale) -> Iterator[Line]:
    logs = scale.of(100_000, 5_000)
    found: list[_First] = []

    def ours() -> float:
        found.append(_read_twice(scale.folder / f"p2-{len(found)}", port, logs))
        return found[-1].first_s

    with _terminal(logs) as port:
        say(f"   {logs} logs; pyzk's decoding is quadratic, a round takes its time")
        rounds = in_turn(scale.repeat, ours, lambda: _pyzk_s(port, logs))
    what = "pyzk get_attendance alone"
    yield line(f"p2.first_contact_{logs}", "s", rounds, what, "<= 0.5")
    again = Rounds([each.second_s for each in found], rounds.theirs)
    yield line(f"p2.second_contact_{logs}", "s", again, what, "<= 0.002")


@contextmanager
def _terminal(logs: int) -> Iterator[int]:
    """A terminal in a process of its own; gives its port."""
    options = f"--port 0 --serial {SERIAL} --users {PEOPLE} --log {logs} --capacity {logs * 2}"
    command = [sys.executable, "-m", "tests.sim.zk", *options.split(), "--pacing", "coalesced"]
    process = subprocess.Popen([*command, "--packet", str(PACKET)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield int(json.loads(process.stdout.readline())["port"])
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _read_twice(folder: Path, port: int, logs: int) -> _First:
    """Seconds of the first contact of a new hall, and of the first after a restart."""
    with opened(folder) as store:
        first_s, second_s = (seconds(lambda: _contact(store, port)) for _ in range(2))
        with closing(Reader(folder / FILE)) as reader:
            stored = reader.devices()[device().device_id].stored
        if stored != logs:
            raise RuntimeError(f"{stored} of {logs} punches are stored")
    return _First(first_s, second_s)


def _contact(store: Store, port: int) -> None:
    with _connected(store, port) as (driver, link):
        driver.poll(link)


@contextmanager
def _connected(store: Store, port: int) -> Iterator[tuple[Zk, DeviceLink]]:
    """The driver with an open connection, on a real link into the store."""
    driver = Zk(Zk.Options("127.0.0.1", port))
    link = DeviceLink(device(), store, CLOCK, threading.Event(), SimpleQueue(), lambda _told: None)
    try:
        driver.connect(link)
        yield driver, link
    finally:
        driver.close()


def _pyzk_s(port: int, logs: int) -> float:
    terminal = ZK("127.0.0.1", port=port, timeout=60, ommit_ping=True).connect()
    try:
        began = time.perf_counter()
        found = terminal.get_attendance()
        took_s = time.perf_counter() - began
        if len(found) != logs:
            raise RuntimeError(f"pyzk read {len(found)} of {logs}")
        return took_s
    finally:
        terminal.disconnect()


# P4


def _polls(scale: Scale, stored: int) -> Iterator[Line]:
    """Bytes of both directions above TCP, on a connection that is up, for a log that was read before."""
    terminal = Terminal(serial=SERIAL, capacity=stored * 2, packet=PACKET, pacing="coalesced")
    terminal.load(punches(0, stored))
    next_punch = stored
    with terminal, opened(scale.folder / f"p4-{stored}") as store:
        store.take(Intake("fp-1", SERIAL, (), _cursor(terminal, stored)))
        began = _bytes(terminal)
        with _connected(store, terminal.port) as (driver, link):
            driver.poll(link)
            yield _bytes_line(f"p4.reconnect_{stored}", _bytes(terminal) - began, GREETING_BYTES + POLL_BYTES)
            for new in (0, 1, 10, 100):
                terminal.load(punches(next_punch, new))
                next_punch += new
                allowed = POLL_BYTES + RECORD_BYTES * new
                began = _bytes(terminal)
                driver.poll(link)
                yield _bytes_line(f"p4.poll_{stored}_new_{new}", _bytes(terminal) - began, allowed)
        if store.tip.sequence != 1 + next_punch - stored:
            raise RuntimeError("not every new punch is stored")


def _cursor(terminal: Terminal, stored: int) -> str:
    """What the driver remembers of a log it has read."""
    tail = terminal.attlog()[-OVERLAP * RECORD_BYTES :]
    return Known(SERIAL, str(RECORD_BYTES), stored, tail_hash(tail)).text()


def _bytes(terminal: Terminal) -> int:
    """Both directions, once the terminal has counted its last reply."""
    before, now = -1, terminal.bytes_in + terminal.bytes_out
    while before != now:
        time.sleep(COUNTED_S)
        before, now = now, terminal.bytes_in + terminal.bytes_out
    return now


def _bytes_line(name: str, used: int, allowed: int) -> Line:
    return line(name, "bytes", against_constant([used], allowed), "allowed", "<= 1")
