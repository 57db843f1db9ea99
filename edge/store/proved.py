"""Rows as they are read for sending: each proved against the hash it was sealed with. Pure.

A flipped bit must not go upstream. This is the hot path of a drain: bodies stay the bytes that were hashed,
and nothing is made of them that the collector of garbage would look at.
"""

from collections.abc import Mapping, Sequence

import msgspec

from edge.events import Digest
from edge.store import schema

Proof = tuple[int, bytes | None, bytes]
"""Position, body and hash of a row as stored; a stub has no body."""


class Number(msgspec.Struct, frozen=True, gc=False):
    """One number of the log. `body` is the JSON text as it goes upstream; None where only a stub is left."""

    position: int
    body: bytes | None


def numbers_of(rows: Sequence[Proof]) -> list[Number]:
    """Rows as numbers."""
    positions, bodies, _hashes = zip(*rows, strict=True) if rows else ((), (), ())
    return list(map(Number, positions, bodies))


def first_wrong(rows: Sequence[Proof], digests: Mapping[int, Digest]) -> int:
    """The position of the first row whose body is not what was sealed, 0 if none. digests: by epoch."""
    number, digest = 0, None
    for place, body, hashed in rows:
        if place >> schema.SEQUENCE_BITS != number:
            number = schema.epoch_of(place)
            digest = digests.get(number)
        if body is not None and (digest is None or digest(body) != hashed):
            return place
    return 0
