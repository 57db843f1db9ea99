"""What a terminal pushes (httpHosts, alertStream) -> events of its log, decoded as the log's own are. Pure.

A body is JSON, XML (`EventNotificationAlert`), or multipart with such a part and pictures. The part is found
by its own end, not by the lengths told: those are wrong in the wild, and a body cut in the picture still
holds the event. Pictures are passed over, never kept.
"""

import json
import re
from typing import NamedTuple

from drivers.hikvision.documents import Document, Unreadable, decode, part, text
from drivers.hikvision.events import Item, item

PARTS_MAX = 64
DOCUMENT_MAX = 64 << 10
"""Bytes of a part in which a document is looked for: hostile text becomes twenty times as much in memory."""
_BOUNDARY = re.compile(rb"\A\s*--([^\r\n]{1,70})\r?\n")
_JSON = json.JSONDecoder()


class Pushed(NamedTuple):
    """One event that was pushed. serial: the terminal's, where told. current: False = from its past."""

    event: Item
    serial: str
    current: bool


def pushed(body: bytes) -> list[Pushed]:
    """The access events of one body; other events, heartbeats and pictures are left out."""
    return [found for document in _documents(body) if (found := _event(document)) is not None]


def news(body: bytes) -> bool:
    """Whether there may be something new: an access event, or what cannot be read; no heartbeat is."""
    documents = _documents(body)
    if documents:
        return any(_event(document) is not None for document in documents)
    return bool(body.strip())


def _event(document: Document) -> Pushed | None:
    alert = part(document, "EventNotificationAlert") or document
    inner = part(alert, "AccessControllerEvent")
    if not inner or text(alert.get("eventType")) not in ("", "AccessControllerEvent"):
        return None
    event = item({"dateTime": alert.get("dateTime"), **inner})
    current = text(inner.get("currentEvent")).lower() != "false" and inner.get("currentEvent") is not False
    return Pushed(event, text(alert.get("shortSerialNumber")), current)


def _documents(body: bytes) -> list[Document]:
    boundary = _BOUNDARY.match(body)
    if boundary is None:
        return _one(body)
    parts = body.split(b"--" + boundary[1], PARTS_MAX + 1)[1 : PARTS_MAX + 1]
    return [document for each in parts for document in _one(_content(each))]


def _content(part_of_body: bytes) -> bytes:
    """A part without its headers; without any, some firmwares begin at once."""
    head, ends, content = part_of_body.lstrip(b"\r\n").partition(b"\r\n\r\n")
    return content if ends and not head.startswith((b"{", b"<")) else part_of_body


def _one(content: bytes) -> list[Document]:
    """The document a text begins with, whatever follows; nothing where it is none."""
    start = content[:DOCUMENT_MAX].lstrip()
    try:
        if start.startswith(b"{"):
            found, _ = _JSON.raw_decode(start.decode("utf-8", "replace"))
            return [found] if isinstance(found, dict) else []
        return [decode(start)] if start.startswith(b"<") else []
    except (Unreadable, ValueError, RecursionError):
        return []
