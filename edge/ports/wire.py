"""HTTP as terminals speak it: the head of a request, and the bytes of an answer. Pure.

Written for firmware that leaves out Host, puts blanks into the target and miscounts its body; so it takes
more than a web server would, but never more than one request a connection, and no length that could mean
two things.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import unquote, unquote_plus, urlsplit

from drivers.base import Reply

FIELDS_MAX = 64
LENGTH_DIGITS = 9
_METHOD = re.compile(r"[A-Z]{3,7}")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_END = re.compile(rb"\r?\n\r?\n")
_NEXT = re.compile(rb"[A-Z]{3,7} /[^\r\n]* HTTP/1\.[01]\r?\n")


class BadRequest(ValueError):
    """A request that can have no answer but this status."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Head(NamedTuple):
    """The head of a request. length: of the body as announced; None where nothing is."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    length: int | None

    @property
    def expects(self) -> bool:
        """Whether it waits for «100 continue» before it sends its body."""
        return self.headers.get("expect", "").lower() == "100-continue"


def head_end(data: bytes | bytearray) -> tuple[int, int] | None:
    """Where the head ends and the body begins, once both are there."""
    found = _END.search(data)
    return found.span() if found else None


def begins_another(data: bytes) -> bool:
    """Whether what follows a body is another request, and no rest of a body that was miscounted."""
    return bool(_NEXT.match(data))


def parse_head(data: bytes) -> Head:
    """The head of a request, without its last empty line; BadRequest."""
    first, *rest = data.decode("latin-1").replace("\r\n", "\n").split("\n")
    method, _, target = first.partition(" ")
    target, _, version = target.rpartition(" ")
    if not _METHOD.fullmatch(method) or version not in ("HTTP/1.0", "HTTP/1.1") or _CONTROL.search(target):
        raise BadRequest(400, "no HTTP/1 request")
    path, query = _target(target)
    headers = _headers(rest)
    if "transfer-encoding" in headers:
        raise BadRequest(411, "a body needs its length")
    return Head(method, path, query, headers, _length(headers))


def answer(reply: Reply, now: datetime | None) -> bytes:
    """The bytes of an answer; with a Date, which sets terminals' clocks, only where `now` is believed."""
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = "Status"
    lines = {
        "Content-Type": "text/plain",
        **({"Date": format_datetime(now.astimezone(UTC), usegmt=True)} if now else {}),
        "Cache-Control": "no-store",
        **reply.headers,
        "Content-Length": str(len(reply.body)),
        "Connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {reply.status} {phrase}\r\n{head}\r\n".encode("latin-1") + reply.body


def _target(target: str) -> tuple[str, dict[str, str]]:
    try:
        parts = urlsplit(target)
    except ValueError as error:
        raise BadRequest(400, str(error)) from None
    pairs = [part.partition("=")[::2] for part in parts.query.split("&") if part]
    query = {_text(key): _text(value) for key, value in pairs}
    if not parts.path.startswith("/") or len(pairs) > FIELDS_MAX or len(query) < len(pairs):
        raise BadRequest(400, "a target that could mean two things")
    return unquote(parts.path, errors="replace"), query


def _text(told: str) -> str:
    """A part of a query, in UTF-8 whether it was escaped or not."""
    return unquote_plus(told.encode("latin-1").decode("utf-8", "replace"), errors="replace")


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    if len(lines) > FIELDS_MAX:
        raise BadRequest(431, "too many headers")
    for line in lines:
        name, colon, value = line.partition(":")
        name, value = name.lower(), value.strip()
        if not colon or not _NAME.fullmatch(name):
            raise BadRequest(400, "no header")
        if headers.setdefault(name, value) != value and name in ("content-length", "host"):
            raise BadRequest(400, "a header that says two things")
    return headers


def _length(headers: Mapping[str, str]) -> int | None:
    told = headers.get("content-length")
    if told is None:
        return None
    if not (told.isascii() and told.isdecimal() and len(told) <= LENGTH_DIGITS):
        raise BadRequest(400, "no length")
    return int(told)
