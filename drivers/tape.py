"""A tape of a conversation, to be mailed to support: what a driver puts on it names no person and no secret.

Only the Link of `hall-edge probe --record` carries one. What is not known to be harmless is left out; its
length and SHA-256 stay. Of a secret only the length stays: a short one could be guessed from its hash.
"""

from hashlib import sha256
from typing import Literal, Protocol

from drivers.base import Link

Direction = Literal[">", "<"]
"""To the device, from the device."""
Entry = dict[str, object]
HASHED_MIN = 32
"""Shorter bytes have no hash: whoever knows what may stand there could try it all."""


class Tape(Protocol):
    """Takes entries in their order."""

    def keep(self, direction: Direction, entry: Entry) -> None:
        """Put one on, with its time; who put it there may still fill it in until the visit ends."""


def tape_of(link: Link) -> Tape | None:
    """The tape a Link carries."""
    found: Tape | None = getattr(link, "tape", None)
    return found


def withheld(raw: bytes, why: str) -> Entry:
    """What stands for bytes that are left out; why: "secret", "person", "template", "unknown"."""
    told: Entry = {"why": why, "length": len(raw)}
    if why != "secret" and len(raw) >= HASHED_MIN:
        told["sha256"] = sha256(raw).hexdigest()
    return {"withheld": told}
