"""Hikvision face and card terminals (DS-K1T…) by ISAPI: their event log, asked over HTTP.

Read in this order: `documents` (JSON and XML), `events` (what an event says), `alarms`, `page` (one answer of
the search), `known` (what we have), `users` (who is known there), `isapi` (the questions), `reader` (what is
new), `beside` (what else is asked), `push`, `driver`. See protocols §5.
"""

from drivers.hikvision.driver import Hikvision

DRIVER = Hikvision
"""What the daemon loads."""

__all__ = ["DRIVER", "Hikvision"]
