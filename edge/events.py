"""`Reading` -> `Event`: names, ids, time quality, JSON, hashes. Pure: never reads a clock.

Names and fields are `edge/payloads.py`; the envelope is `edge/contract.py`. The bytes sealed here are
stored, hashed and sent as they are, and never change: what is learned later is another event.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from typing import NamedTuple
from uuid import UUID

import msgspec

from drivers.base import Fact, Reading, Reject
from edge.clock.offsets import judge_time
from edge.clock.trust import Boot
from edge.contract import Event
from edge.payloads import PAYLOADS, HashAlg, TimeQuality

TYPE_PREFIX = "cn.zwdt."
VERSION = "v1"
NAMESPACE = UUID("6f1de0a5-2c4f-5d0c-9a57-0e3f6c1c7a10")
"""Of all event ids of the project; must never change."""

TOPIC_KIND = {
    "attendance": "att",
    "command": "edge",
    "complaint": "sup",
    "config": "edge",
    "device": "dev",
    "edge": "edge",
    "enrollment": "dev",
    "evaluation": "eval",
    "guestbook": "sup",
    "inspection": "sup",
    "time": "edge",
}
"""First word of a type -> `{kind}` of its topic."""

REPLAYED_AFTER = timedelta(minutes=10)
REPEATED = "attendance.punch"
"""Only of this kind are many alike but for time and key; a rating is not kept in memory."""
STAMP_LENGTH = len("2026-11-20T08:25:00")

Digest = Callable[[bytes], bytes]


class BadReading(ValueError):
    """A reading that is no event of the catalogue; the runner puts it into quarantine."""


class Place(NamedTuple):
    """Where the hall is: what the envelope of each of its events repeats."""

    county: str
    hall: str
    source: str


class Origin(NamedTuple):
    """The device a reading comes from, as configured and as last measured."""

    device_id: str
    driver: str
    zone: tzinfo
    clock_offset_ms: int | None
    trusted: bool
    """Our own clock is known to be right."""
    boot: Boot | None = None
    """Told with the event while it is not, so that the right time can be found later."""


class Draft(msgspec.Struct, frozen=True, gc=False):
    """An event that has no number yet. `fact` is unique for ever and sorts by device, then time."""

    kind: str
    fact: str
    time: str
    data: bytes
    copies: int = 1
    hint: bool = False
    """It was pushed; the terminal's own log shall show it."""


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """A numbered event: `body` is the JSON text, `hash` its digest, `chain` the digest up to here."""

    body: str
    hash: bytes
    chain: bytes


@cache
def digest_of(algorithm: HashAlg) -> Digest:
    """The hash function of a chain; `sm3` is the one of `crypto.suite = "gm"`."""
    blank = hashlib.new(algorithm)

    def digest(data: bytes) -> bytes:
        filled = blank.copy()  # a third of the cost of looking the algorithm up each time
        filled.update(data)
        return filled.digest()

    return digest


def genesis(epoch: str, digest: Digest) -> bytes:
    """The chain before the first event of an epoch."""
    return digest(epoch.encode())


def extend(chain: bytes, body: bytes, digest: Digest) -> tuple[bytes, bytes]:
    """`(hash, chain)` of the next event whose stored bytes are `body`."""
    body_hash = digest(body)
    return body_hash, digest(chain + body_hash)


def event_id(fact: str) -> str:
    """The id of a fact (UUIDv5): a function of the fact alone, on every edge and after every loss."""
    named = _NAMED.copy()
    named.update(fact.encode())
    text = named.hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"


_NAMED = hashlib.sha1(NAMESPACE.bytes, usedforsecurity=False)
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


def event_type(kind: str) -> str:
    """`attendance.punch` -> `cn.zwdt.attendance.punch.v1`."""
    return f"{TYPE_PREFIX}{kind}.{VERSION}"


def topic_kind(event_type: str) -> str:
    """`{kind}` of the topic an event of this type travels on."""
    return TOPIC_KIND[event_type.removeprefix(TYPE_PREFIX).split(".", 1)[0]]


Complete = Callable[[Reading, datetime, TimeQuality], Reading]
"""Adds what the hall knows of a fact at its moment (with zone): `edge/evaluation/completing.py`."""


def normalize(reading: Reading, origin: Origin, now: datetime) -> Draft:
    """A device's fact as a `Draft`; BadReading when it does not fit the catalogue. `now` has a zone."""
    return _draft(reading, origin, _utc(now))


def _draft(reading: Reading, origin: Origin, utc: datetime, complete: Complete | None = None) -> Draft:
    """See `normalize`. Reckons without zones, ten times as fast: `utc` and all times here are naive."""
    kind, serial, key, device_time, facts, copies = reading
    device_id, driver, zone, offset_ms, trusted, boot = origin
    told, (ahead, suffix) = _moment(device_time, zone)
    try:
        now = utc + ahead
        time, quality = judge_time(told, offset_ms, now, trusted)
        if complete and kind != REPEATED:
            facts = complete(reading, time.replace(tzinfo=timezone(ahead)), quality).facts
    except OverflowError as error:
        raise BadReading(f"device_time {device_time!r}: {error}") from error
    fact = f"{serial}|{key}|{kind}"
    if not fact.isprintable():
        raise BadReading(f"control characters in {fact!r}")
    try:
        stamper = (device_id, driver, offset_ms, None if trusted else boot)
        replayed = now - time > REPLAYED_AFTER
        payload = _repeated if kind == REPEATED else _payload
        to_time, to_key, rest = payload(kind, serial, tuple(facts.items()), stamper, quality, replayed)
        named = _encode(key) if to_key else b""
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise BadReading(str(error)) from error
    data = b"".join((to_time, device_time.encode(), to_key, named, rest))
    text = device_time if time is told else time.isoformat(timespec="seconds")
    return Draft(kind, fact, text + suffix, data, copies, facts.get("unconfirmed") is True)


