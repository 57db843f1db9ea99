"""What one hall says upstream: its topics and its own messages as bytes. Pure; events pass as stored."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from edge.contract import UNREADABLE, Description, Problem, State, topic
from edge.events import Place, topic_kind
from edge.payloads import WithheldReason
from edge.store import Stub, Tip, sequence_of
from edge.uplink.confirmations import BROKER
from edge.uplink.outbox import Outbox
from edge.uplink.withheld import withhold


class NoTopic(Exception):
    """An event that this release cannot address: stored by a newer one, perhaps."""


class _Typed(msgspec.Struct):
    type: str


_TYPED = msgspec.json.Decoder(_Typed)


class Messages:
    """Topics and messages of the hall at `place`."""

    def __init__(self, place: Place, description: Description, instance: str) -> None:
        self._place, self._description, self._instance = place, description, instance
        self.state_topic = topic(place.county, place.hall, "state")
        self.description_topic = topic(place.county, place.hall, "desc")
        self._batch_topic = topic(place.county, place.hall, "evt-batch")
        self._acks = topic(place.county, place.hall, "ack") + "/"

    def event_topic(self, body: bytes) -> str:
        """Where an event goes, by its type; NoTopic where this release knows no topic for it."""
        try:
            kind = topic_kind(_TYPED.decode(body).type)
        except (msgspec.MsgspecError, KeyError) as error:
            raise NoTopic(f"no topic: {error}") from error
        return topic(self._place.county, self._place.hall, "evt", kind)

    def withheld(self, stub: Stub, reason: WithheldReason, detail: str, at: str) -> bytes:
        """What goes under the number of an event that does not."""
        return withhold(stub, self._place, reason, detail, at)

    def pack(self, bodies: Sequence[bytes], gzipped: bool) -> tuple[str, bytes]:
        """Topic and payload of one message: an event as stored, or a batch of them; NoTopic."""
        if len(bodies) == 1:
            return self.event_topic(bodies[0]), bodies[0]
        batch = b",".join([b"[" + bodies[0], *bodies[1:-1], bodies[-1] + b"]"])
        return self._batch_topic, _gzip(batch) if gzipped else batch

    def receipt_of(self, topic: str) -> str | None:
        """The application whose receipt travels on a topic, or None for another topic."""
        return topic.removeprefix(self._acks) if topic.startswith(self._acks) else None

    def of_a_double(self, payload: bytes, epoch: str) -> bool:
        """Whether a state of this hall was said by another daemon that is there now, or was until just now.

        The last will of an earlier life comes late only under another epoch: else our login calls it out.
        """
        try:
            state = msgspec.json.decode(payload, type=State)
        except UNREADABLE:
            return False
        there = state.state == "ready" or (state.state == "lost" and state.epoch == epoch)
        return there and state.instance not in ("", self._instance)

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
            instance=self._instance,
            problems=tuple(problems),
        )
        return msgspec.json.encode(state)


def _gzip(batch: bytes) -> bytes:
    from edge.uplink.squeezed import squeeze  # noqa: PLC0415 - loaded by halls whose consumers take it

    return squeeze(batch)
