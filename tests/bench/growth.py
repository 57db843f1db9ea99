"""What grows with the backlog, 10,000 events against very many: commits, reads, status, memory, start.

Both databases are open at the same time and measured in turn.
"""

import itertools
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from edge.store import FILE, Intake, Reader, Store
from tests.bench.disk import status_of
from tests.bench.filled import filled
from tests.bench.measure import Line, Rounds, Scale, against_constant, in_turn, line, percentile, seconds
from tests.bench.site import config, draft, intake, opened
from tests.hall import Daemon

FEW = 10_000
SINGLES, BATCHES, BATCH = 200, 20, 1000
PARCEL, PARCELS = 200, 45
LOOKS = 50
RSS_MORE_MB = 5.0
STATUS_X = "<= 2"


def benchmarks(scale: Scale) -> Iterator[Line]:
    """The laws of growth for a backlog, and the start of the daemon before one."""
    rows = 10_000_000 if scale.full else scale.of(1_000_000, 20_000)
    folders = filled(scale.folder, rows), filled(scale.folder, FEW)
    with opened(folders[0]) as many, opened(folders[1]) as few:
        numbers = itertools.count(0, BATCH)
        yield _law(scale, "commit_p50", "ms", "<= 3", _Pair(many, few), lambda store: _commit_ms(store, next(numbers)))
        yield _law(scale, "accept_1000", "events/s", ">= 0.4", _Pair(many, few), lambda store: _accept(store, next(numbers)))
