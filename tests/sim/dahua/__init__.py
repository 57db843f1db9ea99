"""A Dahua access terminal on the wire (CGI over HTTP), for tests and rehearsals.

It shares no code with `drivers.dahua`. Runs alone: `python -m tests.sim.dahua --help`.
"""

from tests.sim.dahua.faults import Faults
from tests.sim.dahua.terminal import Record, Terminal

__all__ = ["Faults", "Record", "Terminal"]
