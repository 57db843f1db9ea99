"""How long `verify` takes to walk the chain of very many events (issue: 1,000,000 in under 30 s)."""

from collections.abc import Iterator
from pathlib import Path

from edge.proof.verify import verify
from tests.bench.filled import filled
from tests.bench.measure import Line, Scale, against_constant, line

SECONDS_MAX_PER_MILLION = 30.0


def benchmarks(scale: Scale) -> Iterator[Line]:
    """The walk over a whole database, which must also find it whole."""
    rows = 10_000_000 if scale.full else scale.of(1_000_000, 20_000)
    folder = filled(scale.folder, rows)
    took = [_took(folder, rows) for _ in range(scale.repeat)]
    limit = against_constant(took, SECONDS_MAX_PER_MILLION * rows / 1_000_000)
    yield line(f"verify.walk_{rows}", "s", limit, "allowed", "<= 1")


def _took(folder: Path, rows: int) -> float:
    report = verify(folder, [])
    if report.bad or report.epochs[0].rows <= rows:
        raise RuntimeError(f"the log is not whole: {report}")
    return report.seconds
