"""What is learned later of an event that was stored while the time was not known. Pure.

Wall clocks of one boot differ by a constant, whatever they said: `boot_wall_ms` in the event is when the boot
began by the wrong clock, and the present clock dates the same beginning rightly. The event's bytes stay.
"""

from datetime import datetime, timedelta

import msgspec

from edge.contract import Event
from edge.events import TYPE_PREFIX, VERSION, Draft, judge_time, own_event
from edge.payloads import PAYLOADS, FromDevice, TimeCorrected
from edge.trust import Boot

UNSYNCED = '"time_quality":"unsynced"'


def correction(body: str, epoch: str, boot: Boot, now: datetime) -> Draft | None:
    """`time.corrected` for a stored event, or None where it needs none, or is of another boot.

    epoch: the present one. boot: the running one, by the clock that is now believed.
    """
    if UNSYNCED not in body:
        return None
    event = msgspec.json.decode(body, type=Event)
    payload = PAYLOADS.get(event.type.removeprefix(TYPE_PREFIX).removesuffix(f".{VERSION}"))
    if payload is None or not issubclass(payload, FromDevice):
        return None
    data = msgspec.json.decode(event.data, type=FromDevice)
    if data.boot_id != boot.id or data.boot_wall_ms is None:
        return None
    learned = _learned(event, data, boot.wall_ms - data.boot_wall_ms, now)
    return own_event("time.corrected", epoch, event.id, 0, now, learned)


def _learned(event: Event, data: FromDevice, shift_ms: int, now: datetime) -> TimeCorrected:
    offset = None if data.clock_offset_ms is None else data.clock_offset_ms - shift_ms
    told = datetime.fromisoformat(event.time)
    recorded = datetime.fromisoformat(event.recordedtime).astimezone(now.tzinfo)
    time, quality = judge_time(told, offset, now, trusted=True)
    return TimeCorrected(
        event_id=event.id,
        time=time.isoformat(timespec="seconds"),
        time_quality=quality,
        recordedtime=(recorded + timedelta(milliseconds=shift_ms)).isoformat(timespec="milliseconds"),
        edge_shift_ms=shift_ms,
        how="same_boot",
        clock_offset_ms=offset,
    )
