"""What an idle hall writes: 40 terminals that are polled and have nothing new, for a while, told as a day.

Counted at the device where a disk can be mounted here (an ext4 of its own, so that its journal counts too),
and as the kernel counts it for the process.
"""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.daemon import Hall
from tests.bench.measure import Line, Scale, against_constant, line
from tests.bench.site import punches
from tests.broker import Broker
from tests.faults import disk
from tests.sim.zk import Terminal

DEVICES = 40
STORED = 200
"""Punches in the log of each terminal."""
DAY_S = 86_400
DAY_MAX_MB = 100.0
SETTLE_S = 75
"""A device that has just begun reports its state a minute later."""
SECTOR = 512
MARGIN_MB = 256


def benchmarks(scale: Scale) -> Iterator[Line]:
    """Bytes a day. Ten minutes are watched: so often `status.json` is written where nothing happens."""
    watched_s = scale.of(600, 20)
    with (
        _disk(scale.folder / "flash") as (folder, device),
        _hall(scale.folder / "flash-broker") as hall,
        hall.running(folder) as pid,
    ):
        time.sleep(scale.of(SETTLE_S, 1))
        before = _written(folder, device, pid)
        time.sleep(watched_s)
        after = _written(folder, device, pid)
    for name, first, last in zip(("device", "process"), before, after, strict=True):
        if first is not None and last is not None:
            day_mb = (last - first) / watched_s * DAY_S / 1e6
            rounds = against_constant([day_mb], DAY_MAX_MB)
            yield line(f"flash.idle_{DEVICES}_{name}", "MB/day", rounds, "allowed", "<= 1")


@contextlib.contextmanager
def _disk(path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the block device it alone uses; "" where none can be mounted."""
    if disk.lacking():
        path.mkdir(parents=True)
        yield path, ""
        return
    with disk.Ext4(path, MARGIN_MB) as ext4:
        yield ext4.path / "edge", ext4.device()


@contextlib.contextmanager
def _hall(folder: Path) -> Iterator[Hall]:
    with contextlib.ExitStack() as up:
        broker = up.enter_context(Broker(folder))
        terminals = [Terminal(serial=f"BENCH{n:05}", clients=2) for n in range(1, DEVICES + 1)]
        for terminal in terminals:
            terminal.load(punches(0, STORED))
        yield Hall([up.enter_context(terminal) for terminal in terminals], broker)


def _written(folder: Path, device: str, pid: int) -> tuple[int | None, int]:
    """Bytes written so far: by the device, once all is on it, and by the process."""
    subprocess.run(["sync", "-f", str(folder)], check=True)
    sectors = Path(f"/sys/block/{device}/stat").read_text().split()[6] if device else None
    counts = dict(row.split(": ") for row in Path(f"/proc/{pid}/io").read_text().splitlines())
    return None if sectors is None else int(sectors) * SECTOR, int(counts["write_bytes"])
