"""What the terminal says beside its records, and what we answer. Pure.

    GET  cdata?options=all                     -> GET OPTION FROM: SN, then key=value lines
    GET  getrequest[?INFO=…10 fields]          -> OK, or C:<id>:<command> lines
    POST devicecmd  ID=..&Return=..&CMD=..     a line per result; or one result on many lines
    POST cdata?table=options                   key=value, between commas or line ends

Source: protocols §4. We ask for attendance and operations alone, never for photos or templates, and name a
version of the protocol that does not encrypt.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from drivers.adms.attlog import split, text

VERSION = "2.2.14"
"""The lower one of both sides holds; from 2.4 on a terminal may want to encrypt."""
ERROR_DELAY_S = 30
POST_MAX = 1 << 20
NOTHING = b"OK"
WORD_MAX = 64
SAID_MAX, LINES_MAX = 64 << 10, 1000
"""Bytes and lines that are looked at: a terminal that tells all it knows needs a tenth of it."""
_ID = re.compile(r"[A-Za-z0-9]{1,16}")
_NUMBER = re.compile(r"-?[0-9]{1,9}")
COUNTS = {"UserCount": "users", "TransactionCount": "logs"}
"""Options that count; the unit of the limits is not documented (adms13), so they are left out."""

SETTINGS = {"AlarmReRec": "duplicate_period_s", "DelRecord": "cyclic_delete"}
"""Options as a pull terminal names them: minutes; how many records a full log drops."""


class Result(NamedTuple):
    """What the terminal says to one command; 0 or more: done."""

    command: str
    code: int
    values: Mapping[str, str]


class About(NamedTuple):
    """What the terminal says of itself; None = nothing of that."""

    model: str | None = None
    firmware: str | None = None
    counts: Mapping[str, int] = {}
    settings: Mapping[str, int] = {}


def greeting(serial: str, stamps: Mapping[str, str], delay_s: int, at: datetime) -> bytes:
    """The options at the start of a conversation. stamps: table -> what it said last."""
    log, operations = stamps.get("ATTLOG", "0"), stamps.get("OPERLOG", "0")
    lines = (
        f"GET OPTION FROM: {serial}",
        f"ATTLOGStamp={log}",
        f"OPERLOGStamp={operations}",
        "ATTPHOTOStamp=None",
        f"Stamp={log}",
        f"OpStamp={operations}",
        f"ErrorDelay={ERROR_DELAY_S}",
        f"Delay={delay_s}",
        "TransTimes=00:00;14:05",
        "TransInterval=1",
        "TransFlag=TransData AttLog\tOpLog",
        f"TimeZone={zone(at)}",
        "Realtime=1",
        "Encrypt=None",
        f"ServerVer={VERSION}",
        f"PushProtVer={VERSION}",
        "SupportPing=1",
        f"MaxPostSize={POST_MAX}",
    )
    return "".join(f"{line}\n" for line in lines).encode()


def zone(at: datetime) -> int:
    """The offset from UTC as terminals take it: whole hours up to 12, else minutes."""
    offset = at.utcoffset()
    minutes = int(offset.total_seconds()) // 60 if offset else 0
    return minutes // 60 if minutes % 60 == 0 and abs(minutes) <= 720 else minutes


def commands(waiting: Iterable[tuple[str, str]], encoding: str = "utf-8") -> bytes:
    """Commands `(id, text)` as the answer to getrequest, in the encoding of the terminal's texts."""
    return "".join(f"C:{name}:{command}\n" for name, command in waiting).encode(encoding) or NOTHING


def results(body: bytes) -> list[Result]:
    """The results of commands, one a line or one on many lines; what is none is passed over."""
    found: list[Result] = []
    for line in map(text, islice(split(body[:SAID_MAX]), LINES_MAX)):
        values = dict(part.partition("=")[::2] for part in _parts(line))
        if "ID" in values:
            found.append(Result(values["ID"].strip(), 0, values))
        elif found:
            found[-1] = found[-1]._replace(values={**found[-1].values, **values})
    return [each._replace(code=_code(each)) for each in found if _good(each)]


def options(body: bytes) -> About:
    """What an upload of options says; separators are commas or line ends."""
    parts = (part for line in split(body[:SAID_MAX]) for part in text(line).split(","))
    return about(dict(part.strip().partition("=")[::2] for part in parts))


def about(values: Mapping[str, str]) -> About:
    """What options and the answer to INFO say that we show."""
    model, firmware = values.get("~DeviceName"), values.get("FWVersion")
    counts = {name: int(values[key]) for key, name in COUNTS.items() if _is_count(values.get(key, ""))}
    told = {name: values[key].strip() for key, name in SETTINGS.items() if key in values}
    settings = {name: int(value) for name, value in told.items() if _is_count(value)}
    if "duplicate_period_s" in settings:
        settings["duplicate_period_s"] *= 60
    if "cyclic_delete" in settings:
        settings["cyclic_delete"] = int(settings["cyclic_delete"] > 0)
    return About(model and _word(model), firmware and _word(firmware), counts, settings)


def info(told: str) -> About:
    """The INFO of a poll: firmware, users, fingers, logs, address, …"""
    fields = told.split(",")
    named = {"users": fields[1:2], "logs": fields[3:4]}
    counts = {name: int(value[0]) for name, value in named.items() if value and _is_count(value[0])}
    return About(None, _word(fields[0]) or None, counts)


def _parts(line: str) -> list[str]:
    return line.split("&") if line.startswith("ID=") else [line]


def _good(result: Result) -> bool:
    return bool(_ID.fullmatch(result.command) and _NUMBER.fullmatch(result.values.get("Return", "").strip()))


def _code(result: Result) -> int:
    return int(result.values["Return"])


def _is_count(told: str) -> bool:
    return told.isascii() and told.isdecimal() and len(told) <= 9


def _word(told: str) -> str:
    return told.strip()[:WORD_MAX]
