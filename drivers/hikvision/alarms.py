"""Which events of a Hikvision log a person should know of, beside the punches. Pure.

    major 1 alarm      0x404 the case was opened · 0x406 a card reader was · 0x40f the door control unit was
    major 3 operation  0x404 clock set from afar · 0x407, 0x40a settings restored from afar, at the terminal

Source: vendor's Device Network SDK developer guide, table «Access Control Event Types», and the constants of
its header as published SDK samples carry them, which agree; terminals list these numbers in decimal in
`AcsEvent/capabilities` (recorded sample isapi01). Left out: 0x405 of major 3, the clock set by NTP, which is
as it should be; and a log that was deleted: no table has a number for it, `standing` in `known` sees it.
"""

from collections.abc import Mapping

from drivers.base import Fact, Reading, Reject
from drivers.hikvision.events import USER_MAX, Item, rejected, wall_clock

KIND = "device.alarm"
ALARM, OPERATION = 1, 3
CODES: Mapping[tuple[int, int], str] = {
    (ALARM, 0x404): "tamper",
    (ALARM, 0x406): "tamper",
    (ALARM, 0x40F): "tamper",
    (OPERATION, 0x404): "clock_set",
    (OPERATION, 0x407): "factory_reset",
    (OPERATION, 0x40A): "factory_reset",
}
"""(major, minor) -> code of the alarm."""


def alarm(serial: str, event: Item) -> Reading | Reject | None:
    """The alarm that an event is, what makes no sense of it, or None: it is none."""
    code, time = CODES.get((event.major, event.minor)), wall_clock(event.time)
    if code is None:
        return None
    if not event.number:
        return rejected("no_number", event)
    if time is None:
        return rejected("impossible_date", event)
    facts: dict[str, Fact] = {"code": code, "active": True, "operation": event.minor}
    who = event.user if event.user.isprintable() and len(event.user) <= USER_MAX else ""
    return Reading(KIND, serial, f"{time}|{event.number}", time, facts | ({"operator": who} if who else {}))
