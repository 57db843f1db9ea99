"""JSON or XML of a terminal -> plain nested values. Pure.

XML elements go by their local name, since the namespace differs between firmwares; repeated ones become a
list. No entity, no document type: nothing of a document makes it larger than it is.
"""

import json
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate

Document = dict[str, Any]
DEPTH_MAX = 16


class Unreadable(ValueError):
    """No JSON object and no XML element."""


def decode(body: bytes) -> Document:
    """What a body says, by the name of its root; Unreadable when it says nothing."""
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        return _xml(start)
    try:
        found = json.loads(_text(start))
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    if not isinstance(found, dict):
        raise Unreadable("no JSON object")
    return found


def part(document: object, name: str) -> Document:
    """The object called `name`; empty where there is none."""
    found = document.get(name) if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def objects(value: object) -> list[Document]:
    """The objects of a list: JSON's own, or what XML wraps in one element for each."""
    if isinstance(value, dict):
        inner = list(value.values())
        value = inner[0] if len(inner) == 1 and isinstance(inner[0], list) else inner
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def whole(value: object) -> int | None:
    """A number that is not negative, as JSON or as text."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 18:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def text(value: object) -> str:
    """A text, or a number as text; "" for anything else."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if whole(value) is not None else ""


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


class _Tree:
    """Collects elements: (name, children, text) from the outermost to the one that is open."""

    def __init__(self) -> None:
        self.root: Document = {}
        self._open: list[tuple[str, Document, list[str]]] = []

    def start(self, name: str, _attributes: object) -> None:
        if len(self._open) >= DEPTH_MAX:
            raise Unreadable("too deep")
        self._open.append((name.rpartition(" ")[2], {}, []))

    def data(self, data: str) -> None:
        self._open[-1][2].append(data)

    def end(self, _name: str) -> None:
        name, children, told = self._open.pop()
        value: object = children or "".join(told).strip()
        around = self._open[-1][1] if self._open else self.root
        before = around.get(name)
        if before is None:
            around[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            around[name] = [before, value]


def _refuse(*_: object) -> None:
    raise Unreadable("a document type")


def _xml(body: bytes) -> Document:
    tree, parser = _Tree(), ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = tree.start, tree.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = tree.data, _refuse
    try:
        parser.Parse(body, True)
    except (ExpatError, LookupError, ValueError) as error:
        raise Unreadable(str(error)) from error
    return tree.root
