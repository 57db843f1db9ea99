"""What a vendor's list of ratings gets wrong: switches that tests flip, all off by default."""

from dataclasses import dataclass


@dataclass(slots=True)
class Faults:
    """What is wrong with HTTP itself is `HttpFaults`."""

    repeat: float = 0.0
    """So large a part of the ratings stands in each answer twice."""
    shuffle: bool = False
    """The ratings of an answer come in no order."""
    newest_first: bool = False
    ignore_cursor: bool = False
    """Whatever is asked for, the list begins at its beginning."""
    envelope: int = 0
    """Says this code in the envelope, without data."""
    unmapped: int = 0
    """The next so many ratings have a code that no document names."""
    garbage: int = 0
    """The next so many answers are no JSON."""
    half: int = 0
    """The next so many ratings lack their time."""
