"""`key=value` lines of a Dahua device -> plain values. Pure."""

import re
from typing import NamedTuple

_RECORD = re.compile(r"records\[(\d{1,6})\]\.([A-Za-z][\w.\[\]]{0,63})")
RECORDS_MAX = 100_000


class Found(NamedTuple):
    """A reply of the record finder. told: its `found`; total: its `totalCount`; None where it has none."""

    told: int | None
    total: int | None
    records: tuple[dict[str, str], ...]


def values(body: bytes) -> dict[str, str]:
    """The lines by key; the first of two wins."""
    told: dict[str, str] = {}
    for line in _text(body).splitlines():
        key, equals, value = line.partition("=")
        if equals:
            told.setdefault(key.strip(), value.strip())
    return told


def found(body: bytes) -> Found | None:
    """A reply of the record finder; None for anything else."""
    told = values(body)
    records: dict[int, dict[str, str]] = {}
    for key, value in told.items():
        match = _RECORD.fullmatch(key)
        if match and len(records) < RECORDS_MAX:
            records.setdefault(int(match[1]), {})[match[2]] = value
    if "found" not in told and not records:
        return None
    total = number(told.get("totalCount"))
    return Found(number(told.get("found")), total, tuple(records[index] for index in sorted(records)))


def number(text: str | None) -> int | None:
    """A decimal number that is not negative."""
    good = text is not None and text.isascii() and text.isdecimal() and len(text) <= 18
    return int(text) if good and text is not None else None


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")
