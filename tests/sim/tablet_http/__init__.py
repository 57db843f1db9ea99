"""A vendor's tablet with an HTTP interface, on the wire: `GET /api/ratings?after=N&limit=M`.

Read in this order: `faults`, `tablet`. `python -m tests.sim.tablet_http --help` runs one alone.
"""

from tests.sim.tablet_http.faults import Faults
from tests.sim.tablet_http.tablet import OPTIONS, Rated, Tablet

__all__ = ["OPTIONS", "Faults", "Rated", "Tablet"]
