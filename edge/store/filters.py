"""Which events of the log somebody wants to see."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import msgspec

from edge.contract import Event
from edge.store.reads import Reader


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events to show; None = any. `day` in the hall's own zone, `kind` such as `attendance.punch`."""

    device: str | None = None
    person: str | None = None
    day: date | None = None
    kind: str | None = None


def select(reader: Reader, wanted: Filter, after: int = 0) -> Iterator[tuple[int, Event, dict[str, object]]]:
    """Events that pass the filter, oldest first: `(position, envelope, data)`. Reads in small steps."""
    while rows := reader.after(after, 500):
        for row in rows:
            event = msgspec.json.decode(row.body, type=Event)
            data = msgspec.json.decode(event.data, type=dict[str, object])
            if _matches(wanted, event, data):
                yield row.position, event, data
        after = rows[-1].position


def passes(wanted: Filter, body: str) -> bool:
    """Whether a stored event passes the filter."""
    event = msgspec.json.decode(body, type=Event)
    return _matches(wanted, event, msgspec.json.decode(event.data, type=dict[str, object]))


def _matches(wanted: Filter, event: Event, data: dict[str, object]) -> bool:
    about = data.get("target")
    named = about.get("staff") if isinstance(about, dict) else None
    persons = (data.get("staff_no"), data.get("device_user_id"), named)
    return (
        (wanted.device is None or data.get("device_id") == wanted.device)
        and (wanted.person is None or wanted.person in persons)
        and (wanted.day is None or event.time.startswith(wanted.day.isoformat()))
        and (wanted.kind is None or event.type.split(".", 2)[2].rsplit(".", 1)[0] == wanted.kind)
    )
