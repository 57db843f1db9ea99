"""A vendor's tablet that keeps a WebSocket open, on the wire: the published protocol of 政务 evaluators.

Read in this order: `faults`, `tablet`. `python -m tests.sim.tablet_ws --help` runs one alone.
"""

from tests.sim.tablet_ws.faults import Faults
from tests.sim.tablet_ws.tablet import Tablet

__all__ = ["Faults", "Tablet"]
