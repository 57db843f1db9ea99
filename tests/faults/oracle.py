"""The judge of every gate: stands outside the daemon, is never killed, and believes what it saw itself.

Obligations are the punches in the simulated terminal's log, and whatever number the hall has told anybody:
once it is upstream or in a status, it must be on the hall's disk, whatever happens next.

lost      a punch that is not in the consumer's books, or a told number that is not on the hall's disk
invented  an event of no punch (ghost)
altered   an event that says something else than its punch, or a number that came again with other bytes
double    one punch under two ids
live      a fresh punch passes after the faults have ended
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edge.store import sqlite
from tests.sim.zk import Punch

PUNCH = "cn.zwdt.attendance.punch.v1"
NAMED_MAX = 5
"""So many of each kind are named in a failure."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A number the hall has told somebody, with the hash of its body or the chain hash there (hex)."""

    epoch: str
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one run of a gate came to. `figures`: names ending in `_max_s` are merged by the largest."""

    punches: int
    lost: tuple[str, ...] = ()
    invented: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    double: tuple[str, ...] = ()
    live: bool = True
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Nothing is wrong."""
        return self.live and not (self.lost or self.invented or self.altered or self.double)

    def __str__(self) -> str:
        wrong = {
            name: f"{len(found)}: {', '.join(found[:NAMED_MAX])}"
            for name in ("lost", "invented", "altered", "double")
            if (found := getattr(self, name))
        }
        return f"{self.punches} punches, live={self.live}, {wrong or 'clean'}, {dict(self.figures)}"


def merge(verdicts: Iterable[Verdict]) -> Verdict:
    """Several halls as one."""
    whole = Verdict(0)
    for one in verdicts:
        whole = Verdict(
            whole.punches + one.punches,
            whole.lost + one.lost,
            whole.invented + one.invented,
            whole.altered + one.altered,
            whole.double + one.double,
            whole.live and one.live,
            _add(whole.figures, one.figures),
        )
    return whole


def _add(left: Mapping[str, float], right: Mapping[str, float]) -> dict[str, float]:
    return {
        name: max(left.get(name, 0), right.get(name, 0))
        if name.endswith("_max_s")
        else left.get(name, 0) + right.get(name, 0)
        for name in {**left, **right}
    }


def key(punch: Punch) -> str:
    """The punch as the daemon and the consumer name it."""
    return f"{punch.time.isoformat()}|{punch.user_id}|{punch.state}"


def judge(emitted: Iterable[Punch], received: Iterable[Mapping[str, Any]], serial: str) -> Verdict:
    """Hold what the consumer received (the `data` of each event) against what was punched."""
    due = {key(punch): punch for punch in emitted}
    books: Counter[str] = Counter()
    altered: list[str] = []
    for data in received:
        name = data["native_key"]
        books[name] += 1
        if name in due and not _faithful(data, due[name], serial):
            altered.append(name)
    return Verdict(
        len(due),
        lost=tuple(name for name in due if name not in books),
        invented=tuple(name for name in books if name not in due),
        altered=tuple(altered),
        double=tuple(name for name, times in books.items() if times > 1),
    )


def _faithful(data: Mapping[str, Any], punch: Punch, serial: str) -> bool:
    said = (data["device_user_id"], data["device_time"], data["device_serial"], data.get("verify_raw"))
    return said == (punch.user_id, punch.time.isoformat(), serial, punch.verify)


class Books:
    """The consumer's database, read only; empty until the consumer has made it.

    Read with the consumer's own SQLite: two of them in one process take each other's file locks away.
    """

    def __init__(self, database: Path) -> None:
        self.database = database

    def punches(self) -> Iterator[dict[str, Any]]:
        """The `data` of every punch received."""
        rows = self._rows("SELECT body FROM events WHERE type = ? ORDER BY number", PUNCH)
        return (json.loads(body)["data"] for (body,) in rows)

    def upto(self) -> int:
        """Up to which number the newest ledger is without a gap."""
        rows = self._rows("SELECT upto FROM ledgers ORDER BY key DESC LIMIT 1")
        return int(rows[0][0]) if rows else 0

    def count(self) -> int:
        """How many different punches are here."""
        native = "json_extract(body, '$.data.native_key')"
        rows = self._rows(f"SELECT count(DISTINCT {native}) FROM events WHERE type = ?", PUNCH)
        return int(rows[0][0]) if rows else 0

    def holds(self, name: str) -> bool:
        """Whether this punch is here."""
        return bool(self._rows("SELECT 1 FROM events WHERE instr(body, ?)", f'"{name}"'))

    def promises(self) -> list[Promise]:
        """Every number the hall has sent, by the first copy of each event."""
        rows = self._rows("SELECT epoch, sequence, body FROM events")
        return [
            Promise(epoch, number, hashlib.sha256(body.encode()).hexdigest()) for epoch, number, body in rows
        ]

    def _rows(self, sql: str, *values: str) -> list[Any]:
        if not self.database.exists():
            return []
        with closing(sqlite.connect_reader(self.database)) as connection:
            try:
                return connection.execute(sql, values).fetchall()
            except sqlite.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise


def unkept(edge: Path, promises: Iterable[Promise]) -> list[str]:
    """The promises that are not on the hall's disk; `edge` is a copy of its database."""
    with closing(sqlite.connect_writer(edge)) as connection:
        rows = connection.execute(
            "SELECT epoch.epoch, event.position & ?, event.hash, event.chain"
            " FROM event JOIN epoch ON epoch.number = event.position >> 40",
            ((1 << 40) - 1,),
        )
        kept = {(epoch, number): (body.hex(), chain.hex()) for epoch, number, body, chain in rows}
    return [
        f"number {promise.sequence}"
        for promise in promises
        if promise.hash not in kept.get((promise.epoch, promise.sequence), ())
    ]


def integrity(edge: Path) -> str:
    """What SQLite says of a copy of the hall's database: `ok`, or what is wrong."""
    with closing(sqlite.connect_writer(edge)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def also_lost(verdict: Verdict, names: Iterable[str]) -> Verdict:
    """The verdict with more that is lost."""
    return replace(verdict, lost=(*verdict.lost, *names))
