"""A database with very many punches, made by the store's own code in large commits."""

from contextlib import closing
from functools import cache
from pathlib import Path

from edge.store import FILE, Intake, sqlite
from edge.store.intake import take
from edge.store.ledger import Ledger, read_tip
from tests.bench.measure import say
from tests.bench.site import CLOCK, PLACE, SERIAL, draft, opened

COMMIT = 10_000


@cache
def filled(folder: Path, rows: int) -> Path:
    """The folder of a database that holds so many punches of the first device; made once in a run."""
    made = folder / f"filled-{rows}"
    say(f"   filling a database with {rows} punches")
    fill(made, SERIAL, rows, f"cursor-{rows}")
    return made


def fill(folder: Path, serial: str, rows: int, cursor: str) -> None:
    """Make a database with so many punches of one terminal, the first device; `cursor` is its last one."""
    with opened(folder):
        pass
    with closing(sqlite.connect_writer(folder / FILE)) as connection:
        tip = read_tip(connection)
        if tip is None:
            raise RuntimeError("the database has no epoch")
        ledger = Ledger(connection, PLACE, tip, CLOCK.now)
        for first in range(0, rows, COMMIT):
            drafts = [draft(number, serial) for number in range(first, min(first + COMMIT, rows))]
            connection.execute("BEGIN IMMEDIATE")
            take(ledger, Intake("fp-1", serial, drafts, cursor))
            connection.execute("COMMIT")
