"""ZKTeco terminals that push (PUSH / ADMS, HTTP): they call us, on the port of `[listen]`.

Read in this order: `attlog`, `oplog` and `enrolled` (what stands in the uploads), `speech` (what both sides
say), `known` (the cursor), `queries`, `recount`, `hints` and `asking` (questions to a terminal, and what they
prove), `timing` (what tells its clock), `pace` (no flood), `driver` (requests and answers).
Facts and sources: protocols §4.
"""

from drivers.adms.driver import Adms

DRIVER = Adms
"""What the daemon loads."""

__all__ = ["DRIVER", "Adms"]
