"""One-time codes: 80 bits, for one device, five minutes, one use. In memory alone."""

import hmac
import secrets
from typing import NamedTuple

from edge.pairing.signing import Part, pairing_proof

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH, GROUP = 16, 4
LIFE_S = 300.0
CODES_MAX = 50


class Code(NamedTuple):
    """One code that waits to be typed; without its dashes."""

    text: str
    serial: str
    part: Part
    actor: str
    until_s: float


class Codes:
    """Those that wait; whoever calls holds the lock."""

    def __init__(self) -> None:
        self._waiting: list[Code] = []

    def issue(self, serial: str, part: Part, actor: str, now_s: float) -> str:
        """A fresh code as people read it; the older one for the same part of that device is void."""
        text = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        rest = [each for each in self._waiting if (each.serial, each.part) != (serial, part)]
        self._waiting = [*rest[-CODES_MAX:], Code(text, serial, part, actor, now_s + LIFE_S)]
        return "-".join(text[at : at + GROUP] for at in range(0, LENGTH, GROUP))

    def take(self, serial: str, nonce: str, proof: str, now_s: float) -> Code | None:
        """The code that a page proves to know, which is void from now on."""
        self._waiting = [each for each in self._waiting if now_s < each.until_s]
        for code in self._waiting:
            if code.serial == serial and hmac.compare_digest(
                pairing_proof(code.text, "page", serial, nonce), proof
            ):
                self._waiting.remove(code)
                return code
        return None
