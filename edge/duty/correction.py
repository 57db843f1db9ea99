"""What is learned later of an event that was stored while the time was not known. Pure.

Wall clocks of one boot differ by a constant, whatever they said: `boot_wall_ms` in the event is when the boot
began by the wrong clock, and the present clock dates the same beginning rightly. The event's bytes stay.
"""

from datetime import datetime, timedelta

import msgspec

from edge.clock.offsets import judge_time
from edge.clock.trust import Boot
from edge.contract import Event
from edge.events import TYPE_PREFIX, VERSION, Draft, own_event
from edge.payloads import FromEdge, TimeCorrected, TimeQuality

KIND = "time.corrected"
UNDATED = '"boot_wall_ms":'
_CORRECTED: TimeQuality = "corrected"


class _Told(FromEdge, frozen=True, kw_only=True):
    """Of any event. device_time: set where a device says when it was."""

    device_time: str | None = None
    clock_offset_ms: int | None = None


def datable(draft: Draft, boot: Boot) -> Draft:
    """An event of our own that is stored while the time is not known: with what will date it."""
    if draft.kind == KIND:
        return draft
    said = msgspec.json.encode(FromEdge(boot_id=boot.id, boot_wall_ms=boot.wall_ms))
    data = draft.data[:-1] + b"," * (draft.data != b"{}") + said[1:]
    return msgspec.structs.replace(draft, data=data)


def correction(body: str, epoch: str, boot: Boot, now: datetime) -> Draft | None:
    """`time.corrected` for a stored event, or None where it needs none, or is of another boot.

    epoch: the present one. boot: the running one, by the clock that is now believed.
    """
    if UNDATED not in body:
        return None
    event = msgspec.json.decode(body, type=Event)
    if event.type == f"{TYPE_PREFIX}{KIND}.{VERSION}":
        return None
    told = msgspec.json.decode(event.data, type=_Told)
    if told.boot_id != boot.id or told.boot_wall_ms is None:
        return None
    learned = _learned(event, told, timedelta(milliseconds=boot.wall_ms - told.boot_wall_ms), now)
    return own_event(KIND, epoch, event.id, 0, now, learned)


def _learned(event: Event, told: _Told, shift: timedelta, now: datetime) -> TimeCorrected:
    stood, recorded = (datetime.fromisoformat(each) for each in (event.time, event.recordedtime))
    shift_ms, offset = shift // timedelta(milliseconds=1), None
    time, quality = (stood + shift).astimezone(now.tzinfo), _CORRECTED
    if told.device_time is not None:
        offset = None if told.clock_offset_ms is None else told.clock_offset_ms - shift_ms
        time, quality = judge_time(stood, offset, now, trusted=True)
    return TimeCorrected(
        event_id=event.id,
        time=time.isoformat(timespec="seconds"),
        time_quality=quality,
        recordedtime=(recorded + shift).astimezone(now.tzinfo).isoformat(timespec="milliseconds"),
        edge_shift_ms=shift_ms,
        how="same_boot",
        clock_offset_ms=offset,
    )
