"""What one hall says upstream: its topics and its own messages as bytes. Pure; events pass as stored."""

import gzip
from collections.abc import Sequence
from typing import Literal

import msgspec

from edge.contract import Description, Problem, State, topic
from edge.events import Place, topic_kind
from edge.outbox import BROKER, Outbox, Parcel
from edge.store import Row, Tip, sequence_of

GZIP_LEVEL = 1
"""Four times smaller for two microseconds an event; higher levels gain little (performance §2)."""


class _Typed(msgspec.Struct):
    type: str


_TYPED = msgspec.json.Decoder(_Typed)


class Messages:
    """Topics and messages of the hall at `place`."""

    def __init__(self, place: Place, description: Description) -> None:
        self._place, self._description = place, description
        self.state_topic = topic(place.county, place.hall, "state")
        self.description_topic = topic(place.county, place.hall, "desc")
        self._batch_topic = topic(place.county, place.hall, "evt-batch")
        self._acks = topic(place.county, place.hall, "ack") + "/"

    def event_topic(self, row: Row) -> str:
        """Where an event goes, by its type."""
        kind = topic_kind(_TYPED.decode(row.body).type)
        return topic(self._place.county, self._place.hall, "evt", kind)

    def pack(self, parcel: Parcel, gzipped: bool) -> tuple[str, bytes | str]:
        """Topic and payload of one message: an event as stored, or a batch of them."""
        if len(parcel) == 1:
            return self.event_topic(parcel[0]), parcel[0].body
        batch = f"[{','.join(row.body for row in parcel)}]".encode()
        return self._batch_topic, gzip.compress(batch, GZIP_LEVEL, mtime=0) if gzipped else batch

    def receipt_of(self, topic: str) -> str | None:
        """The application whose receipt travels on a topic, or None for another topic."""
        return topic.removeprefix(self._acks) if topic.startswith(self._acks) else None

    @property
    def receipts_filter(self) -> str:
        """What to subscribe to for the receipts of every application."""
        return self._acks + "+"

    def description(self) -> bytes:
        """What stands in the hall."""
        return msgspec.json.encode(self._description)

    def state(
        self,
        word: Literal["ready", "stopped", "lost"],
        at: str,
        tip: Tip,
        outbox: Outbox,
        problems: Sequence[Problem],
    ) -> bytes:
        """How the hall is, with the head of its chain as the anchor of later proof."""
        state = State(
            state=word,
            epoch=tip.epoch,
            version=self._description.version,
            at=at,
            seq_head=tip.sequence,
            head=tip.chain.hex(),
            sent_to=sequence_of(outbox.sent),
            n={app: each.n for app, each in outbox.confirmations.items() if app != BROKER},
            problems=tuple(problems),
        )
        return msgspec.json.encode(state)
