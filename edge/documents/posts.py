"""Who is at a window: who signed on there, else the only one assigned to it at that time, else nobody. Pure.

So a rating given to a colleague who covers never lands on the absent one; where two are assigned and neither
signed on, nobody is named. Signing on elsewhere, and midnight, end it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Literal, NamedTuple

import msgspec

from edge.documents.checks import begins, ends
from edge.documents.shapes import Assignment, EvaluationProfile, Staff, WindowGroup

Why = Literal["signed_on", "assigned", "several", "nobody", "not_known"]


class SignOn(msgspec.Struct, frozen=True, array_like=True):
    """Somebody signed on at a window at a moment (ISO with zone); staff_no "" = who was there signed off."""

    at: str
    window_no: str
    staff_no: str


class Duty(NamedTuple):
    """Who is at a window. why: `several` and `nobody` name no one; `not_known`: no assignments were given."""

    staff_no: str | None
    why: Why


@dataclass(frozen=True, slots=True)
class Held:
    """What the documents say together; a new one for each change, so that a reader sees one state."""

    staff: Mapping[str, Staff] = field(default_factory=dict)
    groups: tuple[WindowGroup, ...] = ()
    assignments: tuple[Assignment, ...] | None = None
    profile: EvaluationProfile | None = None


def on_duty(window_no: str, at: datetime, zone: tzinfo, sign_ons: Iterable[SignOn], held: Held) -> Duty:
    """Who was at a window at a moment (with zone); `zone` is the hall's."""
    signed = signed_on(window_no, at, zone, sign_ons)
    if signed:
        return Duty(signed, "signed_on")
    if held.assignments is None:
        return Duty(None, "not_known")
    here = at.astimezone(zone).replace(tzinfo=None)
    found = {
        entry.staff_no
        for entry in held.assignments
        if entry.window_no == window_no
        and begins(entry.start) <= here < ends(entry.end)
        and not _left(held.staff.get(entry.staff_no))
    }
    if len(found) == 1:
        return Duty(found.pop(), "assigned")
    return Duty(None, "several" if found else "nobody")


def signed_on(window_no: str, at: datetime, zone: tzinfo, sign_ons: Iterable[SignOn]) -> str | None:
    """Who had signed on there by then, that day, and nowhere else since; `sign_ons` oldest first.

    Ratings bear whole seconds, so one counts from the beginning of its second on.
    """
    day = at.astimezone(zone).date()
    there: str | None = None
    for sign_on in sign_ons:
        if sign_on.window_no != window_no and sign_on.staff_no != there:
            continue
        moment = datetime.fromisoformat(sign_on.at).replace(microsecond=0)
        if moment > at or moment.astimezone(zone).date() != day:
            continue
        there = (sign_on.staff_no or None) if sign_on.window_no == window_no else None
    return there


def _left(staff: Staff | None) -> bool:
    return staff is not None and not staff.active
