"""What simulated devices with a web interface share: HTTP/1.1 with digest, and what can go wrong with it.

It shares no code with `drivers.http`. The devices are `tests/sim/isapi` and `tests/sim/dahua`.
"""

from tests.sim.web.device import Answer, WebDevice
from tests.sim.web.faults import HttpFaults

__all__ = ["Answer", "HttpFaults", "WebDevice"]
