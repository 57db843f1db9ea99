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
SEALED_MAX = 1_000_000
"""So many are made by the store; more are copies of them under other serials, for whom only size counts."""
COPY = """
INSERT INTO event (position, fact, body, hash, chain)
SELECT position + ?1, replace(fact, ?2, ?3), body, hash, chain FROM event
WHERE position > (1 << 40) + 1 AND position <= (1 << 40) + 1 + ?4
"""


@cache
def filled(folder: Path, rows: int) -> Path:
    """The folder of a database that holds so many punches of the first device; made once in a run."""
    made = folder / f"filled-{rows}"
    say(f"   filling a database with {rows} punches")
    sealed = min(rows, SEALED_MAX)
    fill(made, SERIAL, sealed, f"cursor-{rows}")
    with closing(sqlite.connect_writer(made / FILE)) as connection:
        for copy in range(1, rows // sealed):
            connection.execute(COPY, (copy * sealed, SERIAL, f"BENCH{copy + 1:05}", sealed))
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
