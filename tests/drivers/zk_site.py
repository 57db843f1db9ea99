"""What the ZK tests share: a terminal with a history, the driver for it, and the vectors."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.zk import Zk
from tests.sim.zk import Punch, Terminal

DATA = Path(__file__).parent.parent / "data"
CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures" / "zk_captures.json"
DAY_ONE = datetime.fromisoformat("2024-03-01T08:00:00")


def vectors() -> dict[str, list[dict[str, Any]]]:
    """The hand-written vectors."""
    found: dict[str, list[dict[str, Any]]] = json.loads((DATA / "zk_vectors.json").read_text())
    return found


def captures() -> list[dict[str, Any]]:
    """Recorded packets; skips the test where they are absent."""
    if not CAPTURES.exists():
        pytest.skip("recorded packets are not on this machine (../shared/captures)")
    found: list[dict[str, Any]] = json.loads(CAPTURES.read_text())
    return found


def history(count: int, first: int = 0, people: int = 300) -> list[Punch]:
    """Punches that no two share a second."""
    return [
        Punch(str(1 + n * 7 % people), DAY_ONE + timedelta(seconds=37 * n), n % 2, 1)
        for n in range(first, first + count)
    ]


def key(punch: Punch, user: str | None = None) -> str:
    """The name of the fact behind a punch."""
    return f"{punch.time.isoformat()}|{user or punch.user_id}|{punch.state}"


def keys(punches: Sequence[Punch]) -> set[str]:
    """The names of the facts behind punches."""
    return {key(punch) for punch in punches}


def uid_keys(punches: Sequence[Punch]) -> set[str]:
    """The same on a terminal that names nobody (uid = user id where nobody is enrolled)."""
    return {key(punch, f"uid:{punch.user_id}") for punch in punches}


def driver(terminal: Terminal, poll_s: float = 3600, **options: object) -> Zk:
    """The driver for a terminal; by default one poll an hour, so that a test says itself when it is time."""
    given: dict[str, Any] = {"transport": terminal.transport, **options}
    chosen = Zk.Options(terminal.host, terminal.port, **given)
    object.__setattr__(chosen, "poll_seconds", poll_s)  # tests poll oftener than the shortest option
    return Zk(chosen)
