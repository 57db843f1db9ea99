"""What grows with the number of terminals that are asked: memory, CPU of a poll, what one dead one delays.

Simulated terminals with nothing new, all in this process, polled every five seconds by a daemon of its own.
The 500 of the law are measured with --full.
"""

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.bench.measure import Line, Rounds, Scale, against_constant, line
from tests.bench.site import config, punches
from tests.hall import Daemon, until
from tests.sim.zk import Terminal

FEW = 2
PERIOD_S = 5.0
PER_DEVICE_KB = 100.0
RECORDS = 100
ONLINE_S = 120.0
LOOK_S = 0.05
TICKS = 100.0
"""Of /proc/PID/stat, a second."""


class Held(NamedTuple):
    """A daemon while it polls so many. cpu_s: of the window; pause_s: the longest that one was left alone."""

    devices: int
    window_s: float
    rss_kb: float
    cpu_s: float
    pause_s: float


def benchmarks(scale: Scale) -> Iterator[Line]:
    """The laws of growth for devices."""
    many = 500 if scale.full else scale.of(200, 8)
    window_s = scale.of(30, 6)
    rounds = [
        [
            _polled(scale.folder / f"devices-{turn}-{count}", count, window_s)
            for count in (FEW, many // 2, many)
        ]
        for turn in range(scale.repeat)
    ]
    more = [(full.rss_kb - few.rss_kb) / (many - FEW) for few, _half, full in rounds]
    yield line(f"devices.rss_{many}", "KB a device", against_constant(more, PER_DEVICE_KB), "allowed", "<= 1")
    upper, lower = (
        [_a_poll(few, full) for few, _, full in rounds],
        [_a_poll(few, half) for few, half, _ in rounds],
    )
    what = f"the same with {many // 2}"
    yield line(f"devices.cpu_of_a_poll_{many}", "ms", Rounds(upper, lower), what, "<= 1.3")
    late = [max(full.pause_s - PERIOD_S, 0.0) for _few, _half, full in rounds]
    yield line(
        f"devices.late_beside_a_dead_one_{many}", "s", against_constant(late, PERIOD_S), "a period", "<= 1"
    )


def _a_poll(few: Held, more: Held) -> float:
    """CPU in ms that each poll takes, beyond what the daemon takes with a few terminals."""
    polls = (more.devices - few.devices) * more.window_s / PERIOD_S
    return max(more.cpu_s - few.cpu_s, 1 / TICKS) / polls * 1000


def _polled(folder: Path, count: int, window_s: float) -> Held:
    """So many terminals and one that is dead, for so long."""
    with ExitStack() as up:
        terminals = [up.enter_context(_terminal(number)) for number in range(count)]
        daemon = up.enter_context(
            _daemon(folder, [*[each.port for each in terminals], up.enter_context(_dead())])
        )
        if not until(lambda: _online(daemon) == count, ONLINE_S, 0.5):
            raise TimeoutError(f"{_online(daemon)} of {count} terminals are online")
        began_s = _cpu_s(daemon.pid)
        pause_s = _longest_pause_s(terminals, window_s)
        return Held(count, window_s, daemon.rss_mb() * 1024, _cpu_s(daemon.pid) - began_s, pause_s)


def _terminal(number: int) -> Terminal:
    made = Terminal(serial=f"GROW{number:05}", clients=2)
    made.load([*punches(0, RECORDS)])
    return made


@contextmanager
def _dead() -> Iterator[int]:
    """A port at which nobody answers, not even with a refusal: its backlog is full."""
    with ExitStack() as up:
        deaf = up.enter_context(socket.socket())
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):
            caller = up.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(deaf.getsockname())
        yield deaf.getsockname()[1]


@contextmanager
def _daemon(folder: Path, ports: Sequence[int]) -> Iterator[Daemon]:
    folder.mkdir()
    path = folder / "devices.toml"
    path.write_text(config(folder, 1, ports))
    daemon = Daemon(path, folder)
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop()


def _online(daemon: Daemon) -> int:
    snapshot = daemon.status()
    return sum(each.state == "online" for each in snapshot.devices) if snapshot else 0


def _longest_pause_s(terminals: Sequence[Terminal], window_s: float) -> float:
    """How long a terminal was left alone at most, as its simulator sees it."""
    began = time.monotonic()
    heard, last = [each.bytes_in for each in terminals], [began] * len(terminals)
    longest = 0.0
    while (now := time.monotonic()) < began + window_s:
        for place, each in enumerate(terminals):
            if each.bytes_in != heard[place]:
                longest, heard[place], last[place] = max(longest, now - last[place]), each.bytes_in, now
        time.sleep(LOOK_S)
    return max(longest, now - min(last))


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
