"""H5 for the pages of a window: requests mutated anywhere, signed before or after, against the daemon."""

import json
import random
from contextlib import closing
from pathlib import Path

import pytest

from edge.store import FILE
from edge.store.recent import Recents
from tests.broker import free_port
from tests.faults.test_mutated_pushes import GROWTH_MAX_MB
from tests.faults.test_slow_clients import CONFIG, paired
from tests.gate import say
from tests.hall import Daemon
from tests.kiosk.conftest import rating
from tests.sim.tablet import Tablet

KEYS = 8
"""A key that says more than some eight things a second has to wait."""
SEEDS = [
    (
        "tablet",
        "rate",
        rating(1, tags=["411"], comment="好", session={"id": "a-b", "at": "2026-11-20T09:00:00"}),
    ),
    ("tablet", "state", {"version": "x", "queue": 1, "holds": ["a-b"], "clock": "2026-11-20T09:00:00"}),
    ("tablet", "handed", {"session": None}),
    ("tablet", "hall", {}),
    ("desk", "invite", {"project_no": "P1", "timeout_s": 30}),
    ("desk", "cancel", {}),
    ("desk", "pause", {"on": True}),
    ("desk", "sign-on", {"staff_no": "1001", "pin": "123456"}),
    ("tablet", "pair", {"nonce": "0" * 32, "proof": "0" * 64}),
]


def mutate(folder: Path, count: int) -> dict[str, float]:
    """So many mutants, half of them under a true signature, after as many as warm it up."""
    port, chance = free_port(), random.Random(20261126)
    daemon = Daemon(folder / "edge.toml", folder / "edge")
    head = CONFIG.replace('[office]\nhost = "127.0.0.1"\nport = {office}\n', "")
    daemon.config.write_text(head.format(folder=daemon.folder, web=free_port(), listen=port))
    daemon.start()
    try:
        parts = {part: [paired(daemon, port, part=part) for _ in range(KEYS)] for part in ("tablet", "desk")}
        for _ in range(count // 5):
            send(parts, chance)
        before = daemon.rss_mb()
        statuses = [send(parts, chance) for _ in range(count)]
        grown = daemon.rss_mb() - before
        true = parts["tablet"][0]
        assert true.send("POST", "rate", rating(9_000)).said == {"state": "taken"}
        peak = daemon.peak_mb()
    finally:
        daemon.stop()
    with closing(Recents(daemon.folder / FILE)) as reader:
        stored = [each.data for each in reader.of(["evaluation.submitted"], 0, 50_000)]
    assert all(tag[0] == str(each["stars"]) for each in stored for tag in each.get("tags", ()))  # type: ignore[attr-defined]
    return {
        "mutants": count,
        "odd_answers": len(set(statuses) - {0, 200, 400, 401, 403, 404, 409, 411, 413, 429, 431}),
        "served": statuses.count(200),
        "stored": len(stored),
        "growth_mb": round(grown, 1),
        "peak_mb": round(peak, 1),
        "tracebacks": daemon.log.read_text(errors="replace").count("Traceback"),
    }


def send(parts: dict[str, list[Tablet]], chance: random.Random) -> int:
    """One of the seeds with up to four wounds, in its body alone where it is signed after that."""
    part, word, said = chance.choice(SEEDS)
    signer = chance.choice(parts[part])
    signer.source = f"127.0.6.{chance.randint(1, 250)}"
    path, body = signer.base + word, bytearray(json.dumps(said, ensure_ascii=False).encode())
    whole = bytes(body)
    for _ in range(chance.randint(0, 4)):
        at = chance.randrange(len(body) + 1)
        body[at : at + chance.randint(0, 9)] = chance.randbytes(chance.randint(0, 9))
    late = chance.random() < 0.5
    headers = signer.signed("POST", path, bytes(body) if late else whole)
    if not late:
        name = chance.choice(list(headers))
        headers[name] = headers[name][: chance.randint(0, 64)] + chance.choice(["", "0", "é", " "])
    try:
        return signer.call("POST", path, bytes(body), headers)[0]
    except OSError:
        return 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_mutants_of_what_pages_say(tmp_path: Path) -> None:
    found = mutate(tmp_path, 10_000)
    say("H5 tablet API", **found)
    assert (found["tracebacks"], found["odd_answers"]) == (0, 0)
    assert found["growth_mb"] <= GROWTH_MAX_MB
