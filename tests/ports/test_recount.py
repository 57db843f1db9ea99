"""Nights at a simulated terminal that pushes: what it is asked, and the count that the account rests on."""

from datetime import timedelta

import pytest

from tests.hall import until
from tests.ports.conftest import Door
from tests.sim.adms import Punch, Terminal

DAYS, EACH = 4, 30


def night(door: Door, terminal: Terminal, name: str = "recount") -> list[str]:
    """One order, carried out; the commands it took."""
    answers, before = list[str](), len(terminal.obeyed)
    assert door.receivers[0].order(name, answers.append)
    assert until(lambda: answers == ["ok"], 20, 0.02)
    return [each.partition(" ATTLOG")[0] for each in terminal.obeyed[before:] if "ATTLOG" in each]


def counted(door: Door) -> int:
    link = door.receivers[0].link
    assert link is not None
    assert link.counted is not None
    return link.counted.total


@pytest.fixture
def terminal(door: Door) -> Terminal:
    made = Terminal(server=door.address, serial="SN1", delay_s=0.05)
    newest = made.clock().replace(microsecond=0) - timedelta(minutes=5)
    made.load(
        Punch(str(1000 + n), newest - timedelta(days=day, seconds=EACH - n))
        for day in reversed(range(DAYS))
        for n in range(EACH)
    )
    return made


def test_a_quiet_night_costs_one_line_and_the_newest_day(door: Door, terminal: Terminal) -> None:
    with terminal:
        assert "VERIFY SUM" not in night(door, terminal)
        assert counted(door) == DAYS * EACH
        terminal.punch("2001")
        sent, calls = door.receivers[0].link.duplicates, night(door, terminal)  # type: ignore[union-attr]
        assert calls[-2:] == ["VERIFY SUM", "DATA QUERY"]
        assert counted(door) == DAYS * EACH + 1 == door.stored()
        again = door.receivers[0].link.duplicates - sent  # type: ignore[union-attr]
        assert again < 2 * EACH + 5, "not the whole log again"


def test_where_old_records_came_or_the_sum_lies_all_is_read(door: Door, terminal: Terminal) -> None:
    with terminal:
        night(door, terminal)
        old = Punch("3001", terminal.log[0].time - timedelta(days=9))
        terminal.load([old])
        night(door, terminal)
        assert counted(door) == DAYS * EACH + 1, "one that a clock set back has put among the old ones"
        terminal.faults.sum_says = 7
        night(door, terminal)
        assert counted(door) == DAYS * EACH + 1 == door.stored()


def test_a_terminal_without_sums_is_counted_too(door: Door, terminal: Terminal) -> None:
    terminal.faults.no_sum = True
    with terminal:
        night(door, terminal)
        assert night(door, terminal)[-2:] == ["VERIFY SUM", "DATA QUERY"]
        assert "VERIFY SUM" not in night(door, terminal)
        assert counted(door) == DAYS * EACH
