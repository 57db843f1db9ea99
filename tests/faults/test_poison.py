"""U9, U11, U12: what is refused is set aside, shown, and queued again by a person; the rest flows."""

import json
from pathlib import Path

import pytest

from tests.faults.lab import TREE, Lab
from tests.faults.oracle import Verdict, also_lost
from tests.hall import until
from tests.path.test_cli import hall_edge

NO_PUNCHES = "topic readwrite #\ntopic deny zwdt/v1/410421/hall-1/evt/att\n"
EVERYTHING = "topic readwrite #\n"
BLOCKED_S = 30.0


def refuse(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """The broker refuses a punch, and takes it a kill later; a person says so, and another kill follows."""
    wrong: list[str] = []
    with Lab(folder, seed=seed, tree=tree, acl=NO_PUNCHES) as lab:
        for _ in range(rounds):
            (lab.broker.folder / "acl").write_text(NO_PUNCHES)
            lab.broker.restart()
            lab.daemon.start()
            assert until(lambda: lab.status().uplink.state == "connected", 30), "else it goes in a batch"
            lab.crowd.one()
            if not until(lambda: lab.status().uplink.parked > 0, BLOCKED_S):
                wrong.append("a refused punch is not set aside")
            if not until(lambda: lab.status().uplink.unconfirmed == 0, BLOCKED_S):
                wrong.append("a refused punch blocks the rest")
            shown = hall_edge("--lang", "en", "status", config=lab.daemon.config).stdout
            wrong += [] if "set aside" in shown and "0x87" in shown else [f"not shown: {shown}"]
            listed = hall_edge("--lang", "en", "parked", config=lab.daemon.config)
            wrong += [] if listed.returncode == 1 and "0x87" in listed.stdout else [f"not listed: {listed}"]
            held = lab.books.count()
            lab.daemon.kill()
            (lab.broker.folder / "acl").write_text(EVERYTHING)
            lab.broker.restart()
            lab.daemon.start()
            if not until(lambda: lab.status().uplink.parked > 0, BLOCKED_S):
                wrong.append("what was set aside does not outlive a kill")
            wrong += [] if lab.books.count() == held else ["it went again by itself"]
            lab.broker.kill()
            said = hall_edge("requeue", config=lab.daemon.config)
            wrong += [] if said.returncode == 0 and "#" in said.stdout else [said.stderr]
            (row,) = json.loads(hall_edge("parked", "--json", config=lab.daemon.config).stdout)
            wrong += [] if row["again"] else [f"queued again, and not said so: {row}"]
            lab.daemon.kill()
            lab.broker.start()
            lab.daemon.start()
            if not until(lambda held=held: lab.books.count() > held, BLOCKED_S):
                wrong.append("what was queued again before a kill does not come")
            elif not until(lambda: lab.status().uplink.parked == 0, BLOCKED_S):
                wrong.append("what has come is shown as set aside")
            lab.daemon.stop()
        return also_lost(lab.judge(refused=rounds), wrong)


@pytest.mark.timeout(300)
def test_what_is_refused_is_set_aside_and_queued_again(tmp_path: Path) -> None:
    verdict = refuse(tmp_path, 1, 41)
    assert verdict.clean, verdict
