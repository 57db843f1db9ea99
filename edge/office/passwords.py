"""Passwords and PINs: made by us at first, kept as scrypt under a salt, judged before they are taken.

scrypt N=2^14, r=8, p=5 (16 MiB for one check; whoever checks lets one run at a time).
"""

import hashlib
import hmac
import secrets
from typing import Literal

import msgspec

Fault = Literal["short", "long", "dull", "name", "digits"]
"""Why a new password is not taken."""
COST = (14, 8, 5)
"""log2(N), r, p of new hashes."""
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of made secrets: no letter that looks like another."""
GROUPS, GROUP = 4, 5
PIN_MIN, PIN_MAX = 6, 12
LENGTH_MIN, LENGTH_MAX = 12, 128
DIFFERENT_MIN = 6
ROWS = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")
RUN = 4
"""So many neighbours of one row in a row count as one character."""


class Hashed(msgspec.Struct, frozen=True):
    """A secret as it is kept; salt and digest in hex."""

    salt: str
    digest: str
    cost: tuple[int, int, int]

    @classmethod
    def of(cls, secret: str) -> "Hashed":
        """Under a fresh salt."""
        salt, cost = secrets.token_bytes(16), COST
        return cls(salt.hex(), _scrypt(secret, salt, cost).hex(), cost)

    def fits(self, secret: str) -> bool:
        """Whether it is the one, in the same time for every wrong one."""
        return hmac.compare_digest(_scrypt(secret, bytes.fromhex(self.salt), self.cost).hex(), self.digest)


def _scrypt(secret: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    log_n, r, p = cost
    return hashlib.scrypt(secret.encode(), salt=salt, n=1 << log_n, r=r, p=p, maxmem=64 << 20, dklen=32)


def made() -> str:
    """A fresh secret of 99 bits, in groups that can be typed."""
    groups = ("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))
    return "-".join(groups)


def made_pin() -> str:
    """A fresh PIN of six digits."""
    while fault(pin := f"{secrets.randbelow(10**PIN_MIN):0{PIN_MIN}d}", "", pin=True):
        pass
    return pin


def fault(secret: str, name: str, pin: bool = False) -> Fault | None:
    """Why a person of this account name may not take this password or PIN, or None."""
    if pin:
        digits = secret.isascii() and secret.isdecimal() and PIN_MIN <= len(secret) <= PIN_MAX
        return "digits" if not digits else "name" if secret == name else _dull(secret, 3)
    if len(secret) < LENGTH_MIN:
        return "short"
    if len(secret) > LENGTH_MAX:
        return "long"
    if len(name) > 2 and name.casefold() in secret.casefold():  # noqa: PLR2004
        return "name"
    return _dull(secret, DIFFERENT_MIN)


def _dull(secret: str, least: int) -> Fault | None:
    """Whether fewer than `least` different characters stay when runs such as 1234 count as one."""
    rest = secret.casefold()
    for row in (*ROWS, *(row[::-1] for row in ROWS)):
        for length in range(len(row), RUN - 1, -1):
            for first in range(len(row) - length + 1):
                rest = rest.replace(row[first : first + length], row[first])
    return "dull" if len(set(rest)) < least else None
