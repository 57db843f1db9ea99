"""G13, the lab itself is tested: bugs seeded into a copy of the tree, and the gate that must catch each.

A mutant that no longer fits the text of the product fails: it must be written anew, not dropped.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults import clock, disk, strace
from tests.faults.lab import TREE, Gate
from tests.faults.test_broker import consumer_away, cut_without_receipts
from tests.faults.test_clock import go_back_and_wait, keep_time
from tests.faults.test_corruption import damage_at_rest, put_back_a_copy
from tests.faults.test_disk_full import fill_the_disk, fill_while_nobody_confirms, turn_read_only
from tests.faults.test_io_errors import fail_the_disk
from tests.faults.test_numbers import forge_receipts, lose_the_database
from tests.faults.test_power_cut import cut_power
from tests.faults.test_syscalls import kill_at_each_write
from tests.gate import say

TAKE = "        new = self._writer.write(lambda ledger: take(ledger, intake))\n"
UNWAITED = """\
        from edge.store.writer import Wish

        self._writer._jobs.put(Wish(lambda ledger: take(ledger, intake), False))
        new = 0
"""
EMIT = "            self._link.emit(readings(serial, records, names), known.text(), rejects=rejects)\n"
CURSOR_FIRST = f"            self._link.emit([], known.text())\n{EMIT}"


@dataclass(frozen=True, slots=True)
class Mutant:
    """In `file`, `old` becomes `new`; `rounds` of `gate` must see it."""

    file: str
    old: str
    new: str
    gate: Gate
    rounds: int


MUTANTS = {
    "emit answers before the commit": Mutant("edge/store/__init__.py", TAKE, UNWAITED, fail_the_disk, 2),
    "the cursor without its events": Mutant(
        "drivers/zk/reader.py", EMIT, CURSOR_FIRST, kill_at_each_write, 40
    ),
    "synchronous=OFF": Mutant(
        "edge/store/sqlite.py", "synchronous = FULL", "synchronous = OFF", cut_power, 6
    ),
    "synchronous=NORMAL": Mutant(
        "edge/store/sqlite.py", "synchronous = FULL", "synchronous = NORMAL", cut_power, 6
    ),
    "PUBACK retires although confirm is set": Mutant(
        "edge/uplink/exchange.py", "for app in apps or (BROKER,)", "for app in (BROKER,)", consumer_away, 1
    ),
    "random ids": Mutant(
        "edge/events.py",
        "named.update(fact.encode())",
        'named.update(__import__("os").urandom(16))',
        lose_the_database,
        2,
    ),
    "no rewind on disconnect": Mutant(
        "edge/uplink/outbox.py",
        "for first, flight in self.window.lost():",
        "self.window.lost()\n        for first, flight in ():",
        cut_without_receipts,
        8,
    ),
    "receipts without a look at their head": Mutant(
        "edge/uplink/receipts.py",
        "if ours is None or ours.hex() != receipt.head:",
        "if False:",
        forge_receipts,
        1,
    ),
    "any clock is believed": Mutant(
        "edge/clock/clock.py", "return bool(self.source())", "return True", keep_time, 1
    ),
    "a step of our clock taken for one of the terminal's": Mutant(
        "edge/clock/offsets.py", "return offset.ms - step_ms if", "return offset.ms if", keep_time, 2
    ),
    "jobs wait by the wall clock": Mutant(
        "edge/daemon.py",
        "if abs(time.time() - time.monotonic() - self._wall_at) > STEP_S:",
        "if False:",
        go_back_and_wait,
        1,
    ),
    "salvage believes every row": Mutant(
        "edge/store/salvage.py",
        "next((each for each in ALGORITHMS if digest_of(each)(text) == hashed), None)",
        "ALGORITHMS[0]",
        damage_at_rest,
        8,
    ),
    "an older copy goes on in its epoch": Mutant(
        "edge/store/opening.py", 'return "older_copy" if seen else None', "return None", put_back_a_copy, 60
    ),
    "short of room, what nobody confirmed is emptied": Mutant(
        "edge/duty/keeping.py", "min(upto, self._retired())", "upto", fill_while_nobody_confirms, 1
    ),
    "short of room, intake goes on": Mutant(
        "edge/duty/disk.py",
        'self._store.intake_closed = cause if closed else ""',
        'self._store.intake_closed = ""',
        fill_the_disk,
        2,
    ),
    "the ballast is never made": Mutant(
        "edge/duty/disk.py", "self._volume.make_ballast()", "pass", fill_the_disk, 1
    ),
    "all is well while the disk fails": Mutant(
        "edge/store/writer.py", "Failure(sqlite.trouble_of(error), str(error))", "None", fail_the_disk, 1
    ),
    "upstream does not hear of a read-only disk": Mutant(
        "edge/duty/disk.py", "            self._changed()", "            pass", turn_read_only, 1
    ),
}


NEED_A_DISK = (cut_power, fill_the_disk, fill_while_nobody_confirms, turn_read_only)
NEED_STRACE = (fail_the_disk, kill_at_each_write)


def test_every_mutant_fits_the_product(tmp_path: Path) -> None:
    for number, mutant in enumerate(MUTANTS.values()):
        seeded(tmp_path / str(number), mutant)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", MUTANTS)
def test_the_lab_catches(tmp_path: Path, name: str) -> None:
    mutant = MUTANTS[name]
    if mutant.gate in NEED_A_DISK and disk.lacking():
        pytest.skip(disk.lacking())
    if mutant.gate in NEED_STRACE and strace.lacking():
        pytest.skip(strace.lacking())
    if mutant.gate in (keep_time, go_back_and_wait) and clock.lacking():
        pytest.skip(clock.lacking())
    tree = seeded(tmp_path / "tree", mutant)
    (tmp_path / "hall").mkdir()
    caught = caught_by(mutant, tmp_path / "hall", tree)
    say("G13 mutant", mutant=name, caught=caught)
    assert caught


def seeded(tree: Path, mutant: Mutant) -> Path:
    """A copy of the product with the bug in it."""
    for room in ("edge", "drivers"):
        shutil.copytree(TREE / room, tree / room, ignore=shutil.ignore_patterns("__pycache__"))
    file = tree / mutant.file
    text = file.read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1, f"{mutant.file} no longer says {mutant.old!r}: write this mutant anew"
    file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    return tree


def caught_by(mutant: Mutant, folder: Path, tree: Path) -> str:
    """What the gate says of it, or "" when it sees nothing."""
    try:
        verdict = mutant.gate(folder, mutant.rounds, 1, tree)
    except (AssertionError, TimeoutError) as error:
        return f"{type(error).__name__}: {error}"
    return "" if verdict.clean else str(verdict)
