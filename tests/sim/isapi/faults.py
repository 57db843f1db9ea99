"""How the event search of a terminal can be wrong: switches that tests flip, all off by default."""

from dataclasses import dataclass, field

from tests.sim.web.faults import Spent


@dataclass(slots=True)
class Faults(Spent):
    """Counters are used up as they strike. What is wrong with HTTP itself is `HttpFaults`."""

    ignore_begin: bool = False
    """beginSerialNo and endSerialNo do nothing."""
    ignore_end: bool = False
    always_ok: bool = False
    """Every page says OK, though more follows."""
    total_of_page: bool = False
    """totalMatches counts the page alone."""
    total_of_log: bool = False
    """totalMatches counts the whole log, whatever was asked for."""
    repeat: bool = False
    """Each page holds its last event twice."""
    twice: bool = False
    """Each page gives the number of its last event to another one too."""
    word: str = ""
    """Said in place of OK, MORE and NO MATCH."""
    count: int = 0
    """Added to numOfMatches."""
    other_search: int = 0
    """Answer another search this many times."""
    stuck: bool = False
    """The first page ever asked for comes again and again, and says MORE."""
    no_match: int = 0
    """Say NO MATCH this many times, whatever there is."""
    more_for_ever: bool = False
    """Every page says MORE, the last one too."""
    newest_first: bool = False
    """A page holds the newest that match, newest first."""
    need_times: bool = False
    """A search without startTime and endTime is refused."""
    page_max: int = 30
    xml: bool = False
    """Everything is XML."""
    front: bool = True
    """Events tell the number before them (frontSerialNo)."""
    hidden: set[int] = field(default_factory=set)
    """Numbers that are not handed out."""
    hidden_times: int = -1
    """In so many searches, then they are; -1 = in all."""
    bad_date: set[int] = field(default_factory=set)
    """Numbers whose time is 31 February."""
    nobody: set[int] = field(default_factory=set)
    """Numbers without an employee."""
    unsupported: set[str] = field(default_factory=set)
    """Paths this firmware does not know."""