def drafts_of(
    readings: Sequence[Reading],
    origins: Iterable[Origin],
    now: datetime,
    complete: Complete | None = None,
) -> tuple[list[tuple[Reading, Draft]], list[Reject]]:
    """Drafts of what fits the catalogue; the rest as rejects, so that it blocks nothing."""
    drafts: list[tuple[Reading, Draft]] = []
    refused: list[Reject] = []
    utc = _utc(now)
    for reading, origin in zip(readings, origins):  # noqa: B905 - one origin may be repeated without end
        try:
            drafts.append((reading, _draft(reading, origin, utc, complete)))
        except BadReading as error:
            refused.append(Reject.frame(str(error), repr(reading).encode()))
    return drafts, refused


def _payload(
    kind: str,
    serial: str,
    facts: tuple[tuple[str, Fact], ...],
    stamper: tuple[str, str, int | None, Boot | None],
    quality: TimeQuality,
    replayed: bool,
) -> tuple[bytes, bytes, bytes]:
    """The payload as JSON, cut where device time and key go: the rest is the same for many facts of a person.

    The middle is empty where the payload names no key.
    """
    if kind not in PAYLOADS:
        raise BadReading(f"unknown kind {kind!r}")
    device_id, driver, clock_offset_ms, boot = stamper
    values = {
        **dict(facts),
        "device_id": device_id,
        "device_serial": serial,
        "driver": driver,
        "device_time": "",
        "clock_offset_ms": clock_offset_ms,
        "time_quality": quality,
        "replayed": replayed,
        "native_key": "",
    }
    if boot:
        values |= {"boot_id": boot.id, "boot_wall_ms": boot.wall_ms}
    whole = _encode(msgspec.convert(values, PAYLOADS[kind]))
    to_time, mark, rest = whole.partition(b'"device_time":"')
    to_key, also, end = rest.partition(b'"native_key":"')
    return (to_time + mark, to_key + also[:-1], end[1:]) if also else (to_time + mark, b"", rest)


_encode = msgspec.json.Encoder().encode
_repeated = lru_cache(maxsize=512)(_payload)  # 1.5 KB each


def _moment(device_time: str, zone: tzinfo) -> tuple[datetime, tuple[timedelta, str]]:
    """A naive device time as a moment, and its zone; BadReading when it is no such time."""
    try:
        told, hour = datetime.fromisoformat(device_time), _hour(device_time[:13], zone)
    except ValueError as error:
        raise BadReading(f"device_time {device_time!r}: {error}") from error
    if len(device_time) != STAMP_LENGTH or device_time[4:17:3] != "--T::":
        raise BadReading(f"device_time {device_time!r} is not YYYY-MM-DDTHH:MM:SS")
    return told, hour


@lru_cache(maxsize=4096)
def _hour(hour: str, zone: tzinfo) -> tuple[timedelta, str]:
    """How far a zone is ahead of UTC in an hour `YYYY-MM-DDTHH`, also as `+08:00`; asking each time costs."""
    began = datetime.fromisoformat(hour).replace(tzinfo=zone)
    return began.utcoffset() or timedelta(), began.isoformat()[-6:]


def _utc(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(tzinfo=None)


def own_event(
    kind: str, epoch: str, subject: str, revision: int, now: datetime, payload: msgspec.Struct
) -> Draft:
    """An event of the edge itself (verdict, alarm, state): named by epoch, subject and revision."""
    fact = f"edge|{epoch}|{revision:012d}|{subject}|{kind}"
    return Draft(kind, fact, now.isoformat(timespec="seconds"), msgspec.json.encode(payload))


def seal(
    draft: Draft, place: Place, epoch: str, sequence: int, recorded: str, chain: bytes, digest: Digest
) -> Sealed:
    """Give a draft its number: the final bytes and their place in the chain."""
    to_id, to_time, to_recorded, to_sequence, to_data = _envelope(draft.kind, place, epoch)
    body = (
        f"{to_id}{event_id(draft.fact)}{to_time}{draft.time}{to_recorded}{recorded}{to_sequence}{sequence:020d}"
        f"{to_data}{draft.data.decode()}}}"
    )
    return Sealed(body, *extend(chain, body.encode(), digest))


@lru_cache(maxsize=64)
def _envelope(kind: str, place: Place, epoch: str) -> list[str]:
    """An `Event` as JSON, cut where id, both times, sequence and data go: none of them needs escaping."""
    gap = "{gap}"
    hall, schema = f"{place.county}/{place.hall}", f"urn:zwdt:{kind}.{VERSION}"
    event = Event(
        "1.0", gap, place.source, event_type(kind), gap, gap, gap, epoch, hall, schema, msgspec.Raw()
    )
    return msgspec.json.encode(event).removesuffix(b"}").decode().split(gap)
