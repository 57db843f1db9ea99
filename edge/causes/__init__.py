"""Every cause of trouble, in Chinese and English, each with its next step: nothing is ever a bare «offline».

Drivers name a cause by its word; a test sees a word that is missing here.
"""

from edge.causes.account import ACCOUNTS
from edge.causes.cause import Cause
from edge.causes.device import DEVICE
from edge.causes.evaluator import EVALUATOR
from edge.causes.http import HTTP
from edge.causes.machine import MACHINE
from edge.causes.staff import STAFF
from edge.causes.trace import TRACE
from edge.causes.uplink import UPLINK

__all__ = ["CAUSES", "Cause"]

CAUSES: dict[str, Cause] = {**DEVICE, **HTTP, **UPLINK, **MACHINE, **TRACE, **ACCOUNTS, **STAFF, **EVALUATOR}
