"""G6, the database is damaged, lost or replaced by an older copy: the hall heals, and the books hold."""

import hashlib
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from paho.mqtt import publish

from edge import consume
from edge.contract import Event, Receipt, topic
from edge.events import event_id
from edge.payloads import EpochOpened
from edge.store import sqlite
from tests.faults.damage import DAMAGES, PAGE, overwrite
from tests.faults.lab import DRAIN_S, TREE, Lab, report
from tests.faults.oracle import Verdict, also_lost, merge
from tests.hall import consuming, until

EXIT_DAMAGED = 6
SAVED_MIN = 0.999
UP_S = 30.0
SHORT = ("62 pages", "foreign")
KINDS = (*DAMAGES, "no wal")
BODIES = "SELECT CAST(fact AS BLOB), CAST(body AS BLOB), hash FROM event WHERE body IS NOT NULL"


def damage_at_rest(
    folder: Path, rounds: int, seed: int, tree: Path = TREE, kinds: tuple[str, ...] = KINDS
) -> Verdict:
    """A life, a death by SIGKILL, a damage; the next life salvages, and the terminal is read again."""
    unkept: list[str] = []
    slowest, saved = 0.0, []
    with Lab(folder, seed=seed, tree=tree) as lab:
        lab.crowd.start()
        lab.daemon.start()
        for number in range(rounds):
            lab.live(lab.chance.uniform(0.5, 1.5))
            lab.daemon.kill_all()
            kind = kinds[number % len(kinds)]
            whole = _damage(lab, kind, number)
            if whole and kind != "no wal":
                share, altered = _salvaged(lab, whole, tree)
                saved.append(share)
                if altered:
                    unkept.append(f"{altered} rows are not as they were sealed after {kind}")
            before = lab.now()
            lab.daemon.start()
            slowest = max(slowest, lab.now() - before)
            if not lab.settled():
                unkept.append(f"not drained after {kind}")
        verdict = lab.judge(damages=rounds, up_max_s=slowest)
    if saved and min(saved) < SAVED_MIN:
        unkept.append(f"only {min(saved)} of the rows on whole pages were salvaged")
    return also_lost(verdict, unkept)


