"""P5, P6 and P10: a backlog leaves the real daemon, beside ThingsBoard's gateway with the same events.

First to somebody who confirms from memory, so that the broker's PUBACK sets the pace; then to the reference
consumer in a process of its own, whose receipts are durable. CPU is that of the whole daemon's process.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

from edge.store import FILE, Reader
from tests.bench import peer
from tests.bench.filled import filled
from tests.bench.measure import Line, Rounds, Scale, against_constant, line, say
from tests.bench.outlet import Drained, Outlet

CPU_US = {"plain": 6.0, "gzip": 8.0, "durable": 8.0}
"""Allowed for an event, on the machine where the peer's best setting took PEER_CPU_US or a little less."""
PEER_CPU_US = 150.0
RSS_MORE_MB = 15.0
FEW = 10_000
PEER = 100_000
"""Its rate falls with more: 100,000 is its best case."""
LIMIT = "bare SQLite read, then bare paho publish of the same batches"
Found = Mapping[str, Sequence[Drained]]


def benchmarks(scale: Scale) -> Iterator[Line]:
    """P5, P6, P10, and P11 while it drains."""
    rows, least = scale.of(1_000_000, 10_000), scale.of(FEW, 2_000)
    many, few = (Outlet(scale.folder, filled(scale.folder, each)) for each in (rows, least))
    found: dict[str, list[Drained]] = defaultdict(list)
    for number in range(scale.repeat):
        for how, drain in {
            "peer": lambda number=number: _peer(scale, many, number),
            "plain": lambda: many.from_memory(["batch"]),
            "limit": lambda: many.bare(batch=200),
            "gzip": lambda: many.from_memory(["batch", "gzip"]),
            "durable": many.durably,
            "few": lambda: few.from_memory(["batch"]),
            "single": few.to_anybody,
            "single limit": lambda: few.bare(batch=1),
        }.items():
            if how != "peer" or not scale.quick:
                found[how].append(drain())
                say(f"   {how}: {found[how][-1].rate:.0f} events/s, {found[how][-1].cpu_us:.1f} us/event")
    if not scale.quick:
        yield from _beside_the_peer(rows, found)
    yield from _beside_the_limit(rows, least, found)
    yield from _cpu_and_memory(rows, least, found)
    yield _wire("p10.wire_of_batches", found["gzip"], "<= 0.25")
    yield _wire("p10.wire_of_one", found["single"], "<= 1.1")


def _peer(scale: Scale, outlet: Outlet, number: int) -> Drained:
    """The first events of the backlog, as many as it drains at its best rate."""
    peer.install()
    with closing(Reader(outlet.database / FILE)) as reader:
        bodies = [row.body for row in reader.after(0, PEER)]
    done = peer.drain(scale.folder / f"peer-{number}", bodies)
    return Drained(done.rate, done.cpu_us)


def _beside_the_peer(rows: int, found: Found) -> Iterator[Line]:
    what = f"{peer.RELEASE}, pack {peer.PACK}"
    for name, how, target in (
        (f"p5.drain_{rows}", "plain", ">= 20"),
        (f"p5.drain_{rows}_gzip", "gzip", ">= 20"),
        (f"p6.drain_{rows}_durable", "durable", ">= 4"),
    ):
        yield line(name, "events/s", _rates(found, how, "peer"), what, target)
    for how, most in CPU_US.items():
        used = Rounds([each.cpu_us for each in found[how]], [each.cpu_us for each in found["peer"]])
        target = f"<= {most / PEER_CPU_US:.3f}"
        yield line(f"p6.cpu_{rows}_{how}_of_peer", "us/event", used, what, target)


def _beside_the_limit(rows: int, few: int, found: Found) -> Iterator[Line]:
    yield line(f"p5.drain_{rows}_of_limit", "events/s", _rates(found, "plain", "limit"), LIMIT, ">= 0.5")
    single = _rates(found, "single", "single limit")
    yield line(f"p5.drain_{few}_one_by_one_of_limit", "events/s", single, LIMIT, ">= 0.5")


def _cpu_and_memory(rows: int, least: int, found: Found) -> Iterator[Line]:
    for how, most in CPU_US.items():
        used = against_constant([each.cpu_us for each in found[how]], most)
        yield line(f"p6.cpu_{rows}_{how}", "us/event", used, "allowed", "<= 1")
    pairs = zip(found["plain"], found["few"], strict=True)
    more = [max(many.peak_mb - few.peak_mb, 0.0) for many, few in pairs]
    rss = against_constant(more, RSS_MORE_MB)
    yield line(f"p11.rss_draining_{rows}", "MB", rss, f"allowed above that of {least}", "<= 1")


def _wire(name: str, found: Sequence[Drained], target: str) -> Line:
    """Bytes of whole PUBLISH packets, beside the JSON in them."""
    rounds = Rounds([each.wire for each in found], [each.raw for each in found])
    return line(name, "bytes/event", rounds, "its JSON", target)


def _rates(found: Found, ours: str, theirs: str) -> Rounds:
    return Rounds([each.rate for each in found[ours]], [each.rate for each in found[theirs]])
