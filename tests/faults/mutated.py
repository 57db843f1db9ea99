"""The gate of mutated answers: terminals that mutate what they say, the real daemon, and a judge of both.

Nothing may be stored but what a terminal holds, or was made to say; what can be no punch is refused, or
quarantined with its bytes; no driver ends with a bug; and once the line is good again, a reading of the whole
log brings everything the terminal holds.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Protocol

from edge.control import command
from edge.store import FILE
from edge.store.books import Books
from tests.faults.oracle import Verdict, merge
from tests.faults.wounds import Chance
from tests.hall import SITE, Daemon, until

SETTLED_S = 60.0
PAUSE_S = 0.02
WHOLE_EVERY = 8
"""So many steps are between two readings of the whole log."""


class Hasty(Daemon):
    """The daemon with short waits."""

    module = "tests.faults.hasty"


class Terminal(Protocol):
    """A simulator."""

    serial: str

    def start(self) -> object:
        """It listens."""

    def stop(self) -> None:
        """It does no more."""


class Site(ABC):
    """One terminal that mutates; `name` is its device in the config."""

    def __init__(self, name: str, terminal: Terminal, chance: Chance) -> None:
        self.name, self.serial, self.chance = name, terminal.serial, chance
        self.start, self.stop = terminal.start, terminal.stop

    @abstractmethod
    def table(self, folder: Path) -> str:
        """Its table in the config, once it listens."""

    @abstractmethod
    def step(self) -> None:
        """Something new happens there."""

    @abstractmethod
    def due(self) -> set[str]:
        """The keys of the punches it holds."""

    @abstractmethod
    def judge(self, books: Books) -> Verdict:
        """What is stored of it against what it holds and was made to say."""


def mutate(folder: Path, sites: Sequence[Site], count: int) -> Verdict:
    """So many mutants of each terminal, after a fifth of them to warm up."""
    daemon = Hasty(folder / "edge.toml", folder / "edge")
    with ExitStack() as stack:
        for site in sites:
            site.start()
            stack.callback(site.stop)
        tables = "".join(site.table(folder) for site in sites)
        daemon.config.write_text(SITE.format(folder=daemon.folder) + "[web]\nport = 0\n" + tables)
        stack.callback(daemon.kill)
        daemon.start()
        assert until(lambda: all(site.due() <= _keys(daemon, site) for site in sites), SETTLED_S)
        _live(daemon, sites, count // 5)
        before = daemon.rss_mb()
        _live(daemon, sites, count)
        grown = daemon.rss_mb() - before
        for site in sites:
            site.chance.active = False
            site.step()
        live = until(lambda: all(_whole(daemon, site) for site in sites), SETTLED_S, 0.3)
        bugs = daemon.log.read_text(errors="replace").count("Traceback")
        live &= daemon.stop() == 0
        figures = {"growth_mb": round(grown, 1), "tracebacks": bugs}
    with closing(Books(daemon.folder / FILE)) as books:
        verdicts = [site.judge(books) for site in sites]
        foreign = tuple(set(books.serials()) - {site.serial for site in sites})
    return merge([*verdicts, Verdict(0, invented=foreign, live=live and not bugs, figures=figures)])


def _live(daemon: Hasty, sites: Sequence[Site], count: int) -> None:
    for site in sites:
        site.chance.count, site.chance.active = 0, True
    turn = 0
    while any(site.chance.count < count for site in sites):
        turn += 1
        for site in sites:
            site.chance.active = site.chance.count < count
            if site.chance.active and turn % 8 == 0:
                site.step()
        if turn % WHOLE_EVERY == 0:
            command(daemon.folder, "reread")
            assert "Traceback" not in daemon.log.read_text(errors="replace"), "a driver ended with a bug"
        assert daemon.running, "the daemon ended"
        time.sleep(PAUSE_S)


def _whole(daemon: Hasty, site: Site) -> bool:
    command(daemon.folder, "reread", device=site.name)
    return site.due() <= _keys(daemon, site)


def _keys(daemon: Hasty, site: Site) -> set[str]:
    """The keys of what is stored of a terminal."""
    with closing(Books(daemon.folder / FILE)) as books:
        return {
            held.fact.partition("|")[2].rpartition("|")[0] for held in books.punches(site.serial, "", "~")
        }
