"""G1, death at the k-th system call: writes, syncs, sends, renames, also of the migration at first start."""

import shutil
from pathlib import Path

import pytest

from tests.faults import strace
from tests.faults.lab import TREE, Lab, in_lanes, report
from tests.faults.oracle import Verdict, merge
from tests.hall import READY_S, until

pytestmark = pytest.mark.skipif(bool(strace.lacking()), reason=strace.lacking() or "-")

CALLS = {
    "pwrite64": 400,
    "fsync,fdatasync": 60,
    "sendto": 120,
    "openat": 700,
    "write": 3,
    "ftruncate": 2,
    "unlink": 6,
    "rename": 2,
}
"""Call -> how many of them one thread makes in about two seconds of life."""
EMPTY_EVERY = 5
"""So often the daemon starts without a database, and is killed while it makes one."""
LIFE_S = 2.0
"""After it is up."""
BURST = 40
"""Punches while it is down."""
WRITES = 40
"""So many one thread makes until the first reading is over; every seventh, so that few cover all parts."""


@pytest.mark.timeout(300)
def test_death_at_an_exact_call_loses_nothing(tmp_path: Path) -> None:
    verdict = kill_at_calls(tmp_path, 10, seed=3)
    assert verdict.clean, verdict
    assert verdict.figures["hit"] >= 5


@pytest.mark.timeout(300)
def test_death_at_each_of_the_first_writes_loses_nothing(tmp_path: Path) -> None:
    verdict = kill_at_each_write(tmp_path, 5, seed=3)
    assert verdict.clean, verdict
    assert verdict.figures["hit"] == 5


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_long_form_three_hundred_calls(tmp_path: Path) -> None:
    drawn = report("G1 syscall", lambda: in_lanes(kill_at_calls, tmp_path / "drawn", 260))
    each = report("G1 each write", lambda: in_lanes(kill_at_each_write, tmp_path / "each", 40))
    assert merge((drawn, each)).clean, (drawn, each)
    assert drawn.figures["hit"] >= 130
    assert each.figures["hit"] >= 36, "killed too early to prove anything"


def kill_at_calls(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """Kill at a call drawn by lot; a daemon that never makes it is killed after `LIFE_S`."""
    with Lab(folder, seed=seed, tree=tree) as lab:
        lab.crowd.start()
        hit = 0
        for number in range(rounds):
            call = lab.chance.choice(list(CALLS))
            if number % EMPTY_EVERY == EMPTY_EVERY - 1:
                shutil.rmtree(lab.daemon.folder)
                call = lab.chance.choice(["pwrite64", "fsync,fdatasync", "unlink", "openat"])
            lab.daemon.prefix = strace.killing(call, lab.chance.randint(1, CALLS[call]))
            lab.daemon.start(wait=False)
            until(lambda: not lab.daemon.running or lab.daemon.status() is not None, READY_S)
            hit += until(lambda: not lab.daemon.running, LIFE_S)
            lab.daemon.kill_all()
        lab.daemon.prefix = []
        return lab.judge(kills=rounds, hit=hit)


def kill_at_each_write(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """Kill at one after the other of the first writes, with more to be read than is read twice anyway."""
    with Lab(folder, seed=seed, tree=tree) as lab:
        hit = 0
        lab.crowd.one()
        lab.daemon.start()
        assert lab.settled()
        lab.daemon.kill_all()
        for number in range(rounds):
            for _ in range(BURST):
                lab.crowd.one()
            lab.daemon.prefix = strace.killing("pwrite64", 1 + 7 * number % WRITES)
            lab.daemon.start(wait=False)
            hit += _punch_until_dead(lab)
            lab.daemon.kill_all()
        lab.daemon.prefix = []
        return lab.judge(kills=rounds, hit=hit)


def _punch_until_dead(lab: Lab) -> bool:
    """Whether it died of itself, while some people punch; a slow machine gets its time to come up."""

    def dead() -> bool:
        lab.crowd.one()
        return not lab.daemon.running

    until(lambda: dead() or lab.daemon.status() is not None, READY_S, 0.1)
    return until(dead, 10 * LIFE_S, 0.1)
