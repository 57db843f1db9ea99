"""A Hikvision access terminal on the wire (ISAPI over HTTP), for tests, benchmarks and rehearsals.

It shares no code with `drivers.hikvision`. Runs alone: `python -m tests.sim.isapi --help`.
"""

from tests.sim.isapi.faults import Faults
from tests.sim.isapi.pushing import Push
from tests.sim.isapi.terminal import Event, Terminal

__all__ = ["Event", "Faults", "Push", "Terminal"]
