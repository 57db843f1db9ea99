"""P3: decoding a ZK log, beside pyzk on the same bytes; and whether it stays linear.

pyzk's transport is replaced by a function that returns the bytes, so that only its decoding counts. Ours is
fed in blocks, as the driver feeds it. Where a layout names nobody, both look people up in the user table.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from zk import ZK
from zk.user import User

from drivers.base import EMIT_MAX
from drivers.zk.records import LAYOUTS, Record, decode
from tests.bench.measure import Line, Scale, in_turn, line, say, seconds
from tests.bench.site import PEOPLE, punches
from tests.sim.zk.layouts import RECORD

USERS = [User(uid, f"user {uid}", 0, user_id=str(uid)) for uid in range(1, PEOPLE + 1)]
NAMES = {f"uid:{user.uid}": user.user_id for user in USERS}


def benchmarks(scale: Scale) -> Iterator[Line]:
    """P3."""
    for layout in ("40", "16", "8"):
        yield from _decoders(scale, layout)


def _decoders(scale: Scale, layout: str) -> Iterator[Line]:
    few, many, most = scale.of(10_000, 1_000), scale.of(100_000, 5_000), scale.of(500_000, 20_000)
    size = LAYOUTS[layout].size
    log = _log(layout, most)
    part, begin = log[: many * size], log[: few * size]
    _assert_same(layout, begin)
    say(f"   {layout} bytes: {many} records by pyzk take their time")
    rounds = in_turn(
        scale.repeat,
        lambda: many / seconds(lambda: list(_ours(layout, part))),
        lambda: many / seconds(lambda: _pyzk(layout, part)),
    )
    yield line(f"p3.decode_{layout}_{many}", "records/s", rounds, "pyzk, same results", ">= 25")
    linear = in_turn(
        scale.repeat,
        lambda: seconds(lambda: _drain(layout, log)) / most * 1e6,
        lambda: seconds(_times(most // few, lambda: _drain(layout, begin))) / most * 1e6,
    )
    yield line(f"p3.linear_{layout}_{most}", "us/record", linear, f"the same at {few}", "<= 1.3")


def _log(layout: str, count: int) -> bytes:
    encode = RECORD[int(layout)]
    return b"".join(encode(punch, int(punch.user_id)) for punch in punches(0, count))


def _ours(layout: str, log: bytes) -> Iterator[tuple[list[Record], list[str]]]:
    """Block by block: the records, and who is meant where the layout itself names nobody."""
    block = EMIT_MAX * LAYOUTS[layout].size
    named = LAYOUTS[layout].has_user
    for start in range(0, len(log), block):
        records, bad = decode(LAYOUTS[layout], log[start : start + block])
        if bad:
            raise RuntimeError(f"{len(bad)} records make no sense")
        yield records, [] if named else [NAMES[record.user] for record in records]


def _drain(layout: str, log: bytes) -> None:
    """Decode and keep nothing, as the driver does."""
    deque(_ours(layout, log), maxlen=0)


def _pyzk(layout: str, log: bytes) -> list[Any]:
    reader = ZK("127.0.0.1", ommit_ping=True)
    reader.records = len(log) // LAYOUTS[layout].size
    answer = len(log).to_bytes(4, "little") + log
    reader.read_sizes = lambda: True
    reader.get_users = lambda: USERS
    reader.read_with_buffer = lambda *_: (answer, len(answer))
    return list(reader.get_attendance())


def _assert_same(layout: str, log: bytes) -> None:
    ours = [
        (record.time, user, record.verify, record.state)
        for records, users in _ours(layout, log)
        for record, user in zip(records, users or [record.user for record in records], strict=True)
    ]
    theirs = [
        (each.timestamp.isoformat(), each.user_id, each.status, each.punch) for each in _pyzk(layout, log)
    ]
    if ours != theirs:
        raise RuntimeError(f"layout {layout}: the results differ from pyzk's")


def _times(count: int, work: Callable[[], object]) -> Callable[[], None]:
    def repeated() -> None:
        for _ in range(count):
            work()

    return repeated
