"""What a vendor's tablet does wrong: switches that tests flip, all off by default."""

from dataclasses import dataclass


@dataclass(slots=True)
class Faults:
    """Counters are used up as they strike."""

    repeat: float = 0.0
    """So large a part of the ratings is sent twice, as if the first had not been thanked for."""
    deaf: bool = False
    """Reads nothing, answers no ping, and does not close: the line is half open."""
    unmapped: int = 0
    """The next so many ratings have a code that no document names."""
    garbage: int = 0
    """So many messages that are no JSON before the next rating."""
    no_echo: bool = False
    """A rating does not say which invitation it answers."""
    slow_s: float = 0.0
    """So long it thinks before each rating."""
