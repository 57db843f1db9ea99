"""The key behind the codes on paper: a file of mode 0600 beside the database, made at first need.

A new key makes every printed local code void at once: that is how a code is revoked.
"""

import logging
import secrets
import threading
from pathlib import Path

import msgspec

from edge.whole import read_kept, write_whole

LOG = logging.getLogger(__name__)
FILE = "codes.json"


class Key(msgspec.Struct, frozen=True):
    """In hex; made when."""

    key: str
    since: str


class Keys:
    """Of one hall; any thread may call."""

    def __init__(self, folder: Path) -> None:
        self._path, self._one = folder / FILE, threading.Lock()
        self._key = read_kept(self._path, Key, "every local code has to be printed again")

    def known(self) -> bytes | None:
        """The key; None: no code was made yet."""
        return bytes.fromhex(self._key.key) if self._key else None

    def have(self, now: str) -> bytes:
        """The key, made where there is none; OSError."""
        with self._one:
            return bytes.fromhex((self._key or self._fresh(now)).key)

    def renew(self, now: str) -> None:
        """Let every printed code go; OSError, and then they stay."""
        with self._one:
            self._fresh(now)

    def _fresh(self, now: str) -> Key:
        made = Key(secrets.token_hex(32), now)
        write_whole(self._path, msgspec.json.encode(made), private=True)
        self._key = made
        return made
