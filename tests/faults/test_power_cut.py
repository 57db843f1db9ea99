"""G2, power cuts on a real ext4: whatever was told is on disk, the database is whole, and it goes on.

Only this gate sees a missing fsync: a kill leaves what the kernel holds.
"""

from pathlib import Path

import pytest

from tests.faults import disk
from tests.faults.lab import TREE, Lab, in_lanes, report
from tests.faults.oracle import Verdict, also_lost

pytestmark = pytest.mark.skipif(bool(disk.lacking()), reason=disk.lacking() or "-")


@pytest.mark.timeout(300)
def test_power_cuts_take_nothing_that_was_told(tmp_path: Path) -> None:
    verdict = cut_power(tmp_path, 6, seed=11)
    assert verdict.clean, verdict


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_long_form_two_hundred_cuts(tmp_path: Path) -> None:
    verdict = report("G2 power", lambda: in_lanes(cut_power, tmp_path, 200))
    assert verdict.clean, verdict


def cut_power(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """Cut at any moment, also before it is up, with every thread standing still."""
    wrong: list[str] = []
    told_in_all = 0
    with (
        disk.Ext4(folder / "disk") as ext4,
        Lab(folder, seed=seed, tree=tree, store=ext4.path / "edge") as lab,
    ):
        lab.crowd.pause_s = (0.005, 0.03)
        lab.crowd.start()
        for number in range(rounds):
            lab.daemon.start(
                wait=number % 3 != 2
            )  # a third of the cuts while it comes up, however busy we are
            lab.live(lab.chance.uniform(0.3, 2.5))
            told = lab.told()
            disk.freeze(lab.daemon.pid)
            ext4.cut_power()
            lab.daemon.kill_all()
            ext4.remount()
            wrong += lab.on_disk(told)
            told_in_all += len(told)
        verdict = lab.judge(cuts=rounds, told=told_in_all)
    return also_lost(verdict, wrong)
