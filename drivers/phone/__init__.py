"""Phones on the hall's Wi-Fi: the code at a window opens the page for citizens, `/q/{window}/{mark}/`.

Nothing here sees a scan, and nobody was asked: a rating is a citizen's own, `channel=qr`. The edge looks at
the mark and counts how many come (`edge/phones/`) before the driver hears anything.
"""

from drivers.phone.driver import Phones

DRIVER = Phones
"""Loaded by `driver = "phone"` in the config."""
