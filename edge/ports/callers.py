"""Which devices of a hall call, found among its runners: families to be heard, lines that stay open."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from drivers.base import Listener
from drivers.conversing import Converser
from edge.device.receiver import Receiver
from edge.device.runner import Runner
from edge.ports.pool import Pool
from edge.settings.families import load_driver
from edge.windows import Windows

if TYPE_CHECKING:
    from edge.ports.talks import Talks

PUSHING = ("adms",)
LINE_WORKERS = 8


def families() -> dict[type[Listener], str]:
    """The families whose terminals are heard of before one of them is configured."""
    found = {load_driver(name): name for name in PUSHING}
    return {family: name for family, name in found.items() if issubclass(family, Listener)}


def talks(runners: Sequence[Runner], windows: Windows | None) -> "Talks | None":
    """The lines to devices that keep one open, where there are such; in threads of their own."""
    receivers = [each for each in runners if isinstance(each, Receiver)]
    if not any(isinstance(each.listener, Converser) for each in receivers):
        return None
    from edge.ports.talks import Talks

    return Talks(Pool(LINE_WORKERS), receivers, windows.about if windows else None)
