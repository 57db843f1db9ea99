"""What a hall published -> values to settle: its events one by one, its state, our retained receipt. Pure.

The bytes of an event are those inside the message, untouched, because they are what the chain hashes.
An event that names its source, epoch and number is `Numbered` even if nothing else of it is usable; what
does not, or speaks for another hall than its topic, is `Garbage`.
"""

import hashlib
import re
import zlib
from dataclasses import dataclass
from datetime import datetime

import msgspec

from edge.contract import N_END, TOPIC_ROOT, UNREADABLE, Event, Receipt, State, source
from edge.events import event_type
from edge.payloads import PAYLOADS, EpochOpened, EventWithheld, HashAlg

BATCH_BYTES_MAX = 8 << 20
"""Most bytes a batch may unpack to."""
SEQUENCE_END = 1 << 40
ID_MAX = 256
EPOCH_MAX = 64
TOPIC_MAX = 512
"""Characters; an index of PostgreSQL does not hold texts of any length."""
NUL = "\0"
"""Text with it cannot be kept: PostgreSQL does not take it."""
GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 31
_HASHES = re.compile("[0-9a-f]{128}\\Z")


_SEQUENCE_DIGITS = 20

DATA: dict[str, msgspec.json.Decoder[object]] = {
    event_type(kind): msgspec.json.Decoder(payload) for kind, payload in PAYLOADS.items()
}
"""Type of an event -> what reads its `data`; of types that are not known any object passes."""
_ANY_DATA = msgspec.json.Decoder(dict)
_EVENT = msgspec.json.Decoder(Event)
_BODIES = msgspec.json.Decoder(list[msgspec.Raw])


class _Number(msgspec.Struct, frozen=True):
    """What settles a number, of an event that is not usable otherwise."""

    source: str
    epoch: str
    sequence: str


_NUMBER = msgspec.json.Decoder(_Number)


class Numbered(msgspec.Struct, frozen=True, gc=False):
    """One event with its place in the ledger. `event` is None when unusable; then `reason` says why.

    hash_alg: set on the event that opens an epoch. withheld: set, and `event` None, where it is only word of
    an event that does not come.
    """

    topic: str
    source: str
    epoch: str
    sequence: int
    body: bytes
    event: Event | None
    reason: str = ""
    hash_alg: HashAlg | None = None
    withheld: EventWithheld | None = None


@dataclass(frozen=True, slots=True)
class Garbage:
    """A message, or a part of a batch, that settles no number."""

    topic: str
    body: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What a hall, or our own retained receipt, says of receipts.

    n: newest receipt number known there. epoch: the hall's present one, "" if not told.
    sent_to: newest number sent in it. ready: the hall is there and wants to hear from us.
    word, body: its state in one word and as it came; "" and b"" when this is no state.
    """

    source: str
    n: int
    epoch: str = ""
    sent_to: int = 0
    ready: bool = False
    word: str = ""
    body: bytes = b""


Item = Numbered | Garbage | Heard


class _Unusable(ValueError):
    pass


def read(topic: str, payload: bytes, app: str) -> list[Item]:
    """Everything one message says to the application `app`."""
    if NUL in topic or len(topic) > TOPIC_MAX:
        return [Garbage(topic[:TOPIC_MAX].replace(NUL, "\ufffd"), payload, "NUL in the topic, or too long")]
    root, _, rest = topic.partition(f"{TOPIC_ROOT}/")
    try:
        county, hall, *what = rest.split("/")
        told_by = source(county, hall)
    except ValueError:
        return [Garbage(topic, payload, "not the topic of a hall")]
    match what:
        case ["evt", _] if not root:
            return [_event(topic, told_by, payload)]
        case ["evt-batch"] if not root:
            return _batch(topic, told_by, payload)
        case ["state"] if not root:
            return _state(told_by, payload, app)
        case ["ack", name] if not root and name == app:
            return _receipt(told_by, payload)
    return [Garbage(topic, payload, "unknown topic")]


def _batch(topic: str, hall: str, payload: bytes) -> list[Item]:
    try:
        text = unpack(payload) if payload.startswith(GZIP_MAGIC) else payload
        bodies = _BODIES.decode(text)
    except (_Unusable, *UNREADABLE) as error:
        return [Garbage(topic, payload, str(error))]
    return [_event(topic, hall, bytes(body)) for body in bodies]


def unpack(payload: bytes) -> bytes:
    """Gunzip one member of at most `BATCH_BYTES_MAX` bytes; ValueError otherwise."""
    gzip = zlib.decompressobj(_GZIP)
    try:
        text = gzip.decompress(payload, BATCH_BYTES_MAX)
    except zlib.error as error:
        raise _Unusable(f"gzip: {error}") from error
    if not gzip.eof or gzip.unused_data:
        raise _Unusable(f"gzip: not one whole member of at most {BATCH_BYTES_MAX} bytes")
    return text


def _event(topic: str, hall: str, body: bytes) -> Item:
    try:
        event, data = _usable(body)
    except (_Unusable, *UNREADABLE) as error:
        return _unusable(topic, hall, body, str(error))
    try:
        sequence = _sequence(event, hall)
    except _Unusable as error:
        return Garbage(topic, body, str(error))
    if isinstance(data, EventWithheld):
        wrong = _wrong(data, sequence)
        if wrong:
            return Garbage(topic, body, wrong)
        return Numbered(topic, hall, event.epoch, sequence, body, None, "", None, data)
    # The opening of an earlier epoch may be sent again under this one, as an event like any other.
    hash_alg = data.hash_alg if isinstance(data, EpochOpened) and sequence == 1 else None
    return Numbered(topic, hall, event.epoch, sequence, body, event, "", hash_alg)


def _unusable(topic: str, hall: str, body: bytes, why: str) -> Item:
    """What settles its number all the same, if it tells one."""
    try:
        number = _NUMBER.decode(body)
        sequence = _sequence(number, hall)
    except (_Unusable, *UNREADABLE) as error:
        return Garbage(topic, body, str(error))
    return Numbered(topic, hall, number.epoch, sequence, body, None, why)


def _sequence(told: Event | _Number, hall: str) -> int:
    """The number of what this hall's topic brought; _Unusable where it settles none."""
    digits = told.sequence
    if told.source != hall:
        raise _Unusable(f"source {told.source!r} is not the topic's")
    if not 0 < len(told.epoch) <= EPOCH_MAX or NUL in told.epoch:
        raise _Unusable("empty, too long, or NUL - at `$.epoch`")
    if len(digits) != _SEQUENCE_DIGITS or not (digits.isascii() and digits.isdigit()):
        raise _Unusable(f"not {_SEQUENCE_DIGITS} digits - at `$.sequence`")
    if not 0 < (sequence := int(digits)) < SEQUENCE_END:
        raise _Unusable(f"there is no sequence {sequence}")
    return sequence


