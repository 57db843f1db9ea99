"""What the edge itself says at a window's door: who is on duty, which tags there are, who signs on.

A driver knows nothing of the hall, so its signed requests pass here first; whatever is not for us goes on.
`systems`: what queue and business systems may ask of any window.
"""

from edge.windows.systems import Systems
from edge.windows.windows import Windows

__all__ = ["Systems", "Windows"]
