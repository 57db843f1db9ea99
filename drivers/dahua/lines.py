"""`key=value` lines of a Dahua device -> plain values. Pure."""

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

RECORDS_MAX = 30_000
VALUES_MAX = 64 << 10
"""Bytes of an answer that is no list of records."""
FIELDS = frozenset(
    (
        b"RecNo",
        b"CreateTime",
        b"UserID",
        b"Method",
        b"Status",
        b"ErrorCode",
        b"AttendanceState",
        b"Type",
        b"CardNo",
        b"CardName",
    )
)
"""Of a record; the rest is passed over: a list of twenty thousand is eight megabytes, and ten times as much
in memory."""
NAMELESS = frozenset((b"CardNo", b"CardName"))
"""What two lines say of these is no contradiction that matters, and is not kept."""
TWICE = "twice"
"""A field of a record of which two lines said different things, as `name=value` of the second."""
_LINE = re.compile(rb"[^\n]+")
_RECORD = re.compile(rb"\s*records\[(\d{1,6})\]\.([A-Za-z]{1,32})\s*=(.*)", re.DOTALL)
_PIECE = 64 << 10


class Found(NamedTuple):
    """A reply of the record finder. told: its `found`; total: its `totalCount`; None where it has none."""

    told: int | None
    total: int | None
    records: tuple[dict[str, str], ...]


def values(body: bytes) -> dict[str, str]:
    """The lines by key; the first of two wins."""
    told: dict[str, str] = {}
    encoding = _encoding(body[:VALUES_MAX])
    for line in _lines(body[:VALUES_MAX]):
        key, equals, value = line.decode(encoding, "replace").partition("=")
        if equals:
            told.setdefault(key.strip(), value.strip())
    return told


def found(body: bytes) -> Found | None:
    """A reply of the record finder; None for anything else, and where it was cut in a record.

    UserID comes last: of a reply whose length was told wrong, `1012` becomes `101`, who is somebody else.
    """
    records: dict[int, dict[str, str]] = {}
    heads: dict[bytes, str] = {}
    encoding, texts = _encoding(body), dict[str, str]()
    for line in _lines(body):
        record = _RECORD.fullmatch(line)
        if record is None:
            name, equals, value = line.partition(b"=")
            if equals and (name := name.strip()) in (b"found", b"totalCount"):
                heads.setdefault(name, value.decode(encoding, "replace").strip())
        elif len(records) < RECORDS_MAX or int(record[1]) in records:
            fields = records.setdefault(int(record[1]), {})
            if record[2] in FIELDS:
                text = record[3].decode(encoding, "replace").strip()
                said = fields.setdefault(_NAMES[record[2]], texts.setdefault(text, text))
                if said != text and record[2] not in NAMELESS:
                    fields.setdefault(TWICE, f"{_NAMES[record[2]]}={text}")
    cut = bool(records) and not body.endswith(b"\n")
    if cut or (b"found" not in heads and not records):
        return None
    total = number(heads.get(b"totalCount"))
    return Found(number(heads.get(b"found")), total, tuple(records[index] for index in sorted(records)))


_NAMES = {name: name.decode() for name in FIELDS}


def number(text: str | None) -> int | None:
    """A decimal number that is not negative."""
    good = text is not None and text.isascii() and text.isdecimal() and len(text) <= 18
    return int(text) if good and text is not None else None


def _lines(body: bytes) -> Iterator[bytes]:
    return (each[0] for each in _LINE.finditer(body.removeprefix(codecs.BOM_UTF8)))


def _encoding(body: bytes) -> str:
    """UTF-8, or where one byte is none, that of Chinese terminals."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(body), _PIECE):
            decoder.decode(body[at : at + _PIECE], final=at + _PIECE >= len(body))
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"
