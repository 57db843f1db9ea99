"""Hands on a database that ought to leave it alone: what somebody with the file and SQLite can do to it."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from edge.contract import Event
from edge.events import TYPE_PREFIX, VERSION, Digest, Draft, digest_of, extend, genesis, own_event
from edge.payloads import EpochOpened
from edge.store import FILE, epoch_of, position, sequence_of, sqlite
from edge.store.ledger import Ledger, Tip
from tests.store.halls import NOW, PLACE


def at(number: int, epoch: int = 1) -> int:
    return position(epoch, number)


def sql(folder: Path, *statements: str) -> None:
    """Run statements on the database; `@7` stands for the position of number 7 of epoch 1."""
    with closing(sqlite.connect_writer(folder / FILE)) as connection:
        for statement in statements:
            words = [str(at(int(w[1:]))) if w[:1] == "@" else w for w in statement.split(" ")]
            connection.execute(" ".join(words))


def edit(folder: Path, number: int) -> None:
    """Somebody who came in goes out."""
    sql(folder, f"UPDATE event SET body = replace(body,'check_in','check_out') WHERE position = @{number}")


def swap(folder: Path, one: int, other: int) -> None:
    """Two rows change places, whole."""
    sql(
        folder,
        f"UPDATE event SET position = 0 WHERE position = @{one}",
        f"UPDATE event SET position = @{one} WHERE position = @{other}",
        f"UPDATE event SET position = @{other} WHERE position = 0",
    )


def insert(folder: Path, number: int, fact: str) -> None:
    """One more row, a copy of the one before it; what follows makes room."""
    sql(
        folder,
        f"UPDATE event SET position = -position - 1 WHERE position >= @{number}",
        "UPDATE event SET position = -position WHERE position < 0",
        f"INSERT INTO event SELECT @{number} , '{fact}', body, hash, chain, size, emptied FROM event"
        f" WHERE position = @{number - 1}",
    )


def forge_chain(folder: Path, start: int) -> None:
    """Make hashes and chain of epoch 1 anew from a number on, as somebody does who has read our code."""
    with closing(sqlite.connect_writer(folder / FILE)) as connection:
        epoch, algorithm = connection.execute("SELECT epoch, hash_alg FROM epoch WHERE number = 1").fetchone()
        digest: Digest = digest_of(algorithm)
        before = connection.execute("SELECT chain FROM event WHERE position = ?", (at(start - 1),)).fetchone()
        chain = before[0] if before else genesis(epoch, digest)
        rows = connection.execute(
            "SELECT position, body FROM event WHERE position >= ? AND position < ? ORDER BY position",
            (at(start), at(0, 2)),
        ).fetchall()
        for place, body in rows:
            hashed, chain = extend(chain, body.encode(), digest)
            connection.execute(
                "UPDATE event SET hash = ?, chain = ? WHERE position = ?", (hashed, chain, place)
            )


def new_epoch(folder: Path, moved: Sequence[int] = (), missing: tuple[tuple[int, int], ...] = ()) -> None:
    """What the store does when a database is not the newest: a next epoch, with the `moved` rows under it."""
    with closing(sqlite.connect_writer(folder / FILE)) as connection:
        number, epoch, algorithm = connection.execute(
            "SELECT number, epoch, hash_alg FROM epoch ORDER BY number DESC LIMIT 1"
        ).fetchone()
        place, chain = connection.execute(
            "SELECT position, chain FROM event ORDER BY position DESC LIMIT 1"
        ).fetchone()
        last = sequence_of(place) if epoch_of(place) == number else 0
        name = f"epoch-{number + 1}"
        connection.execute(
            "INSERT INTO epoch VALUES (?, ?, ?, '', 'restored')", (number + 1, name, algorithm)
        )
        tip = Tip(number + 1, name, algorithm, 0, genesis(name, digest_of(algorithm)))
        ledger = Ledger(connection, PLACE, tip, lambda: NOW)
        opened = EpochOpened(
            reason="restored",
            hash_alg=algorithm,
            previous=epoch,
            last_sequence=last,
            head=chain.hex(),
            missing=missing,
            moved=len(moved),
        )
        ledger.add([own_event("edge.epoch_opened", name, PLACE.source, 0, NOW, opened)], NOW.isoformat())
        for each in moved:
            where = at(each, number)
            fact, body = connection.execute(
                "SELECT fact, body FROM event WHERE position = ?", (where,)
            ).fetchone()
            connection.execute("DELETE FROM event WHERE position = ?", (where,))
            event = msgspec.json.decode(body, type=Event)
            kind = event.type.removeprefix(TYPE_PREFIX).removesuffix(f".{VERSION}")
            ledger.add([Draft(kind, fact, event.time, bytes(event.data))], NOW.isoformat())
