"""What tests of vendors' tablets share: the driver for a simulated one."""

from typing import Any

from drivers.tablet_http import HttpTablet
from tests.sim.tablet_http import OPTIONS, Tablet


def http_tablet(tablet: Tablet, poll_s: float = 0.05, **options: object) -> HttpTablet:
    """The driver for a tablet that is asked."""
    given: dict[str, Any] = {**OPTIONS, "window": "A01", "port": tablet.port, **options}
    chosen = HttpTablet.Options(host=tablet.host, **given)
    object.__setattr__(chosen, "poll_seconds", poll_s)  # tests poll oftener than the shortest option
    return HttpTablet(chosen)
