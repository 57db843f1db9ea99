"""A ZKTeco terminal on the wire (port 4370, TCP or UDP), for tests, benchmarks and rehearsals.

It shares no code with `drivers.zk`: layouts are written from their description and checked against recorded
bytes, so that driver and simulator cannot be wrong together. Runs alone: `python -m tests.sim.zk --help`.
"""

from tests.sim.zk.faults import Faults
from tests.sim.zk.layouts import Punch, User
from tests.sim.zk.terminal import Terminal

__all__ = ["Faults", "Punch", "Terminal", "User"]
