"""What the hall is told about itself: who works here, which windows there are, who stands where, how to rate.

Documents come as files of a folder or by the uplink, through one door (`Documents.take`); what was refused
changes nothing, and the last good copy stays in force, also over a restart. See domain §6.3.
"""

from edge.documents.documents import Documents, Taken, check

__all__ = ["Documents", "Taken", "check"]
