"""Every benchmark runs and prints well-formed lines; what they say is judged by people, not here."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.bench.__main__ import GROUPS
from tests.bench.measure import Line, Rounds, line

SHORT = [sys.executable, "-m", "tests.bench", "--quick", "--repeat", "1"]
PREFIXES = {
    "ingest": {"p1"},
    "zk": {"p2", "p4"},
    "isapi": {"isapi"},
    "adms": {"adms"},
    "decode": {"p3"},
    "latency": {"p8"},
    "daemon": {"p11", "p12"},
    "disk": {"p13"},
    "proof": {"verify"},
    "drain": {"p5", "p6", "p10", "p11"},
    "fresh": {"p9"},
    "growth": {"growth"},
    "devices": {"devices"},
    "flash": {"flash"},
}


def test_every_group_is_run_here() -> None:
    assert PREFIXES.keys() == GROUPS.keys()


@pytest.fixture
def folder() -> Iterator[Path]:
    """One with a short name: a unix socket's path may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="bench") as made:
        yield Path(made)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("group", PREFIXES)
def test_a_group_prints_one_well_formed_line_per_result(group: str, folder: Path) -> None:
    out = folder / "lines.jsonl"
    command = [*SHORT, group, "--folder", str(folder), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    lines = [msgspec.json.decode(text, type=Line) for text in done.stdout.splitlines()]
    assert {each.name.partition(".")[0] for each in lines} == PREFIXES[group]
    assert len({each.name for each in lines}) == len(lines)
    assert all(each.value >= 0 and each.against.value > 0 and each.machine.cores > 0 for each in lines)
    assert out.read_text() == done.stdout


@pytest.mark.parametrize(
    ("target", "met"), [(">= 2", True), (">= 2.1", False), ("<= 2", True), ("<= 1.9", False)]
)
def test_a_target_speaks_of_the_median_of_the_rounds_ratios(target: str, met: bool) -> None:
    found = line("name", "s", Rounds([2.0, 20.0, 9.0], [1.0, 10.0, 1.0]), "peer", target)
    assert (found.ratio, found.value, found.against.value, found.met) == (2.0, 9.0, 1.0, met)


def test_an_unknown_name_is_refused() -> None:
    done = subprocess.run([*SHORT, "zkk"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "zkk" in done.stderr
