"""A hall as upstream hears it: events sealed by the edge's own code, under any epoch and number."""

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import msgspec

from edge import events
from edge.consume import Ledger
from edge.contract import Receipt, State, topic
from edge.events import Draft, Place
from edge.payloads import EpochOpened, HashAlg, Punch, WithheldReason
from edge.store import Stub
from edge.uplink.withheld import withhold

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=timezone(timedelta(hours=8)))
Message = tuple[str, bytes]


@dataclass(frozen=True)
class Hall:
    name: str = "h1"
    county: str = "330100"

    @property
    def source(self) -> str:
        return f"/zwdt/{self.county}/{self.name}"

    def topic(self, *rest: str) -> str:
        return topic(self.county, self.name, *rest)

    def log(
        self, facts: Iterable[int], epoch: str = "e1", hash_alg: HashAlg = "sha256"
    ) -> tuple[list[bytes], list[str]]:
        """The opening of an epoch and a punch per fact: bodies and chain hashes, number 1 first."""
        opening = EpochOpened(reason="new_database", hash_alg=hash_alg)
        drafts = [events.own_event("edge.epoch_opened", epoch, "edge", 1, NOW, opening), *map(punch, facts)]
        digest = events.digest_of(hash_alg)
        chain, bodies, heads = events.genesis(epoch, digest), [], []
        place = Place(self.county, self.name, self.source)
        for sequence, draft in enumerate(drafts, 1):
            sealed = events.seal(draft, place, epoch, sequence, NOW.isoformat(), chain, digest)
            chain = sealed.chain
            bodies.append(sealed.body.encode())
            heads.append(chain.hex())
        return bodies, heads

    def withheld(
        self, bodies: Sequence[bytes], heads: Sequence[str], number: int, reason: WithheldReason = "parked"
    ) -> bytes:
        """What goes under a number of the log in place of its event."""
        fact = f"A1|{msgspec.json.decode(bodies[number - 1])['data'].get('native_key')}|attendance.punch"
        body_hash = events.digest_of("sha256")(bodies[number - 1])
        epoch = msgspec.json.decode(bodies[0])["epoch"]
        chain = bytes.fromhex(heads[number - 1])
        stub = Stub((1 << 40) + number, epoch, fact, body_hash, chain, len(bodies[number - 1]), "")
        place = Place(self.county, self.name, self.source)
        return withhold(stub, place, reason, "for a test", NOW.isoformat())

    def one(self, body: bytes) -> Message:
        return self.topic("evt", "att"), body

    def batch(self, bodies: Sequence[bytes], packed: bool = False) -> Message:
        text = b"[" + b",".join(bodies) + b"]"
        return self.topic("evt-batch"), gzip.compress(text) if packed else text

    def state(self, epoch: str = "e1", state: str = "ready", sent_to: int = 0, **n: int) -> Message:
        told = State(state=state, epoch=epoch, version="0", at=NOW.isoformat(), sent_to=sent_to, n=n)  # type: ignore[arg-type]
        return self.topic("state"), msgspec.json.encode(told)

    def receipt(self, app: str, n: int) -> Message:
        return self.topic("ack", app), msgspec.json.encode(Receipt(n=n, epoch="e1", upto=0, head=""))


def punch(fact: int) -> Draft:
    data = Punch(
        device_id="door",
        device_serial="A1",
        driver="zk",
        device_time="2026-11-22T09:00:00",
        time_quality="synced",
        replayed=False,
        device_user_id=str(fact),
        verify_method="face",
        punch_state="check_in",
        native_key=str(fact),
    )
    return Draft(
        "attendance.punch", f"A1|{fact}|attendance.punch", NOW.isoformat(), msgspec.json.encode(data)
    )


def altered(body: bytes, **changes: object) -> bytes:
    """The event with other attributes; None takes one away."""
    event = msgspec.json.decode(body, type=dict) | changes
    return msgspec.json.encode({name: value for name, value in event.items() if value is not None})


def receipt(ledger: Ledger, source: str = Hall().source) -> Receipt:
    """The next receipt, with what is missing."""
    return ledger.receipt(source, ask=True)
