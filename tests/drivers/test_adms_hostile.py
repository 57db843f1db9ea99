"""What whoever claims to be a terminal can make of us: no bloat, no standstill, no flood of the database."""

import time
import tracemalloc
from collections.abc import Sequence

import pytest

from drivers.adms import driver as adms
from drivers.adms.pace import BURST
from drivers.base import Reading, Reject
from tests.drivers.adms_site import driver, link, request, upload
from tests.drivers.memory_link import MemoryLink

BODY = 320 << 10
BLOAT_MAX = 6 << 20
SAID_BLOAT_MAX = 3 << 20
"""Of what a terminal says of itself: text between commas takes half as much room as records do."""


class Thrown(MemoryLink):
    """Keeps a number in place of what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = self.most = 0

    def emit(
        self,
        readings: Sequence[Reading],
        cursor: str | None,
        complete_until: str | None = None,
        rejects: Sequence[Reject] = (),
    ) -> None:
        self.cursor, self.most = cursor, max(self.most, len(readings) + len(rejects))
        self.taken += len(readings) + len(rejects)


@pytest.mark.parametrize(
    ("target", "line", "most"),
    [
        ("cdata?table=ATTLOG&Stamp=1", b"abc\n", BLOAT_MAX),
        ("cdata?table=ATTLOG&Stamp=1", b"%d\t2026-11-20 08:00:00\t0\n", BLOAT_MAX),
        ("cdata?table=OPERLOG&Stamp=1", b"USER PIN=%d\tCard=1\n", BLOAT_MAX),
        ("cdata?table=OPERLOG&Stamp=1", b"OPLOG 4\t%d\t2026-11-20 10:22:34\t0\n", BLOAT_MAX),
        ("cdata?table=USERINFO", b"USER PIN=%d\tCard=1\n", BLOAT_MAX),
        ("cdata?table=options", b"a%d=1,", SAID_BLOAT_MAX),
        ("cdata?table=options", b"%d,", SAID_BLOAT_MAX),
        ("devicecmd", b"ID=%d&Return=0\n", SAID_BLOAT_MAX),
    ],
)
def test_a_long_hostile_body_becomes_little_in_memory(target: str, line: bytes, most: int) -> None:
    many = range(BODY // (len(line) + 3))
    body = b"".join(line % n if b"%" in line else line for n in many)
    site, here = driver(), Thrown()
    tracemalloc.start()
    try:
        site.handle(request(target, body), here)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < most, f"{peak >> 20} MB"


def test_a_result_on_a_hundred_thousand_lines_takes_no_time() -> None:
    body = b"ID=1&Return=0\n" + b"".join(b"a%d=\n" % n for n in range(100_000))
    began = time.monotonic()
    driver().handle(request("devicecmd", body), link())
    assert time.monotonic() - began < 5


def test_people_who_are_named_without_end_are_kept_by_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adms, "monotonic", lambda: 1000.0)
    site, here = driver(), Thrown()
    body = b"x\n" * 20_000
    said = [site.handle(request("cdata?table=OPERLOG&Stamp=1", body), here).status for _ in range(6)]
    assert said == [200] * (BURST // 20_000) + [503]
    assert site.handle(request("cdata?table=USERINFO", body), here).status == 503
    assert "push_flood" in here.notes
    assert site.handle(upload(b"1\t2026-11-20 08:00:00\t0\n"), here).status == 503, "one pace for all"
