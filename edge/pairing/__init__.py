"""Who may speak for a window: tablets and desks paired by a one-time code, each with a key of its own.

On plain http in the hall's LAN every byte can be read and forged by others, so a key never travels: both
sides make it from the code that a technician reads off one page and types into the other. Read in this order:
`signing` (pure), `codes`, `pairings` (what is kept), `doorman` (who is let in).
"""

from edge.pairing.doorman import Doorman
from edge.pairing.pairings import Pairings

__all__ = ["Doorman", "Pairings"]
