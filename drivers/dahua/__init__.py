"""Dahua access terminals (ASI, VTO…) by CGI: their access records, asked over HTTP.

Read in this order: `lines` (key=value), `records` (what a record says), `known` (what we have), `cgi` (the
questions and their dialects), `reader` (what is new), `driver`. Facts: protocols §5.
"""

from drivers.dahua.driver import Dahua

DRIVER = Dahua
"""What the daemon loads."""

__all__ = ["DRIVER", "Dahua"]
