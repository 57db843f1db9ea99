"""G3, a disk that is full, out of inodes, or read-only: the terminal keeps it, and nobody is needed."""

from pathlib import Path

import pytest

from tests.faults import disk
from tests.faults.lab import TREE, Lab, report
from tests.faults.oracle import Verdict, also_lost, merge
from tests.hall import until

pytestmark = pytest.mark.skipif(bool(disk.lacking()), reason=disk.lacking() or "-")

SHOWN_S = 20.0
HEALED_S = 60.0


@pytest.mark.timeout(300)
def test_a_full_disk_costs_nothing_and_heals(tmp_path: Path) -> None:
    verdict = fill_the_disk(tmp_path, 3, seed=13)
    assert verdict.clean, verdict


@pytest.mark.timeout(300)
def test_a_read_only_disk_costs_nothing(tmp_path: Path) -> None:
    verdict = turn_read_only(tmp_path, 1, seed=17)
    assert verdict.clean, verdict


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_long_form_thirty_rounds_and_ten_flips(tmp_path: Path) -> None:
    full = report("G3 full", lambda: fill_the_disk(tmp_path / "full", 30, 0))
    flips = report("G3 readonly", lambda: turn_read_only(tmp_path / "flips", 10, 0))
    assert merge((full, flips)).clean, (full, flips)


def fill_the_disk(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """One daemon; the disk is filled and released; every third time it has no inode left either."""
    wrong: list[str] = []
    shown, slowest = 0, 0.0
    with (
        disk.Tmpfs(folder / "disk") as tmpfs,
        Lab(folder, seed=seed, tree=tree, store=tmpfs.path / "edge") as lab,
    ):
        lab.daemon.start()
        lab.crowd.start()
        for number in range(rounds):
            lab.live(1.0)
            tmpfs.fill()
            if number % 3 == 2:
                tmpfs.take_inodes()
            shown += until(lambda: lab.daemon.cause() == "intake_closed", SHOWN_S)
            lab.live(lab.chance.uniform(0, 2))
            tmpfs.release()
            began = lab.now()
            if not lab.settled(HEALED_S):
                wrong.append(f"round {number} does not heal")
            slowest = max(slowest, lab.now() - began)
        verdict = lab.judge(rounds=rounds, shown=shown, heal_max_s=slowest)
    missed = ["a full disk that status did not show"] * (rounds - shown)
    return also_lost(verdict, [*wrong, *missed])


def turn_read_only(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """The disk turns read-only under the daemon; it says so, goes on, and the new disk holds all it told."""
    wrong: list[str] = []
    shown = 0
    with (
        disk.Ext4(folder / "disk") as ext4,
        Lab(folder, seed=seed, tree=tree, store=ext4.path / "edge") as lab,
    ):
        lab.crowd.start()
        for _ in range(rounds):
            lab.daemon.start()
            lab.live(1.5)
            ext4.turn_read_only()
            shown += until(lambda: lab.daemon.cause() == "intake_closed", SHOWN_S)
            lab.live(2.0)
            told = lab.told()
            wrong += [] if lab.daemon.running else ["the daemon gave up"]
            lab.daemon.kill_all()
            ext4.remount()
            wrong += lab.on_disk(told)
        verdict = lab.judge(flips=rounds, shown=shown)
    missed = ["a read-only disk that status did not show"] * (rounds - shown)
    return also_lost(verdict, [*wrong, *missed])
