"""What a person may order outright: read a terminal's log again, send again what was set aside."""

from collections.abc import Sequence

from drivers.base import IntakeClosed, StoreBusy
from edge.commands import Arguments, Refused
from edge.device.runner import Runner
from edge.uplink.uplink import Uplink


def reread(runners: Sequence[Runner], arguments: Arguments) -> str:
    """Order a whole read of one device's log, or of all."""
    wanted = arguments.get("device")
    asked = [runner for runner in runners if wanted in (None, runner.device.device_id)]
    if not asked:
        raise Refused(f"{wanted}: no such device")
    taken = [runner.device.device_id for runner in asked if runner.order("reread")]
    return ", ".join(taken)


def requeue(uplink: Uplink, arguments: Arguments) -> str:
    """Send again what the uplink has set aside: the event of one number, or all."""
    wanted = arguments.get("number")
    if wanted is not None and not wanted.isdecimal():
        raise Refused(f"{wanted}: not a number")
    try:
        found = uplink.requeue(None if wanted is None else int(wanted))
    except (IntakeClosed, StoreBusy) as error:
        raise Refused(f"not queued, the disk takes nothing: {error}") from error
    if not found:
        raise Refused(f"#{wanted} is not set aside" if wanted else "nothing is set aside")
    return ", ".join(f"#{number}" for number in found)
