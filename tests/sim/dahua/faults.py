"""Firmware variants and faults of the record finder: switches that tests flip, all off by default."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Faults:
    """What is wrong with HTTP itself is `HttpFaults`."""

    refuse_epoch: bool = False
    """StartTime and EndTime must be local text."""
    refuse_times: bool = False
    """Any search with times is refused."""
    refuse_word: bool = False
    """It refuses with 200 and «Error» in place of 400."""
    refuse_all: bool = False
    ignore_times: bool = False
    text_times: bool = False
    """CreateTime is local text."""
    local_epoch: bool = False
    """CreateTime counts local time as if it were UTC."""
    newest_first: bool = False
    by_number: bool = False
    """Records come in the order of RecNo, whatever their times."""
    total: bool = False
    """It tells totalCount."""
    count_max: int = 100_000
    """More than that is never handed out at once."""
    short: int = 0
    """The last records of a reply are missing, though they are counted."""
    repeat: bool = False
    """Each reply holds its last record twice."""
    stuck: int = 0
    """Whatever is asked for, the first so many records come, and no other."""
    count: int = 0
    """Added to «found»."""
    found: str = ""
    """Said in place of a number."""
    missing: set[str] = field(default_factory=set)
    """Fields this firmware does not tell."""
    bad_date: set[int] = field(default_factory=set)
    """RecNo whose CreateTime is no time."""
    nobody: set[int] = field(default_factory=set)
    """RecNo without a UserID."""
    unsupported: set[str] = field(default_factory=set)
    """Actions this firmware does not know."""
