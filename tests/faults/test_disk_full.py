"""G3, a disk that is full, out of inodes, or read-only: the terminal keeps it, and nobody is needed."""

import json
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from edge.contract import State, topic
from edge.store import sqlite
from tests.consume.upstream import Wire
from tests.faults import disk
from tests.faults.lab import TREE, Lab, report
from tests.faults.oracle import Promise, Verdict, also_lost, merge
from tests.hall import until

pytestmark = pytest.mark.skipif(bool(disk.lacking()), reason=disk.lacking() or "-")

SHOWN_S = 20.0
TOLD_S = 30.0
HEALED_S = 60.0
NEARLY = 2 << 20
"""Bytes left, with which writing would still work, but no more is to be taken in."""
SHORTAGES = ("full", "nearly", "full, no inodes", "no inodes")
RESTARTED = "full, no inodes"
"""In which the daemon dies and must come up again."""
NIGHTS = 402


@pytest.mark.timeout(300)
def test_a_full_disk_costs_nothing_and_heals(tmp_path: Path) -> None:
    verdict = fill_the_disk(tmp_path, len(SHORTAGES), seed=13)
    assert verdict.clean, verdict


@pytest.mark.timeout(300)
def test_what_nobody_confirmed_survives_a_full_disk(tmp_path: Path) -> None:
    verdict = fill_while_nobody_confirms(tmp_path, 1, seed=19)
    assert verdict.clean, verdict


@pytest.mark.timeout(300)
def test_a_read_only_disk_costs_nothing(tmp_path: Path) -> None:
    verdict = turn_read_only(tmp_path, 1, seed=17)
    assert verdict.clean, verdict


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_long_form_thirty_rounds_and_ten_flips(tmp_path: Path) -> None:
    full = report("G3 full", lambda: fill_the_disk(tmp_path / "full", 30, 0))
    kept = report("G3 unconfirmed", lambda: fill_while_nobody_confirms(tmp_path / "kept", 5, 0))
    flips = report("G3 readonly", lambda: turn_read_only(tmp_path / "flips", 10, 0))
    assert merge((full, kept, flips)).clean, (full, kept, flips)


