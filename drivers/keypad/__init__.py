"""Serial keypads at windows: `driver = "keypad"`.

Read in this order: `frame` (bytes of one frame), `hearing` (bytes → presses, past noise), `options`, `line`
(the port), `memory` (what outlives one life), `driver`.
"""

from drivers.keypad.driver import Keypad

DRIVER = Keypad

__all__ = ["DRIVER", "Keypad"]
