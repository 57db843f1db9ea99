"""`edge.event_withheld`: what is said under the number of an event that is not sent itself. Pure.

It is no row and has no number of its own: it is made on the fly of what the stored row or its stub tells.
Upstream settles the number with it, and its chain goes on with the original's hash.
"""

from collections.abc import Callable

import msgspec

from edge.contract import Event
from edge.events import VERSION, Place, event_id, event_type
from edge.payloads import EventWithheld, WithheldReason
from edge.store import Numbers, Stub, sequence_of
from edge.uplink.aside import Aside
from edge.uplink.window import Parcel

KIND = "edge.event_withheld"


def withhold(stub: Stub, place: Place, reason: WithheldReason, detail: str, at: str) -> bytes:
    """The event that stands for `stub`. `at` = now, ISO with zone; its id is a function of the fact."""
    data = EventWithheld(
        event_id=event_id(stub.fact),
        event_type=event_type(stub.fact.rpartition("|")[2]),
        size=stub.size,
        hash=stub.hash.hex(),
        chain=stub.chain.hex(),
        reason=reason,
        detail=detail,
    )
    event = Event(
        specversion="1.0",
        id=event_id(f"{stub.fact}|{KIND}"),
        source=place.source,
        type=event_type(KIND),
        time=at,
        recordedtime=at,
        sequence=f"{sequence_of(stub.position):020d}",
        epoch=stub.epoch,
        partitionkey=f"{place.county}/{place.hall}",
        dataschema=f"urn:zwdt:{KIND}.{VERSION}",
        data=msgspec.Raw(msgspec.json.encode(data)),
    )
    return msgspec.json.encode(event)


def bodies_of(parcel: Parcel, aside: Aside, word_of: Callable[[int], bytes]) -> list[bytes]:
    """What goes under the numbers of a parcel: the events, or word of those that are withheld."""
    if isinstance(parcel, Numbers) and not aside.parked:
        bodies = [body for body in parcel.bodies if body is not None]
        if len(bodies) == len(parcel):
            return bodies
    return [
        word_of(row.position) if row.body is None or aside.withholds(row.position) else row.body
        for row in parcel
    ]
