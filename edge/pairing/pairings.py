"""The keys of paired tablets and desks: a file of mode 0600 beside the database, and codes for new ones."""

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Annotated

import msgspec

from edge.pairing.codes import Code, Codes
from edge.pairing.signing import Part, paired_key, pairing_proof
from edge.whole import read_kept, write_whole

LOG = logging.getLogger(__name__)
FILE = "pairings.json"
PAIRINGS_MAX = 1_000


class Pairing(msgspec.Struct, frozen=True):
    """One key, in hex: of which part of which device, made when, by whose code."""

    serial: str
    part: Part
    key: str
    since: str
    actor: str


class Offer(msgspec.Struct, frozen=True):
    """What a page sends that wants to be paired: nonce of its own, proof that it knows a code; in hex."""

    nonce: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
    proof: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Accepted(msgspec.Struct, frozen=True):
    """What it is answered: with both nonces and the code it makes the key."""

    key_id: str
    part: Part
    nonce: str
    proof: str


class Pairings:
    """All keys of one hall; any thread may call. `now` tells the time as text."""

    def __init__(self, folder: Path, now: Callable[[], str]) -> None:
        self._path, self._now = folder / FILE, now
        self._lock = threading.Lock()
        self._codes = Codes()
        loss = "every tablet has to be paired again"
        self._known: Mapping[str, Pairing] = read_kept(self._path, dict[str, Pairing], loss) or {}

    def find(self, key_id: str) -> Pairing | None:
        """The pairing of a key."""
        return self._known.get(key_id)

    def of(self, serial: str) -> dict[str, Pairing]:
        """Every key of a device."""
        return {key_id: each for key_id, each in self._known.items() if each.serial == serial}

    def issue(self, serial: str, part: Part, actor: str) -> str:
        """A code for a new key."""
        with self._lock:
            return self._codes.issue(serial, part, actor, monotonic())

    def redeem(self, serial: str, offer: Offer) -> tuple[Accepted, Code] | None:
        """Pair a page that knows a code; OSError when the key cannot be kept, and then the code is spent."""
        with self._lock:
            code = self._codes.take(serial, offer.nonce, offer.proof, monotonic())
            if code is None or len(self._known) >= PAIRINGS_MAX:
                return None
            key_id, nonce = secrets.token_hex(8), secrets.token_hex(16)
            key = paired_key(code.text, serial, offer.nonce, nonce).hex()
            self._keep({**self._known, key_id: Pairing(serial, code.part, key, self._now(), code.actor)})
            proof = pairing_proof(code.text, "edge", serial, offer.nonce, nonce, key_id)
            return Accepted(key_id, code.part, nonce, proof), code

    def revoke(self, key_id: str) -> Pairing | None:
        """Let a key go for good; OSError when that cannot be written down, and then it still holds."""
        with self._lock:
            gone = self._known.get(key_id)
            if gone is not None:
                self._keep({each: kept for each, kept in self._known.items() if each != key_id})
            return gone

    def _keep(self, known: Mapping[str, Pairing]) -> None:
        write_whole(self._path, msgspec.json.encode(known), private=True)
        self._known = known
