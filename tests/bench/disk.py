"""P13: disk for each event, and what a look at the status costs, with very many events stored."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

from edge.contract import Description
from edge.device.runner import Runner
from edge.settings.config import load
from edge.snapshot import Storage
from edge.status import Status
from edge.store import FILE, Store, sqlite
from edge.uplink.uplink import Uplink
from tests.bench.filled import filled
from tests.bench.measure import Line, Scale, against_constant, in_turn, line, seconds
from tests.bench.site import CLOCK, PLACE, config, opened

STATUS_MAX_MS = 5.0
LOOKS = 50
WELL = Storage("ok", "", "")


def benchmarks(scale: Scale) -> Iterator[Line]:
    """P13."""
    rows = 10_000_000 if scale.full else scale.of(1_000_000, 20_000)
    folder = filled(scale.folder, rows)
    used, raw = (folder / FILE).stat().st_size / rows, _raw_bytes(folder / FILE) / rows
    yield line(f"p13.disk_{rows}", "bytes/event", in_turn(1, lambda: used, lambda: raw), "its JSON", "<= 1.4")
    with opened(folder) as store:
        take = status_of(store, folder).take
        look_ms = [
            seconds(lambda: [take() for _ in range(LOOKS)]) / LOOKS * 1000 for _ in range(scale.repeat)
        ]
        yield line(f"p13.status_{rows}", "ms", against_constant(look_ms, STATUS_MAX_MS), "allowed", "<= 1")
        counts = [float(sum("COUNT(" in each.upper() for each in _statements(take)))]
        yield line("p13.status_counts", "statements", against_constant(counts, 1), "that count rows", "<= 0")


def _raw_bytes(database: Path) -> int:
    with closing(sqlite.connect_reader(database)) as connection:
        (total,) = connection.execute("SELECT sum(length(CAST(body AS BLOB))) FROM event").fetchone()
    return int(total)


def status_of(store: Store, folder: Path) -> Status:
    """The status of a hall whose daemon does not run, but whose store is open."""
    path = folder / "status.toml"
    path.write_text(config(folder, 0, (1, 2, 3)))
    settings = load(path)
    runners = [Runner(device, store, CLOCK) for device in settings.devices]
    description = Description("bench", (), ())
    uplink = Uplink(settings.uplink, PLACE, store, CLOCK, description, lambda: (), lambda: None)
    return Status(settings, store, runners, uplink, lambda: WELL, CLOCK, "bench")


def _statements(work: Callable[[], object]) -> list[str]:
    """What `work` asks read-only connections."""
    executed: list[str] = []
    connect = sqlite.connect_reader

    def traced(path: Path) -> sqlite.Connection:
        connection = connect(path)
        connection.set_trace_callback(executed.append)
        return connection

    with patch.object(sqlite, "connect_reader", traced):
        work()
    if not executed:
        raise RuntimeError("nothing was asked")
    return executed
