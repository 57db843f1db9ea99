"""G3, the disk fails in a window of time: nothing is told that is not on disk, and it heals by itself."""

from pathlib import Path

import pytest

from tests.faults import strace
from tests.faults.lab import TREE, Lab, in_lanes, report
from tests.faults.oracle import Verdict, also_lost
from tests.hall import until

pytestmark = pytest.mark.skipif(bool(strace.lacking()), reason=strace.lacking() or "-")

ERRORS = ("ENOSPC", "EIO", "EROFS", "EDQUOT")
CALLS = (("pwrite64",), ("fsync", "fdatasync"), ("pwrite64", "fsync", "fdatasync", "ftruncate"))
KILLED_EVERY = 3
"""So often the daemon dies while its disk fails; else it has to heal."""
AWAY_EVERY = 5
"""So often there is no broker either: then nobody but the writer has the database open."""
SHOWN_S = 20.0
HEALED_S = 60.0


@pytest.mark.timeout(300)
def test_a_failing_disk_costs_nothing_and_heals(tmp_path: Path) -> None:
    verdict = fail_the_disk(tmp_path, 4, seed=5)
    assert verdict.clean, verdict
    assert verdict.figures["shown"] == 4


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_long_form_hundred_and_fifty_lives(tmp_path: Path) -> None:
    verdict = report("G3 io", lambda: in_lanes(fail_the_disk, tmp_path, 150))
    assert verdict.clean, verdict
    assert verdict.figures["shown"] == 150


def unshown(lab: Lab, seconds: float) -> list[str]:
    """What is wrong when, while the disk fails, a status says at any moment that all is well."""
    until_then, wrong = lab.now() + seconds, []
    while True:
        if not lab.status().problems:
            wrong.append("a failing disk, and all is well")
        if lab.now() > until_then:
            break
    if not until(lambda: lab.storage() != "ok", SHOWN_S):
        wrong.append("a failing disk that the store does not show")
    return wrong


def fail_the_disk(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """A life for each round: writing fails until it is shown and a little longer, then works again."""
    unkept: list[str] = []
    shown = healed = 0
    with Lab(folder, seed=seed, tree=tree) as lab:
        lab.crowd.start()
        for number in range(rounds):
            lab.daemon.start()
            assert until(lambda: lab.daemon.cause() == "ok", 20)
            if away := number % AWAY_EVERY == 0:
                lab.broker.kill()
                assert until(lambda: lab.status().uplink.state == "offline", 20)
            calls, error = CALLS[number % len(CALLS)], ERRORS[number % len(ERRORS)]
            with strace.failing(lab.daemon.pid, calls, error):
                shown += until(lambda: lab.daemon.cause() == "intake_closed", SHOWN_S)
                unkept += unshown(lab, lab.chance.uniform(0, 1))
                if number % KILLED_EVERY == KILLED_EVERY - 1:
                    lab.daemon.kill()
                    unkept += lab.on_disk([])
            if away:
                lab.broker.start()
            if lab.daemon.running:
                settled = lab.settled(HEALED_S)
                if settled and until(lambda: lab.daemon.cause() == "ok", HEALED_S):
                    healed += 1
                else:
                    unkept.append(f"not healed, {settled=}, {lab.daemon.cause()}")
                told = lab.told()
                lab.daemon.kill()
                unkept += lab.on_disk(told)
        verdict = lab.judge(lives=rounds, shown=shown, healed=healed)
    return also_lost(verdict, unkept)
