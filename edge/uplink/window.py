"""The sliding window: what is at the broker and not yet answered, and how much that may be. Pure."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from edge.store import Number, Numbers

WINDOW_MAX = 100
WINDOW_FIRST = 4.0
READ_MAX = 8
"""Parcels held with their bodies at a time."""
IN_FLIGHT_MAX_S = 2.0

Parcel = Sequence[Number]
"""The rows of one message; named by the position of its first."""


class Flight(NamedTuple):
    """A parcel that is not answered yet; sent_at: `inf` where the broker does not have it either."""

    parcel: Parcel
    sent_at: float


SENT = b"sent"


def unloaded(parcel: Parcel) -> Numbers:
    """A parcel as it waits for the PUBACK: of a body nothing matters any more but that there is one."""
    if isinstance(parcel, Numbers) and isinstance(parcel.places, range):
        return Numbers(parcel.places, (SENT,) * len(parcel))
    return Numbers(array("q", [row.position for row in parcel]), [row.body and SENT for row in parcel])


@dataclass(slots=True)
class Window:
    """Grows by one a PUBACK; halves when a message waited longer than IN_FLIGHT_MAX_S.

    limit: what the broker takes at most, whatever the line could hold.
    """

    limit: int = WINDOW_MAX
    size: float = WINDOW_FIRST
    in_flight: dict[int, Flight] = field(default_factory=dict)
    _slowed_at: float = 0.0

    @property
    def room(self) -> int:
        """How many messages may go now."""
        return int(min(self.size, self.limit)) - len(self.in_flight)

    @property
    def urgent_room(self) -> int:
        """How many may go that cannot wait for the line."""
        return self.limit - len(self.in_flight)

    def hand_out(self, parcels: Sequence[Parcel]) -> None:
        """These are about to be published."""
        self.in_flight.update((parcel[0].position, Flight(parcel, inf)) for parcel in parcels)

    def published(self, parcel: Parcel, now: float) -> None:
        """A parcel was handed to the broker connection."""
        self.in_flight[parcel[0].position] = Flight(parcel, now)

    def answered(self, first: int, now: float) -> Parcel:
        """The broker took a parcel: returns it, empty where it is not known, and adapts."""
        flight = self.in_flight.pop(first, None)
        if flight is None:
            return ()
        if now - flight.sent_at <= IN_FLIGHT_MAX_S:
            self.size = min(self.size + 1, self.limit)
        elif now - self._slowed_at > IN_FLIGHT_MAX_S:
            self.size, self._slowed_at = max(1.0, self.size / 2), now
        return flight.parcel

    def lost(self) -> list[tuple[int, Flight]]:
        """The connection ended: hands out what was in flight, newest first, and begins small again."""
        flights = sorted(self.in_flight.items(), reverse=True)
        self.in_flight.clear()
        self.size = WINDOW_FIRST
        return flights

    def unanswered_s(self, now: float) -> float:
        """How long the oldest parcel in flight has waited for its PUBACK."""
        return now - min((flight.sent_at for flight in self.in_flight.values()), default=now)
