"""Lines about people in an upload -> how each is enrolled, as booleans. Pure.

    USER PIN=..\tName=..\tPasswd=..\tCard=..       FP PIN=..\tFID=..\tValid=1\tTMP=..
    FACE PIN=..\tValid=1\tTMP=..                   BIODATA Pin=..\tType=1|2|8|9\tValid=1\tTmp=..

Only the head of a line is looked at, before any template. They come of themselves where a firmware sends
them; they are never asked for. That somebody was deleted is told by none of them.
"""

import re

from drivers.adms.attlog import names, split
from drivers.enrolment import Enrolled, merged

HEAD = 256
"""Bytes of a line that are looked at; a template begins behind them, or behind `TMP=`."""
PEOPLE = ("USERINFO", "FINGERTMP", "FP", "FACE", "BIODATA", "USER")
"""Tables that hold such lines, beside OPERLOG."""
WAYS = {"1": "fingerprint", "2": "face", "9": "face"}
"""Types of BIODATA; palms and veins have no word in the event."""
_KIND = re.compile(r"(USER|FP|FACE|BIODATA)[ \t]+", re.IGNORECASE)
_NO_CARD = re.compile(r"[0\[\]]*")


def enrolled(lines: bytes) -> list[Enrolled]:
    """One statement for each person named."""
    return merged(found for line in split(lines) if (found := _line(line)))


def _line(line: bytes) -> Enrolled | None:
    head = re.split(rb"(?i)tmp=", line[:HEAD], maxsplit=1)[0].decode("latin-1")
    kind = _KIND.match(head)
    if kind is None:
        return None
    pairs = (field.partition("=")[::2] for field in head[kind.end() :].split("\t"))
    fields = {name.strip().lower(): value.strip() for name, value in pairs}
    pin, word = fields.get("pin", ""), kind[1].upper()
    if not names(pin):
        return None
    if word == "USER":
        return _user(pin, fields)
    way = {"FP": "fingerprint", "FACE": "face"}.get(word) or WAYS.get(fields.get("type", ""))
    if way is None or fields.get("valid", "1") == "0":
        return None
    return Enrolled(pin, fingerprint=True) if way == "fingerprint" else Enrolled(pin, face=True)


def _user(pin: str, fields: dict[str, str]) -> Enrolled | None:
    card = fields.get("card")
    return None if card is None else Enrolled(pin, card=not _NO_CARD.fullmatch(card))
