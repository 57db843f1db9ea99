"""What the ADMS tests share: a driver, a Link in memory, requests as a terminal makes them, recordings."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from drivers.adms import Adms
from drivers.base import Request
from tests.drivers.memory_link import MemoryLink

ROOT = Path(__file__).parents[2]
SERIAL = "CQZ0000001"
ZONE = timezone(timedelta(hours=8))
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=ZONE)


def captures() -> list[dict[str, Any]]:
    """Recorded requests; skips the test where they are absent."""
    for folder in (ROOT.parent, ROOT.parent.parent):
        path = folder / "shared" / "captures" / "adms_captures.json"
        if path.exists():
            found: list[dict[str, Any]] = json.loads(path.read_text())
            return found
    pytest.skip("recorded requests are not on this machine (../shared/captures)")


def driver(**options: Any) -> Adms:
    return Adms(Adms.Options(**{"serial": SERIAL, **options}))


def request(target: str, body: bytes | None = None, at: datetime = NOON, whole: bool = True) -> Request:
    """GET, or POST with `body`; `SN` is added."""
    parts = urlsplit(f"/iclock/{target}")
    query = {"SN": SERIAL, **dict(parse_qsl(parts.query, keep_blank_values=True))}
    verb = "GET" if body is None else "POST"
    return Request(verb, parts.path, query, {}, body or b"", "192.0.2.7", at, whole)


def upload(body: bytes, more: str = "", **rest: Any) -> Request:
    return request(f"cdata?table=ATTLOG&Stamp=9999{more}", body, **rest)


def record(number: int, user: str = "", state: int = 0) -> str:
    """The `number`-th record of a morning, a second apart."""
    time = datetime.fromisoformat("2026-11-20T08:00:00") + timedelta(seconds=number)
    return f"{user or 1000 + number % 50}\t{time:%Y-%m-%d %H:%M:%S}\t{state}\t15\t0\t0\t0\n"


def records(first: int, count: int) -> bytes:
    return "".join(map(record, range(first, first + count))).encode()


def commands(reply: bytes) -> list[tuple[str, str]]:
    """The commands of an answer to getrequest: `(id, text)`."""
    rows = [row.split(":", 2) for row in reply.decode().splitlines() if row.startswith("C:")]
    return [(row[1], row[2]) for row in rows]


def link(cursor: str | None = None) -> MemoryLink:
    return MemoryLink(cursor)
