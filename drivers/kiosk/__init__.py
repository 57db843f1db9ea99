"""Tablets with a browser: our page for citizens (`/k/{window}/`) and for the window's staff (`/w/{window}/`).

Read in this order: `said` (pure: what a page may say), `pages` (the files), `memory` (what outlives a
restart), `driver`. The edge lets only signed requests say anything (`edge/pairing/`), and answers itself what
it knows of the hall.
"""

from drivers.kiosk.driver import Kiosk

DRIVER = Kiosk
"""Loaded by `driver = "kiosk"` in the config."""
