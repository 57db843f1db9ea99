"""Vendor tablets that are asked over HTTP for new ratings after a cursor.

Read in this order: `options` (the keys; the shapes of page and rating), `walk` (pure: where we are in its
list, what speaks against it), `asking` (one question), `driver`.
"""

from drivers.tablet_http.driver import HttpTablet

DRIVER = HttpTablet
"""Loaded by `driver = "tablet_http"` in the config."""
