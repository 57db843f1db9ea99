"""What a web terminal said, read by other parsers than the drivers' own: the judge of mutated answers."""

import json
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree


def number(told: object) -> str:
    """A number as a key holds it: `082` is 82."""
    text = str(told).strip()
    return str(int(text)) if text.isdecimal() else text


def wall_clock(told: str) -> str:
    with suppress(ValueError, OverflowError):
        if told.isdecimal():
            return (
                (datetime.fromtimestamp(int(told), UTC) + timedelta(hours=8)).replace(tzinfo=None).isoformat()
            )
        parts = list(map(int, re.split(r"[-: T]", told.strip())))
        return datetime(*parts).isoformat()  # type: ignore[arg-type]  # noqa: DTZ001
    return told


def decoded(body: bytes) -> str:
    try:
        return body.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        return body.removeprefix(b"\xef\xbb\xbf").decode("gb18030", "replace")


def events(body: bytes) -> list[dict[str, Any]]:
    """The items of an answer; nothing where it is none."""
    if body.lstrip().startswith(b"<"):
        try:
            root = ElementTree.fromstring(body)  # noqa: S314
        except (ElementTree.ParseError, LookupError, ValueError):
            return []
        return [
            {field.tag.rpartition("}")[2]: field.text or "" for field in each}
            for each in root.iter()
            if any(field.tag.rpartition("}")[2] == "serialNo" for field in each)
        ]
    try:
        told = json.loads(decoded(body))["AcsEvent"]["InfoList"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    items = told if isinstance(told, list) else [told]
    return [each for each in items if isinstance(each, dict)]
