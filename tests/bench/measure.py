"""How a benchmark is measured and told: rounds in turn, medians, a target, the machine.

`ratio` is the median over the rounds of ours / theirs, so that a machine that gets slower in the middle
slows both sides of each round alike.
"""

import operator
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

import msgspec

from edge.store import sqlite

HOLDS = {"<=": operator.le, ">=": operator.ge}


class Machine(msgspec.Struct, frozen=True):
    """Where and under what load it was measured."""

    cpu: str
    cores: int
    load1: float
    python: str
    sqlite: str


class Against(msgspec.Struct, frozen=True):
    """The peer or the limit, measured in the same run."""

    what: str
    value: float


class Line(msgspec.Struct, frozen=True):
    """One result; `ratio` = value / against, which the target is about."""

    name: str
    value: float
    unit: str
    against: Against
    ratio: float
    target: str
    met: bool
    machine: Machine


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured. folder: on the disk that is meant."""

    folder: Path
    repeat: int = 3
    quick: bool = False
    full: bool = False

    def of(self, normal: int, quick: int) -> int:
        """A size, for the run that was asked for."""
        return quick if self.quick else normal


@dataclass(frozen=True, slots=True)
class Rounds:
    """What both sides gave, round by round."""

    ours: Sequence[float]
    theirs: Sequence[float]

    @property
    def ratio(self) -> float:
        """The median of the rounds' own ratios."""
        return median(our / their for our, their in zip(self.ours, self.theirs, strict=True))


def in_turn(repeat: int, ours: Callable[[], float], theirs: Callable[[], float]) -> Rounds:
    """Run both sides `repeat` times, A B A B."""
    results = [(ours(), theirs()) for _ in range(repeat)]
    return Rounds([our for our, _ in results], [their for _, their in results])


def against_constant(values: Sequence[float], limit: float) -> Rounds:
    """A limit that is not measured but given."""
    return Rounds(values, [limit] * len(values))


def line(name: str, unit: str, rounds: Rounds, what: str, target: str) -> Line:
    """The result of a benchmark; `target` such as `>= 0.8` speaks of the ratio."""
    sign, limit = target.split()
    return Line(
        name,
        rounded(median(rounds.ours)),
        unit,
        Against(what, rounded(median(rounds.theirs))),
        rounded(rounds.ratio),
        target,
        HOLDS[sign](rounds.ratio, float(limit)),
        machine(),
    )


def machine() -> Machine:
    """This machine, now."""
    load = round(os.getloadavg()[0], 2)
    return Machine(_cpu(), os.cpu_count() or 0, load, platform.python_version(), sqlite.VERSION)


@cache
def _cpu() -> str:
    for row in Path("/proc/cpuinfo").read_text().splitlines():
        if row.startswith("model name"):
            return row.partition(":")[2].strip()
    return platform.machine()


def rounded(value: float) -> float:
    """Four significant digits: more would be noise."""
    return float(f"{value:.4g}")


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of them lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def say(text: str) -> None:
    """Progress, to stderr."""
    print(text, file=sys.stderr, flush=True)
