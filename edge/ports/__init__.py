"""The port that devices call: HTTP from the LAN, where everything is hostile. Nothing here writes to the
store.

Read in this order: `wire` (bytes of a request and an answer), `desk` (who may come in), `server` (sockets,
caps and deadlines). What a request means is the driver's business, in a pool of threads that pages never
share.
"""

from edge.ports.desk import Desk
from edge.ports.server import DevicePort

__all__ = ["Desk", "DevicePort"]
