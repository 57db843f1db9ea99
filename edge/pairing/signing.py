"""What is signed, and how: HMAC-SHA-256 over method, path, time, nonce and body. Pure.

The time is the daemon's own, told to the page: `<era>.<ms>`, the name of this life of the daemon and the
milliseconds since it began. No wall clock is in it: a tablet's may be wrong, and ours may be set; and what
was signed for another life is never valid again. The other half stands in `drivers/kiosk/static/signing.js`.
"""

import hmac
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from drivers.base import Request

Part = Literal["tablet", "desk", "system"]
"""Whom a key belongs to: the citizen's tablet, the window's own page, a queue or business system."""
SYSTEMS = "@systems"
"""Stands for a serial number where a system is paired with the hall, not one window; no device has it."""
KEY_ID, TIME, NONCE, SIGN = "x-edge-key", "x-edge-time", "x-edge-nonce", "x-edge-sign"
_SHAPES = {
    KEY_ID: re.compile(r"[0-9a-f]{16}"),
    TIME: re.compile(r"[0-9a-f]{16}\.\d{1,15}"),
    NONCE: re.compile(r"[0-9a-f]{32}"),
    SIGN: re.compile(r"[0-9a-f]{64}"),
}


class Signed(NamedTuple):
    """The four headers of a signed request."""

    key_id: str
    era: str
    ms: int
    nonce: str
    sign: str


def signed(headers: Mapping[str, str]) -> Signed | None:
    """What a request says it is signed with; None where that is missing or no shape of ours."""
    values = [headers.get(name, "") for name in _SHAPES]
    if not all(shape.fullmatch(value) for shape, value in zip(_SHAPES.values(), values, strict=True)):
        return None
    era, _, ms = values[1].partition(".")
    return Signed(values[0], era, int(ms), values[2], values[3])


def is_signed(request: Request) -> bool:
    """Whether a request carries any of it."""
    return any(name in request.headers for name in _SHAPES)


def sign(key: bytes, method: str, path: str, time: str, nonce: str, body: bytes) -> str:
    """The signature of a request; time as in its header."""
    head = "\n".join(("hall-edge request", method, path, time, nonce, ""))
    return hmac.new(key, head.encode() + body, "sha256").hexdigest()


def sign_reply(key: bytes, nonce: str, status: int, body: bytes) -> str:
    """The signature of an answer: a page lets go of a rating only when it knows who took it."""
    head = "\n".join(("hall-edge reply", nonce, str(status), ""))
    return hmac.new(key, head.encode() + body, "sha256").hexdigest()


def pairing_proof(code: str, who: Literal["page", "edge"], serial: str, *nonces: str) -> str:
    """Shows that one side knows the code, without telling it."""
    text = "\n".join((f"hall-edge pair {who}", serial, *nonces))
    return hmac.new(code.encode(), text.encode(), "sha256").hexdigest()


def paired_key(code: str, serial: str, page_nonce: str, edge_nonce: str) -> bytes:
    """The key both sides make of a code."""
    text = "\n".join(("hall-edge key", serial, page_nonce, edge_nonce))
    return hmac.new(code.encode(), text.encode(), "sha256").digest()
