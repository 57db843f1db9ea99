"""What a code at a window proves, and what one opening of its page does. Pure.

The mark in the address is an HMAC of the window's number: who writes another number there has no mark for it.
A ticket names one session (one opening of the page), at a moment of ours, and is an HMAC too: nothing has to
be kept of those who opened the page and went.
"""

import hmac
from base64 import b32encode
from datetime import datetime, timedelta
from typing import NamedTuple

LIFE = timedelta(hours=2)
"""So long a page that was opened may still rate."""
NAME_LENGTH = 32
MARK_LENGTH = 26


class Opened(NamedTuple):
    """One opening of a window's page: its name, 32 hex digits, and when it was (naive, whole seconds)."""

    session: str
    at: str


def mark(key: bytes, window: str) -> str:
    """Proves a window in the address of its code: 26 small letters and digits, 128 bits."""
    whole = hmac.new(key, f"hall-edge window code\n{window}".encode(), "sha256").digest()
    return b32encode(whole[:16]).decode().rstrip("=").lower()


def fits(key: bytes, window: str, told: str) -> bool:
    """Whether `told` is the mark of this window."""
    return told.isascii() and hmac.compare_digest(mark(key, window), told)


def ticket(key: bytes, window: str, opened: Opened) -> str:
    """What the page is given when it is opened, and brings with its rating."""
    return f"{opened.session}.{opened.at}.{_proof(key, window, opened)}"


def opened_by(key: bytes, window: str, told: str, now: datetime) -> Opened | None:
    """What a ticket was given for; None: it is none of this window, or too old. now: naive."""
    session, _, rest = told.partition(".")
    at, _, proof = rest.partition(".")
    opened = Opened(session, at)
    if not told.isascii() or not hmac.compare_digest(_proof(key, window, opened), proof):
        return None
    return opened if abs(now - datetime.fromisoformat(at)) <= LIFE else None


def _proof(key: bytes, window: str, opened: Opened) -> str:
    text = "\n".join(("hall-edge phone session", window, *opened))
    return hmac.new(key, text.encode(), "sha256").hexdigest()
