"""«Where is this punch?»: from what is known to the one hop where it is, or why it is nowhere. Pure.

A punch that is stored is at the hop that its number tells. Of one that is not, each terminal tells what it
can prove: only a complete read beyond that moment proves that it holds no such record.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from edge.clock.offsets import OFFSET_TOLERATED_MS

SETTLED = ("hop_confirmed", "hop_purged", "hop_erased", "hop_before_service")
"""At these nothing is left to do."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A punch the hall has. aside: why it is set aside; emptied: why only its stub is left.

    number 0: known by its key alone, from before the terminal's service. Times as the event tells them.
    unproved: it was pushed, and the terminal's own log has not shown it yet.
    """

    device_id: str
    serial: str
    person: str
    device_time: str
    staff_no: str = ""
    time: str = ""
    time_quality: str = ""
    clock_offset_ms: int | None = None
    recorded: str = ""
    event_id: str = ""
    epoch: str = ""
    number: int = 0
    position: int = 0
    fact: str = ""
    emptied: str = ""
    aside: str = ""
    unproved: bool = False


class Upstream(msgspec.Struct, frozen=True, kw_only=True):
    """How far the way upstream is. upto: position that each application confirmed; received: when.

    epoch_first: position where the present epoch begins: what is left before it was confirmed before.
    sent: position up to which was sent, None where no daemon tells.
    """

    upto: Mapping[str, int]
    received: Mapping[str, str | None]
    sent: int | None
    epoch_first: int
    cause: str
    since: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one terminal. complete_until: true time up to which all it recorded is here.

    rejects: records of it, possibly of that moment, that made no sense; named: one of them names the person.
    gap: what it recorded then may be lost, and why. before: the first day of its service, later than that.
    """

    device_id: str
    name: str
    serial: str
    state: str
    cause: str
    since: str
    last_contact: str | None
    complete_until: str | None
    clock_offset_ms: int | None
    rejects: int = 0
    named: bool = False
    gap: str = ""
    before: str = ""


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """Where one punch is, or what one terminal can tell; `word` is a cause of `edge/causes/trace.py`."""

    word: str
    found: Found | None = None
    terminal: Standing | None = None


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: `word` is the conclusion, `hops` the evidence, best first. others: punches near by."""

    person: str
    time: str
    word: str
    hops: tuple[Hop, ...]
    others: tuple[Found, ...]
    upstream: Upstream


def trace(
    person: str,
    moment: datetime,
    found: Sequence[Found],
    terminals: Iterable[Standing],
    others: Sequence[Found],
    upstream: Upstream,
    until: datetime | None = None,
) -> Trace:
    """The answer for a person and a moment; `found` has the punches that may be meant, nearest first.

    until: what is looked for may be as late as this, so nobody was there only if all was read up to it.
    """
    hops = [Hop(word=hop_of(each, upstream), found=each) for each in found]
    if not hops:
        told = [Hop(word=absence(each, until or moment), terminal=each) for each in terminals]
        hops = sorted(told, key=lambda hop: ABSENCES.index(hop.word))
    word = hops[0].word if hops else "hop_no_terminal"
    return Trace(
        person=person,
        time=moment.isoformat(timespec="seconds"),
        word=word,
        hops=tuple(hops),
        others=tuple(others),
        upstream=upstream,
    )


def hop_of(punch: Found, upstream: Upstream) -> str:
    """How far a stored punch has come."""
    if punch.emptied:
        return "hop_erased" if punch.emptied == "erased" else "hop_purged"
    if not punch.number:
        return "hop_before_service"
    if punch.aside:
        return "hop_aside"
    if punch.unproved:
        return "hop_unproved"
    held = min(upstream.upto.values(), default=0)
    if upstream.upto and (punch.position <= held or punch.position < upstream.epoch_first):
        return "hop_confirmed"
    return "hop_sent" if upstream.sent is not None and punch.position <= upstream.sent else "hop_waiting"


ABSENCES = (
    "hop_quarantined",
    "hop_gap",
    "hop_out_of_service",
    "hop_not_read",
    "hop_clock_off",
    "hop_maybe_quarantined",
    "hop_too_early",
    "hop_not_on_terminal",
)
"""Why a terminal shows no such punch; of several terminals the first in this order speaks."""


def absence(terminal: Standing, moment: datetime) -> str:
    """What a terminal can tell of a punch, as late as `moment`, that is not stored."""
    if terminal.named:
        return "hop_quarantined"
    if terminal.gap:
        return "hop_gap"
    if terminal.cause == "out_of_service":
        return "hop_out_of_service"
    until = terminal.complete_until
    if until is None or datetime.fromisoformat(until) < moment:
        return "hop_not_read"
    if abs(terminal.clock_offset_ms or 0) > OFFSET_TOLERATED_MS:
        return "hop_clock_off"
    if terminal.rejects:
        return "hop_maybe_quarantined"
    return "hop_too_early" if terminal.before else "hop_not_on_terminal"
