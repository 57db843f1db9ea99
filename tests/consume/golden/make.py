"""Write a golden database: `python -m tests.consume.golden.make FILE`, with the release of that schema.

For an old schema run this file in a work tree of its last commit (schema 1: b580db3, 2: 0708be1, 3:
04bbf0a). Never made anew for a schema that was shipped. Beside it is the hall's log, number 1 first.
"""

import sys
import tempfile
from contextlib import closing
from pathlib import Path

from edge.consume import Ledger
from edge.events import digest_of, genesis
from edge.store import sqlite
from tests.consume.hall import Hall, altered

HALL = Hall()


def fill(database: Path, bodies: list[bytes], heads: list[str]) -> None:
    """Number 3 is refused, 4 is missing, 6 is withheld where the release knows that, 7 is missing."""
    with closing(Ledger(database, "count")) as ledger:
        ledger.take([HALL.state(sent_to=7), HALL.batch([*bodies[:3], bodies[4]]), HALL.one(b"{}")])
        if hasattr(HALL, "withheld"):
            ledger.take([HALL.one(HALL.withheld(bodies, heads, 6))])


def main() -> None:
    """FILE, and beside it the log."""
    target = Path(sys.argv[1])
    bodies, _ = HALL.log(range(6))
    bodies[2] = altered(bodies[2], time="yesterday")
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder, "count.db"), bodies, chained(bodies))
        with closing(sqlite.connect_writer(Path(folder, "count.db"))) as db:
            db.execute("VACUUM INTO ?", (str(target),))
    target.with_name("log.jsonl").write_bytes(b"\n".join(bodies) + b"\n")


def chained(bodies: list[bytes]) -> list[str]:
    """The chain over these bodies."""
    digest, heads = digest_of("sha256"), []
    chain = genesis("e1", digest)
    for body in bodies:
        chain = digest(chain + digest(body))
        heads.append(chain.hex())
    return heads


if __name__ == "__main__":
    main()
