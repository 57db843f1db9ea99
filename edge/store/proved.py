"""Rows as they are read for sending: each proved against the hash it was sealed with. Pure.

A flipped bit must not go upstream. This is the hot path of a drain: bodies stay the bytes that were hashed,
a parcel comes from SQLite as one row, and nothing is made for each of its events.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

import msgspec

from edge.events import Digest
from edge.store import schema

Proof = tuple[int, bytes | None, bytes]
"""Position, body and hash of a row as stored; a stub has no body."""
Joined = tuple[int, int, int, bytes | None, bytes | None]
"""Of some rows: how many, first and last position, their bodies as lines, their hashes in one piece.

All but the first are NULL where there is no row, the lines also where there are stubs alone.
"""


class Number(msgspec.Struct, frozen=True, gc=False):
    """One number of the log. `body` is the JSON text as it goes upstream; None where only a stub is left."""

    position: int
    body: bytes | None


class Numbers(Sequence[Number]):
    """Some numbers of the log as two columns; a row is made where somebody looks at one."""

    __slots__ = ("bodies", "places")

    def __init__(self, places: Sequence[int], bodies: Sequence[bytes | None]) -> None:
        self.places, self.bodies = places, bodies

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Number]:
        return map(Number, self.places, self.bodies)

    @overload
    def __getitem__(self, at: int) -> Number: ...

    @overload
    def __getitem__(self, at: slice) -> list[Number]: ...

    def __getitem__(self, at: int | slice) -> Number | list[Number]:
        if isinstance(at, slice):
            return [*map(Number, self.places[at], self.bodies[at])]
        return Number(self.places[at], self.bodies[at])


def numbers_of(rows: Sequence[Proof]) -> Numbers:
    """Rows as numbers."""
    places, bodies, _hashes = zip(*rows, strict=True) if rows else ((), (), ())
    return Numbers(places, bodies)


def whole(joined: Joined, digests: Mapping[int, Digest]) -> Numbers | None:
    """Rows without a gap and as they were sealed; None where that is not so, and each needs a look."""
    count, first, last, lines, hashes = joined
    if lines is None or last - first + 1 != count:
        return None
    bodies, digest = lines.split(b"\n"), digests.get(schema.epoch_of(first))
    if digest is None or b"".join(map(digest, bodies)) != hashes:
        return None
    return Numbers(range(first, last + 1), bodies)


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
