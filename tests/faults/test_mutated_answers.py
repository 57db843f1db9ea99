"""G8, H5 for terminals that are asked: what they answer, mutated, recorded answers among it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.faults.lab import report
from tests.faults.mutant_http import dahua_sites, isapi_sites
from tests.faults.mutant_zk import zk_sites
from tests.faults.mutated import Site, mutate

GROWTH_MAX_MB = 10.0
SHORT = 30
"""Mutants of each terminal."""


def test_mutated_answers_of_every_protocol_harm_nothing(tmp_path: Path) -> None:
    verdict = mutate(tmp_path, [*zk_sites(), *isapi_sites(), *dahua_sites()], SHORT)
    assert verdict.clean, verdict


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("protocol", "sites"), [("ZK", zk_sites), ("ISAPI", isapi_sites), ("Dahua", dahua_sites)]
)
def test_the_long_form_ten_thousand_mutated_answers(
    tmp_path: Path, protocol: str, sites: Callable[[], Sequence[Site]]
) -> None:
    terminals = sites()
    verdict = report(f"G8 {protocol}", lambda: mutate(tmp_path, terminals, -(-10_000 // len(terminals))))
    assert verdict.clean, verdict
    assert verdict.figures["growth_mb"] <= GROWTH_MAX_MB
