"""What can go wrong with a terminal that pushes: switches that tests flip at run time, all off by default."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Faults:
    """Every fault of one terminal. Counters are used up as they strike."""

    silent: bool = False
    """It does not call."""
    deaf: int = 0
    """So many answers to uploads get lost on the way: it sends the same again."""
    length: int = 0
    """Added to the Content-Length it announces."""
    half_closes: bool = False
    """It shuts its side of the connection down after what it sends."""
    cut: int | None = None
    """It goes after so many bytes of a body."""
    resend: bool = False
    """Its memory of what was sent is gone: it begins with the first record."""
    no_sum: bool = False
    """It does not know VERIFY SUM."""
    sum_says: int | None = None
    """What it answers to VERIFY SUM, whatever it holds."""
    repeats: int = 0
    """So many uploads are sent twice, at the same time."""
    before_obeying: Callable[[], object] = lambda: None
    after_obeying: Callable[[], object] = lambda: None
    """Called before any command, and between a command about people and its result."""
