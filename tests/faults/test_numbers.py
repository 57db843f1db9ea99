"""The numbers under attack: a database that is gone, receipts that nobody who holds the data has written."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from paho.mqtt import publish

from edge.contract import Receipt, topic
from edge.snapshot import Snapshot
from tests.faults.lab import TREE, Lab, report
from tests.faults.oracle import Verdict, also_lost, merge
from tests.hall import until

NOT_OUR_HEAD = "0" * 64
Forgeries = Callable[[Snapshot, int], list[Receipt]]


def lose_the_database(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """The hall's whole folder is gone: terminals are read again, and upstream knows every fact by its id."""
    with Lab(folder, seed=seed, tree=tree) as lab:
        lab.crowd.start()
        for _ in range(rounds):
            lab.daemon.start()
            lab.live(lab.chance.uniform(1.0, 2.0))
            lab.daemon.kill_all()
            shutil.rmtree(lab.daemon.folder)
        return lab.judge(lost_databases=rounds)


def forge_receipts(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """Somebody confirms, with high numbers, what no consumer has; then the consumer comes."""
    return _forge(folder, rounds, seed, tree, _retiring)


def _forge(folder: Path, rounds: int, seed: int, tree: Path, forgeries: Forgeries) -> Verdict:
    with Lab(folder, seed=seed, tree=tree, consumer=False) as lab:
        lab.daemon.start()
        for _ in range(rounds * 20):
            lab.crowd.one()
        assert until(lambda: lab.status().store.seq_head > rounds * 20, 20)
        assert until(lambda: lab.status().uplink.state == "connected", 20)
        for n in range(1, rounds + 1):
            for forged in forgeries(lab.status(), 1000 * n):
                publish.single(
                    topic("410421", "hall-1", "ack", "county"),
                    msgspec.json.encode(forged),
                    qos=1,
                    hostname=lab.broker.host,
                    port=lab.broker.port,
                )
        lab.live(1.0)
        wrong = lab.retired_early()  # before the consumer comes, whose own receipts would set it right
        lab.consume()
        return also_lost(lab.judge(forged=rounds), wrong)


def _retiring(status: Snapshot, n: int) -> list[Receipt]:
    """Another head at our newest number; our head at one that we never gave."""
    epoch, newest = status.store.epoch, status.store.seq_head
    return [
        Receipt(n=n, epoch=epoch, upto=newest, head=NOT_OUR_HEAD),
        Receipt(n=n + 1, epoch=epoch, upto=newest + 1000, head=status.store.head),
    ]


def _holding(status: Snapshot, n: int) -> list[Receipt]:
    """Everything is held above nothing, which no head can prove or disprove."""
    return [Receipt(n=n, epoch=status.store.epoch, upto=0, head="", also=((1, status.store.seq_head),))]


@pytest.mark.timeout(300)
def test_a_lost_database_doubles_nothing(tmp_path: Path) -> None:
    verdict = lose_the_database(tmp_path, 3, 29)
    assert verdict.clean, verdict


@pytest.mark.timeout(300)
def test_forged_receipts_retire_nothing(tmp_path: Path) -> None:
    verdict = forge_receipts(tmp_path, 2, 31)
    assert verdict.clean, verdict


@pytest.mark.timeout(300)
def test_a_forged_list_of_what_is_held_stops_nothing(tmp_path: Path) -> None:
    verdict = _forge(tmp_path, 1, 37, TREE, _holding)
    assert verdict.clean, verdict


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_long_form(tmp_path: Path) -> None:
    (tmp_path / "lost").mkdir()
    (tmp_path / "forged").mkdir()
    lost = report("G2 database lost", lambda: lose_the_database(tmp_path / "lost", 20, 0))
    forged = report("G2 forged receipts", lambda: forge_receipts(tmp_path / "forged", 20, 0))
    assert merge((lost, forged)).clean, (lost, forged)
