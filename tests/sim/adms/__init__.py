"""A ZKTeco terminal that pushes (PUSH / ADMS), on the wire: it calls a server, as the real one does.

    with Terminal(server=("127.0.0.1", port), serial="SN1") as terminal:
        terminal.punch("1001")

`emitted` counts what its log holds; `faults` makes it misbehave. Runs alone: `python -m tests.sim.adms
--help`.
"""

from tests.sim.adms.faults import Faults
from tests.sim.adms.shapes import SHAPES, line
from tests.sim.adms.terminal import Terminal
from tests.sim.zk.layouts import Punch

__all__ = ["SHAPES", "Faults", "Punch", "Terminal", "line"]