def _damage(lab: Lab, kind: str, number: int) -> Mapping[str, str]:
    """Damage the database of a dead daemon; the rows that stand on pages that were not touched."""
    path = lab.daemon.folder / "edge.db"
    if kind == "no wal":
        path.with_name("edge.db-wal").unlink(missing_ok=True)
        return {}
    before, rows = path.read_bytes(), _rows(lab, path)
    DAMAGES[kind](path, random.Random(number))
    after = path.read_bytes()
    kept = {}
    for name, body in rows.items():
        at = before.find(name.encode())
        page = slice(at // PAGE * PAGE, (at // PAGE + 1) * PAGE)
        if at >= 0 and before[page] == after[page]:
            kept[name] = body
    return kept


def _rows(lab: Lab, path: Path) -> Mapping[str, str]:
    """id -> `data` of every event of a database whose daemon is dead, where it is what was sealed.

    A bit that an earlier round turned in a confirmed row, or in its fact, is seen by `verify` alone: nobody
    reads it again.
    """
    copies = lab.folder / "looked-at"
    shutil.rmtree(copies, ignore_errors=True)
    copies.mkdir()
    for suffix in ("", "-wal"):
        if Path(f"{path}{suffix}").exists():
            shutil.copy(f"{path}{suffix}", copies / f"edge.db{suffix}")
    with closing(sqlite.connect_writer(copies / "edge.db")) as connection:
        rows = connection.execute(BODIES).fetchall()
    whole = [(fact, msgspec.json.decode(body, type=Event)) for fact, body, seal in rows if _fits(body, seal)]
    kept = [event for fact, event in whole if event_id(fact.decode(errors="replace")) == event.id]
    return {event.id: bytes(event.data).decode() for event in kept}


def _fits(body: bytes, sealed: bytes) -> bool:
    return hashlib.sha256(body).digest() == sealed


def _salvaged(lab: Lab, whole: Mapping[str, str], tree: Path) -> tuple[float, int]:
    """What a salvage of its own does, before any terminal is read again.

    How much of what is whole it saves; how many rows it takes over that are not what was sealed.
    """
    trial = lab.folder / "trial"
    shutil.rmtree(trial, ignore_errors=True)
    trial.mkdir()
    for file in lab.daemon.folder.glob("edge.db*"):
        shutil.copy(file, trial)
    command = [sys.executable, "-m", "edge.store.salvage", str(trial / "edge.db")]
    subprocess.run(command, cwd=tree, check=True)
    if altered := _altered(trial / "edge.db"):
        return 1.0, altered
    saved = _rows(lab, trial / "edge.db")
    return sum(saved.get(name) == data for name, data in whole.items()) / len(whole), 0


def _altered(database: Path) -> int:
    """How many events of a salvaged database do not fit their hash."""
    with closing(sqlite.connect_reader(database)) as connection:
        return sum(not _fits(body, sealed) for _, body, sealed in connection.execute(BODIES))


def damage_at_work(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """Home Assistant's own test, under load: the daemon leaves, once, and its next life is well."""
    unkept: list[str] = []
    with Lab(folder, seed=seed, tree=tree) as lab:
        lab.crowd.start()
        for number in range(rounds):
            lab.daemon.start()
            lab.live(lab.chance.uniform(0.5, 1.5))
            overwrite(lab.daemon.folder / "edge.db", random.Random(number))
            left = until(lambda: lab.daemon.status() is None and not lab.daemon.running, 30)
            code = lab.daemon.stop()
            if (left, code) != (True, EXIT_DAMAGED):
                unkept.append(f"the daemon did not leave by itself, {left=} {code=}")
            lab.daemon.start()
            settled = lab.settled()
            causes = {problem.cause for problem in lab.status().problems}
            kept = lab.status().store.set_aside_bytes
            if not settled or not kept or {"database_salvaged", "damaged_file_kept"} - causes:
                unkept.append(f"{settled=} after damage at work, {kept=}, {causes}")
            lab.daemon.stop()
        verdict = lab.judge(damages=rounds)
    return also_lost(verdict, unkept)


def put_back_a_copy(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """Copy the database, let `rounds` events flow and be confirmed, put the copy back.

    The broker has forgotten every receipt, and the consumer is away: only the mark tells.
    """
    unkept: list[str] = []
    with Lab(folder, seed=seed, tree=tree, consumer=False) as lab:
        settings = consume.Settings("county", lab.books.database, port=lab.broker.port)
        edge, copy = lab.daemon.folder, folder / "copy"
        lab.daemon.start()
        with consuming(settings):
            _punch(lab, 30)
            lab.daemon.stop()
            shutil.copytree(edge, copy)
            lab.daemon.start()
            _punch(lab, rounds)
            assert until(lambda: _all_confirmed(lab, 30 + rounds), DRAIN_S)
            epoch, reached = lab.status().store.epoch, lab.status().store.seq_head
            lab.daemon.stop()
        held = _put_back(edge, copy)
        lab.broker.kill()
        lab.broker.restart()
        lab.daemon.start()
        opened = _opened(lab)
        if (opened.previous, opened.last_sequence, opened.missing) != (epoch, held, ((held + 1, reached),)):
            unkept.append(f"{epoch} had {held} of {reached}, and this was told: {opened}")
        lab.consume()
        verdict = lab.judge(swallowed=max(0, 30 + rounds - lab.books.count()))
    return also_lost(verdict, unkept)


def put_back_a_folder(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """The whole folder is put back, its mark too: only the receipt of the application tells."""
    unkept: list[str] = []
    with Lab(folder, seed=seed, tree=tree) as lab:
        edge, copy = lab.daemon.folder, folder / "copy"
        lab.daemon.start()
        _punch(lab, 30)
        lab.daemon.stop()
        shutil.copytree(edge, copy)
        lab.daemon.start()
        _punch(lab, rounds)
        assert until(lambda: _all_confirmed(lab, 30 + rounds), DRAIN_S)
        lab.daemon.stop()
        shutil.rmtree(edge)
        shutil.copytree(copy, edge)
        lab.daemon.start()
        if not until(lambda: "older_copy_found" in [each.cause for each in lab.status().problems], 20):
            unkept.append("the receipt above our head told nothing")
        verdict = lab.judge(swallowed=max(0, 30 + rounds - lab.books.count()))
    return also_lost(verdict, unkept)


def forge_a_newer_upstream(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """Somebody confirms what we never gave, again and again: one new epoch, and nothing is retired."""
    with Lab(folder, seed=seed, tree=tree, consumer=False) as lab:
        lab.daemon.start()
        for _ in range(20):
            lab.crowd.one()
        assert until(lambda: lab.status().store.seq_head > 20, 20)
        lab.daemon.stop()
        lab.daemon.start()
        first = lab.status().store.epoch
        for n in range(1, rounds + 1):
            assert until(lambda: lab.status().uplink.state == "connected", 20)
            status = lab.status()
            _forge(lab, Receipt(n=n, epoch=status.store.epoch, upto=5000 + n, head=status.store.head))
            assert until(lambda: lab.status().store.epoch != first, 20), "the first one is believed"
            lab.live(1.5)
        begun = _opened(lab)
        with closing(sqlite.connect_reader(lab.daemon.folder / "edge.db")) as connection:
            (epochs,) = connection.execute("SELECT count(*) FROM epoch").fetchone()
        lab.consume()
        verdict = lab.judge(forged=rounds)
    wrong = (epochs, begun.reason) != (2, "older_copy")
    return also_lost(verdict, [f"{epochs} epochs, the newest {begun}"] if wrong else [])


def _forge(lab: Lab, receipt: Receipt) -> None:
    publish.single(
        topic("410421", "hall-1", "ack", "county"),
        msgspec.json.encode(receipt),
        qos=1,
        hostname=lab.broker.host,
        port=lab.broker.port,
    )


def _punch(lab: Lab, count: int) -> None:
    for _ in range(count):
        lab.crowd.one()
    assert lab.settled(), "the hall does not work"


def _all_confirmed(lab: Lab, events: int) -> bool:
    status = lab.status()
    return status.store.seq_head > events and status.uplink.unconfirmed == 0


def _put_back(edge: Path, copy: Path) -> int:
    """The database alone, as by hand; the newest number in it."""
    for name in ("edge.db", "edge.db-wal", "edge.db-shm"):
        (edge / name).unlink(missing_ok=True)
    shutil.copy(copy / "edge.db", edge / "edge.db")
    with closing(sqlite.connect_reader(copy / "edge.db")) as connection:
        (held,) = connection.execute("SELECT max(position) & ((1 << 40) - 1) FROM event").fetchone()
    return int(held)


def _opened(lab: Lab) -> EpochOpened:
    """What the hall's newest epoch says of itself."""
    with closing(sqlite.connect_reader(lab.daemon.folder / "edge.db")) as connection:
        ((body,),) = connection.execute(
            "SELECT body FROM event WHERE position = (SELECT max(number) << 40 | 1 FROM epoch)"
        ).fetchall()
    return msgspec.convert(msgspec.json.decode(body)["data"], EpochOpened)


@pytest.mark.timeout(300)
def test_damages_at_rest_cost_nothing(tmp_path: Path) -> None:
    verdict = damage_at_rest(tmp_path, len(SHORT), 5, kinds=SHORT)
    assert verdict.clean, verdict
    assert verdict.figures["up_max_s"] < UP_S


@pytest.mark.timeout(300)
def test_damage_at_work_is_healed_without_a_loop(tmp_path: Path) -> None:
    verdict = damage_at_work(tmp_path, 1, 7)
    assert verdict.clean, verdict


@pytest.mark.timeout(300)
def test_an_older_copy_swallows_nothing(tmp_path: Path) -> None:
    verdict = put_back_a_copy(tmp_path, 100, 9)
    assert verdict.clean, verdict


@pytest.mark.timeout(300)
def test_an_older_folder_swallows_nothing(tmp_path: Path) -> None:
    verdict = put_back_a_folder(tmp_path, 100, 9)
    assert verdict.clean, verdict


@pytest.mark.timeout(300)
def test_forged_receipts_cost_one_epoch_in_a_life(tmp_path: Path) -> None:
    verdict = forge_a_newer_upstream(tmp_path, 3, 11)
    assert verdict.clean, verdict


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_long_form_forty_damages(tmp_path: Path) -> None:
    for name in ("rest", "work", "copy", "folder"):
        (tmp_path / name).mkdir()
    rest = report("G6 at rest", lambda: damage_at_rest(tmp_path / "rest", 34, 0))
    work = report("G6 at work", lambda: damage_at_work(tmp_path / "work", 6, 0))
    copy = report("G6 older copy", lambda: put_back_a_copy(tmp_path / "copy", 1000, 0))
    again = report("G6 older folder", lambda: put_back_a_folder(tmp_path / "folder", 1000, 0))
    assert merge((rest, work, copy, again)).clean, (rest, work, copy, again)
    assert rest.figures["up_max_s"] < UP_S
