"""The port that devices call: HTTP from the LAN, where everything is hostile. Nothing here writes to the
store.

Read in this order: `wire` (bytes of a request and an answer), `knock`, `desk` and `strangers` (who may come
in, who is turned away), `server` (sockets, caps and deadlines), `approving` (a person lets somebody in),
`recording` (what a terminal says, for support). What a request means is the driver's business, in a pool of
threads that pages never share.
"""

from edge.ports.approving import Approving
from edge.ports.desk import Desk
from edge.ports.recording import Recorder
from edge.ports.server import DevicePort

__all__ = ["Approving", "Desk", "DevicePort", "Recorder"]