def _wrong(withheld: EventWithheld, sequence: int) -> str:
    """Why word of a withheld event can settle no number, or ""."""
    if sequence == 1:
        return "number 1 opens its epoch and cannot be withheld"
    if not _HASHES.match(withheld.hash + withheld.chain):
        return "withheld without hash and chain"
    if not withheld.event_id or not _keepable(withheld.event_id, withheld.event_type, withheld.detail):
        return "withheld with an id or a text that cannot be kept"
    return "" if 0 <= withheld.size < N_END else f"withheld with {withheld.size} bytes"


def _keepable(event_id: str, text: str, other: str) -> bool:
    """Whether a database of either kind can keep these, and the id in its index."""
    return len(event_id) <= ID_MAX and not (NUL in event_id or NUL in text or NUL in other)


def _usable(body: bytes) -> tuple[Event, object]:
    """The event and its data. Unknown types pass as they are."""
    body.decode()
    event = _EVENT.decode(body)
    if not event.id:
        raise _Unusable("id is empty - at `$.id`")
    if not _keepable(event.id, event.type, event.time):
        raise _Unusable("NUL, or too long - at `$.id`, `$.type` or `$.time`")
    try:
        zone = datetime.fromisoformat(event.time).tzinfo
    except ValueError as error:
        raise _Unusable(f"{error} - at `$.time`") from error
    if zone is None:
        raise _Unusable("no time zone - at `$.time`")
    data = DATA.get(event.type, _ANY_DATA).decode(event.data)
    if isinstance(data, EpochOpened) and data.hash_alg not in hashlib.algorithms_available:
        raise _Unusable(f"{data.hash_alg} is not available here - at `$.data.hash_alg`")
    return event, data


def _state(hall: str, payload: bytes, app: str) -> list[Item]:
    try:
        state = msgspec.json.decode(payload, type=State)
    except UNREADABLE:
        return []
    if NUL in state.epoch or len(state.epoch) > EPOCH_MAX or not 0 <= state.sent_to < SEQUENCE_END:
        return []
    ready = state.state == "ready" and bool(state.epoch)
    return [Heard(hall, _n(state.n.get(app, 0)), state.epoch, state.sent_to, ready, state.state, payload)]


def _receipt(hall: str, payload: bytes) -> list[Item]:
    try:
        receipt = msgspec.json.decode(payload, type=Receipt)
    except UNREADABLE:
        return []
    return [Heard(hall, _n(receipt.n))]


def _n(n: int) -> int:
    return n if 0 <= n < N_END else 0
