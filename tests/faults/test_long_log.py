"""A terminal with a very long log, read through SIGKILLs: each life goes on where the last one was killed."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults.lab import START, TREE, Lab, report
from tests.faults.oracle import Verdict
from tests.hall import until
from tests.sim.zk import Punch

WITHIN_S = 600.0
READ_AGAIN = 1.25
"""So many times its bytes the log may be sent: a kill costs the pieces under way, of 62,720 bytes each."""


def test_a_log_is_read_through_kills(tmp_path: Path) -> None:
    verdict = read_through_kills(tmp_path, 2, records=24_000)
    assert verdict.clean, verdict
    assert verdict.figures["read_times"] < 1.5, "it begins from the start after each kill"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_long_form_half_a_million_records_through_twenty_kills(tmp_path: Path) -> None:
    verdict = report("500,000 records, kills", lambda: read_through_kills(tmp_path, 20, records=500_000))
    assert verdict.clean, verdict
    assert verdict.punches >= 500_000
    assert verdict.figures["read_times"] < READ_AGAIN


def read_through_kills(
    folder: Path, rounds: int, seed: int = 1, tree: Path = TREE, records: int = 24_000
) -> Verdict:
    """A kill after each of `rounds` + 1 equal parts of the log that came over the wire, but the last."""
    with Lab(folder, seed=seed, tree=tree) as lab:
        lab.terminal.load(
            Punch(str(1000 + n % 40), START - timedelta(seconds=records - n), n % 2) for n in range(records)
        )
        size = len(lab.terminal.attlog())
        peak_mb = 0.0
        for turn in range(rounds):
            lab.daemon.start(wait=False)
            part = size * (turn + 1) // (rounds + 1)
            assert until(lambda part=part: lab.terminal.bytes_out >= part, WITHIN_S, 0.01)
            peak_mb = max(peak_mb, lab.daemon.peak_mb())
            lab.daemon.kill()
        lab.daemon.start()
        assert until(lambda: lab.status().devices[0].complete_until is not None, WITHIN_S, 0.2)
        read, peak_mb = lab.terminal.bytes_out / size, max(peak_mb, lab.daemon.peak_mb())
        return lab.judge(WITHIN_S, kills=rounds, read_times=read, memory_max_mb=peak_mb)
