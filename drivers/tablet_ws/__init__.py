"""Vendor tablets that keep a WebSocket open; by default the published protocol of 政务 evaluators.

Read in this order: `options` (the keys), `messages` (pure: the map of messages, its defaults), `driver`.
"""

from drivers.tablet_ws.driver import WsTablet

DRIVER = WsTablet
"""Loaded by `driver = "tablet_ws"` in the config."""
