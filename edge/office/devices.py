"""The technician's page: devices, who is on them, who was turned away, what to see to; with buttons.

An order goes through the very commands of the command line, under the name of who gave it; which ones, and
which fields each takes, stands in ORDERS.
"""

from collections.abc import Callable
from typing import NamedTuple

import anyio.to_thread
import msgspec
from starlette.responses import Response

from edge.commands import Commands, obey
from edge.office.audits import Audits, Result
from edge.office.visit import Frame, Visit, away
from edge.office.words import told
from edge.snapshot import DeviceHealth, Snapshot
from edge.web.view import DeviceView, page
from edge.words import say

ORDERS: dict[str, tuple[str, ...]] = {
    "accept": ("device", "serial"),
    "approve": ("serial", "address", "device", "name"),
    "service": ("device", "to", "reason"),
    "reread": ("device",),
    "staff-push": ("person", "name", "card", "devices"),
    "staff-revoke": ("person", "devices"),
}


class Shown(NamedTuple):
    """One device. swapped: the serial number that waits to be accepted, or ""; out: it is out of service."""

    device_id: str
    view: DeviceView
    swapped: str
    out: bool
    works: bool


class Devices:
    """The page `/devices` and its orders."""

    def __init__(
        self, frame: Frame, take: Callable[[], Snapshot], commands: Commands, audits: Audits
    ) -> None:
        self._frame, self._take, self._commands, self._audits = frame, take, commands, audits

    async def show(self, visit: Visit) -> Response:
        """The devices as they are now."""
        snapshot = await anyio.to_thread.run_sync(self._take)
        seen = page(snapshot, visit.lang)
        rows = [_shown(each, view) for each, view in zip(snapshot.devices, seen.devices, strict=True)]
        staff = [panel for panel in seen.panels if panel.title == say(visit.lang, "staff.title")]
        away = snapshot.turned_away
        return self._frame.shown(visit, "devices.html", page=seen, rows=rows, turned_away=away, staff=staff)

    async def order(self, visit: Visit) -> Response:
        """Carry out one of ORDERS, and say what became of it."""
        name, who = visit.form.get("order", ""), visit.who
        if name not in ORDERS:
            who.notice, who.notice_good = told(visit.lang, "not_known"), False
            return away("/devices")
        given = {key: visit.form[key] for key in ORDERS[name] if visit.form.get(key)}
        body = msgspec.json.encode({**given, "actor": who.name})
        answer = await anyio.to_thread.run_sync(obey, self._commands, name, body)
        result: Result = "done" if answer.done else "refused"
        target = given.get("device") or given.get("serial", "-")
        await anyio.to_thread.run_sync(
            self._audits.tell, who.name, who.role, f"order.{name}", target, result, answer.text
        )
        who.notice = told(visit.lang, f"order_{result}", text=answer.text)
        who.notice_good = answer.done
        return away("/devices")


def _shown(device: DeviceHealth, view: DeviceView) -> Shown:
    waits = device.detail.rpartition("→ ")[2].split(" ")[0] if device.cause == "terminal_swapped" else ""
    out = device.cause == "out_of_service"
    return Shown(device.device_id, view, waits, out, device.state != "disabled")