def fill_the_disk(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """One daemon; the disk runs short of bytes, of inodes, or of both, and somebody clears it."""
    wrong: list[str] = []
    shown, slowest = 0, 0.0
    with (
        disk.Tmpfs(folder / "disk") as tmpfs,
        Lab(folder, seed=seed, tree=tree, store=tmpfs.path / "edge") as lab,
    ):
        lab.daemon.start()
        lab.crowd.start()
        for number in range(rounds):
            shortage = SHORTAGES[number % len(SHORTAGES)]
            lab.live(1.0)
            run_short(tmpfs, shortage)
            shown += until(lambda: closed(lab), SHOWN_S)
            lab.live(lab.chance.uniform(0, 2))
            if shortage == RESTARTED:
                lab.daemon.kill()
                lab.daemon.start()
                until(lambda: closed(lab), SHOWN_S)
            if not closed(lab):
                wrong.append(f"round {number}, {shortage}: open again although nothing was cleared")
            tmpfs.release()
            began = lab.now()
            if not (lab.settled(HEALED_S) and until(lambda: lab.storage() == "ok", HEALED_S)):
                wrong.append(f"round {number}, {shortage}: does not heal, {lab.storage()}")
            slowest = max(slowest, lab.now() - began)
            if not until(lambda: ballast(tmpfs.path / "edge") == 4, 15):
                wrong.append(f"round {number}, {shortage}: the ballast is not made again")
        verdict = lab.judge(rounds=rounds, shown=shown, heal_max_s=slowest)
    missed = ["a full disk that status did not show"] * (rounds - shown)
    return also_lost(verdict, [*wrong, *missed])


def fill_while_nobody_confirms(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """Everything has aged and the disk is full, but upstream holds nothing; then it does."""
    wrong: list[str] = []
    with (
        disk.Tmpfs(folder / "disk") as tmpfs,
        Lab(folder, seed=seed, tree=tree, store=tmpfs.path / "edge", consumer=False) as lab,
    ):
        lab.daemon.start()
        lab.crowd.start()
        for _ in range(rounds):
            lab.live(1.5)
            squeeze(lab, tmpfs)
            lab.live(2.5)
            tmpfs.release()
            until(lambda: lab.storage() == "ok", HEALED_S)
        wrong += [f"{stubs(lab)} rows emptied that upstream does not hold"] if stubs(lab) else []
        lab.consume()
        if lab.settled():
            until(lambda: lab.status().uplink.unconfirmed < 5, TOLD_S)
            squeeze(lab, tmpfs)
            if not until(lambda: stubs(lab) > 0, SHOWN_S):
                wrong.append("what is confirmed and aged is not emptied early")
            tmpfs.release()
        verdict = lab.judge(rounds=rounds, emptied=stubs(lab))
    return also_lost(verdict, wrong)


def turn_read_only(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """The disk turns read-only under the daemon; it says so, goes on, and the new disk holds all it told.

    Or the next life begins a new epoch: ext4 lets an fsync succeed whose transaction it has just given up.
    """
    wrong: list[str] = []
    over: set[str] = set()
    shown = told_upstream = 0
    with (
        disk.Ext4(folder / "disk") as ext4,
        Lab(folder, seed=seed, tree=tree, store=ext4.path / "edge") as lab,
        closing(Wire(lab.broker, topic=topic("410421", "hall-1", "state"))) as wire,
    ):
        lab.crowd.start()
        for _ in range(rounds):
            lab.daemon.start()
            lab.live(1.5)
            until(lambda: lab.status().uplink.state == "connected", TOLD_S)
            wire.seen.clear()
            ext4.turn_read_only()
            told_upstream += until(lambda: "storage_read_only" in last_causes(wire), TOLD_S)
            shown += until(lambda: closed(lab) and lab.storage() == "storage_read_only", SHOWN_S)
            lab.live(2.0)
            wrong += [] if lab.daemon.running else ["the daemon gave up"]
            wrong += [] if lab.status().uplink.state == "connected" else ["the uplink went away"]
            told = lab.told()
            lab.daemon.kill_all()
            ext4.remount()
            wrong += kept_or_followed(lab, told, over)
        verdict = lab.judge(flips=rounds, shown=shown, told_upstream=told_upstream)
    missed = ["a read-only disk that status did not show"] * (rounds - shown)
    unheard = ["a read-only disk of which upstream did not hear"] * (rounds - told_upstream)
    return also_lost(verdict, [*wrong, *missed, *unheard])


def kept_or_followed(lab: Lab, told: list[Promise], over: set[str]) -> list[str]:
    """What is wrong when the disk is back: a told number that is not there, in an epoch that goes on."""
    gone = lab.on_disk(told, over)
    if not gone or not all(word.startswith("number ") for word in gone):
        return gone
    lab.daemon.start()
    epoch = told[0].epoch
    if not until(lambda: lab.status().store.epoch != epoch, TOLD_S):
        return gone
    over.add(epoch)
    lab.daemon.kill_all()
    return []


def run_short(tmpfs: disk.Tmpfs, shortage: str) -> None:
    """Of bytes, of inodes, or of both."""
    if shortage != "no inodes":
        tmpfs.fill(NEARLY if shortage == "nearly" else 0)
    if "inodes" in shortage:
        tmpfs.take_inodes()


def squeeze(lab: Lab, tmpfs: disk.Tmpfs) -> None:
    """Everything stored is older than its time, and the disk is short."""
    age(lab)
    tmpfs.fill(NEARLY)
    assert until(lambda: closed(lab), SHOWN_S)


def age(lab: Lab) -> None:
    """A diary in which all events lived through the nights that retention asks for."""
    first = datetime.now(UTC).date() - timedelta(days=NIGHTS + 100)
    nights = [((first + timedelta(days=day)).isoformat(), 0 if day else 1 << 62) for day in range(NIGHTS)]
    diary = {"epoch": lab.status().store.epoch, "nights": nights, "emptied": {}}
    (lab.daemon.folder / "nights.json").write_text(json.dumps(diary))


def closed(lab: Lab) -> bool:
    """Whether the status says that nothing is taken in, of the store and of the device."""
    snapshot = lab.daemon.status()
    told = {problem.cause for problem in snapshot.problems if problem.subject == "store"} if snapshot else {}
    return bool(told) and lab.daemon.cause() == "intake_closed"


def ballast(folder: Path) -> int:
    """How many of its parts lie there, really allocated."""
    found = 0
    for part in folder.glob("ballast-*"):
        with suppress(OSError):
            found += part.stat().st_blocks * 512 >= 1 << 20
    return found


def stubs(lab: Lab) -> int:
    """How many rows have lost their payload."""
    with closing(sqlite.connect_reader(lab.daemon.folder / "edge.db")) as connection:
        (count,) = connection.execute("SELECT count(*) FROM event WHERE emptied IS NOT NULL").fetchone()
    return int(count)


def last_causes(wire: Wire) -> set[str]:
    """The causes in the newest state that the hall has published."""
    states = [msgspec.json.decode(payload, type=State) for _topic, payload in wire.seen]
    return {problem.cause for problem in states[-1].problems} if states else set()
