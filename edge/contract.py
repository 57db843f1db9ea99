"""The wire contract with upstream as message classes: topics, event envelope, receipts, states.

`config/contract/` (JSON Schema, AsyncAPI) is generated from this module and `edge/events.py`. Pure.
"""

import re
from typing import Annotated, Literal

import msgspec

TOPIC_ROOT = "zwdt/v1"
RANGES_MAX = 64
HOST_STATES = f"{TOPIC_ROOT}/host/+/state"
"""What to subscribe to for the presence of every consumer."""
_PART = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")

N_END = 1 << 53
"""Numbers of receipts stay below it: exact in every JSON reader, and in SQLite."""
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding hostile JSON may raise."""

Range = tuple[int, int]
"""First and last sequence, both included."""
Ranges = Annotated[tuple[Range, ...], msgspec.Meta(max_length=RANGES_MAX)]
Sequence = Annotated[int, msgspec.Meta(ge=0, lt=1 << 40)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


def topic_part(text: str) -> str:
    """`text` itself if it may stand as one level of a topic; else ValueError."""
    if not _PART.match(text):
        raise ValueError(f"{text!r} may not stand in a topic: 1-64 of A-Z a-z 0-9 _ -")
    return text


def topic(county: str, hall: str, *rest: str) -> str:
    """`zwdt/v1/{county}/{hall}/…`, every part checked."""
    return "/".join([TOPIC_ROOT, *map(topic_part, (county, hall, *rest))])


def source(county: str, hall: str) -> str:
    """CloudEvents `source` of a hall."""
    return f"/zwdt/{topic_part(county)}/{topic_part(hall)}"


def host_topic(app: str) -> str:
    """Where the consumer `app` says that it is there."""
    return f"{TOPIC_ROOT}/host/{topic_part(app)}/state"


class Event(msgspec.Struct, frozen=True, gc=False):
    """One CloudEvents 1.0 event, structured mode; the bytes on the wire are the bytes in the store.

    `data` is one of the payloads of `edge/events.py`, told by `type`.
    `sequence` is 20 digits, gap-free per `epoch`, compared as a number.
    """

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    time: str
    recordedtime: str
    sequence: str
    epoch: str
    partitionkey: str
    dataschema: str
    data: msgspec.Raw


class Refusal(msgspec.Struct, frozen=True):
    """An event the consumer holds but cannot use; it is parked and shown at the edge."""

    sequence: Sequence
    reason: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """`…/ack/{app}`, retained: what one application has committed. Obeyed only if it fits our chain.

    n: only rises, also over restarts of the consumer. epoch: the ledger it speaks of.
    upto: committed without a gap, 0 = nothing. head: chain hash at `upto`, hex, "" at 0.
    also: committed above `upto`. want: please replay. withheld: settled by word that the event is parked;
    the event itself is not here.
    """

    n: Annotated[int, msgspec.Meta(ge=1, lt=N_END)]
    epoch: str
    upto: Sequence
    head: str
    also: Ranges = ()
    want: Ranges = ()
    refused: Annotated[tuple[Refusal, ...], msgspec.Meta(max_length=RANGES_MAX)] = ()
    withheld: Ranges = ()


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong: what, since when, why, and the next step, in Chinese and English."""

    subject: str
    cause: str
    since: str
    text: dict[str, str]
    next_step: dict[str, str]


class State(msgspec.Struct, frozen=True, kw_only=True):
    """`…/state`, retained, and the will (`lost`). Published after each connect and every few minutes.

    n: last receipt number seen, per application. seq_head: newest number. sent_to: newest number sent.
    instance: of this life of the daemon; a hall that speaks with two of them has a double.
    """

    state: Literal["ready", "stopped", "lost"]
    epoch: str
    version: str
    at: str
    seq_head: int = 0
    head: str = ""
    sent_to: int = 0
    n: dict[str, int] = {}
    instance: str = ""
    problems: tuple[Problem, ...] = ()


class DeviceDescription(msgspec.Struct, frozen=True):
    """One device as configured."""

    device_id: str
    driver: str


class Description(msgspec.Struct, frozen=True):
    """`…/desc`, retained: what stands in the hall and which schema version speaks for each type."""

    version: str
    devices: tuple[DeviceDescription, ...]
    types: tuple[str, ...]


Takes = Literal["batch", "gzip"]


class HostState(msgspec.Struct, frozen=True):
    """`zwdt/v1/host/{app}/state`, retained, and the consumer's will (`offline`). `takes`: what it accepts."""

    state: Literal["online", "offline"]
    takes: tuple[Takes, ...] = ()
