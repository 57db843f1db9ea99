"""What grows with the backlog: 10,000 events beside very many, in databases open at the same time."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from edge.store import Intake, Store
from tests.bench.disk import status_of
from tests.bench.filled import filled
from tests.bench.measure import Line, Scale, against_constant, in_turn, line, percentile, seconds
from tests.bench.site import config, draft, intake, opened
from tests.hall import Daemon, until

FEW = 10_000
SINGLES, BATCHES, BATCH = 200, 20, 1000
PARCEL, PARCELS = 200, 45
LOOKS = 50
RSS_MORE_MB = 5.0
SERIAL = "GROWTH"
_numbers = itertools.count()


def benchmarks(scale: Scale) -> Iterator[Line]:
    """The laws of growth for a backlog; that of the start is P12's."""
    rows = 10_000_000 if scale.full else scale.of(1_000_000, 20_000)
    many, few = filled(scale.folder, rows), filled(scale.folder, FEW)
    with opened(many) as grown, opened(few) as small:

        def law(name: str, unit: str, target: str, measure: Callable[[Store, Path], float]) -> Line:
            rounds = in_turn(scale.repeat, lambda: measure(grown, many), lambda: measure(small, few))
            return line(f"growth.{name}_{rows}", unit, rounds, f"the same with {FEW}", target)

        yield law("commit_p50", "ms", "<= 3", _commit_ms)
        yield law("accept_1000", "events/s", ">= 0.4", _accept_rate)
        yield law("read", "events/s", ">= 0.6", _read_rate)
        yield law("status", "ms", "<= 2", _status_ms)
    rounds = in_turn(scale.repeat, lambda: _peak_mb(many), lambda: _peak_mb(few))
    more = [max(our - their, 0.0) for our, their in zip(rounds.ours, rounds.theirs, strict=True)]
    yield line(
        f"growth.rss_{rows}", "MB", against_constant(more, RSS_MORE_MB), f"allowed above {FEW}", "<= 1"
    )


def _commit_ms(store: Store, _folder: Path) -> float:
    """The median of single accepts."""
    singles = [intake(number, SERIAL) for number in itertools.islice(_numbers, SINGLES)]
    return percentile([seconds(lambda one=one: store.take(one)) * 1000 for one in singles], 0.5)


def _accept_rate(store: Store, _folder: Path) -> float:
    """Emits of a thousand new events."""
    batches = [
        Intake("growth", SERIAL, [draft(number, SERIAL) for number in itertools.islice(_numbers, BATCH)], "")
        for _ in range(BATCHES)
    ]
    return BATCH * BATCHES / seconds(lambda: [store.take(each) for each in batches])


def _read_rate(store: Store, _folder: Path) -> float:
    """The uplink's reads, from the oldest on."""

    def read() -> None:
        with closing(store.reader()) as reader:
            after = 0
            for _ in range(PARCELS):
                after = reader.after(after, PARCEL)[-1].position

    return PARCEL * PARCELS / seconds(read)


def _status_ms(store: Store, folder: Path) -> float:
    take = status_of(store, folder).take
    return seconds(lambda: [take() for _ in range(LOOKS)]) / LOOKS * 1000


def _peak_mb(folder: Path) -> float:
    """Of the daemon before that log, with nobody upstream."""
    path = folder / "growth.toml"
    path.write_text(config(folder, 1, (), ["county"]))
    daemon = Daemon(path, folder)
    daemon.start()
    try:
        until(lambda: False, 2.0)
        return daemon.peak_mb()
    finally:
        daemon.kill()
