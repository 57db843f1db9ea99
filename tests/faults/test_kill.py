"""G1, whole path under SIGKILL: people punch all the while, daemon and broker are killed at random."""

from pathlib import Path

import pytest

from tests.faults.lab import TREE, Lab, in_lanes, report
from tests.faults.oracle import Verdict

BROKER_KILLS_EVERY = 4


@pytest.mark.timeout(400)
def test_kills_of_daemon_and_broker_lose_nothing_double_nothing_invent_nothing(tmp_path: Path) -> None:
    verdict = kill_at_random(tmp_path, 40, seed=20261122)
    assert verdict.clean, verdict
    assert verdict.punches > 40


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_long_form_five_hundred_kills(tmp_path: Path) -> None:
    verdict = report("G1 kill", lambda: in_lanes(kill_at_random, tmp_path, 500))
    assert verdict.clean, verdict


def kill_at_random(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """SIGKILL at any moment, a third of them before it is up; every fourth time to the broker too."""
    with Lab(folder, seed=seed, tree=tree) as lab:
        lab.crowd.start()
        for number in range(rounds):
            lab.daemon.start(wait=False)
            lab.live(lab.chance.uniform(0.2, 1.6))
            if number % BROKER_KILLS_EVERY == 0:
                lab.broker.kill()
            lab.daemon.kill()
            if number % BROKER_KILLS_EVERY == 0:
                lab.broker.restart()
        return lab.judge(kills=rounds)
