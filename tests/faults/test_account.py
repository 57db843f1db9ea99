"""The account under faults: whatever was killed or cut, it says what the oracle finds, and never more.

Each round kills the daemon while people punch, some while an account is being made. At the end the account of
the day must be `equal`, with as many facts as the terminal holds; with one row taken out of the books below,
the same account must find it.
"""

import threading
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from edge.control import command
from edge.payloads import DeviceReconciled
from edge.store import FILE, sqlite
from tests.faults.lab import START, TREE, Lab, in_lanes, report
from tests.faults.oracle import Verdict
from tests.hall import until

DAY = START.date().isoformat()


@pytest.mark.timeout(240)
def test_the_account_after_kills_is_what_the_terminal_holds(tmp_path: Path) -> None:
    verdict = account_after_kills(tmp_path, 4, seed=20261125)
    assert verdict.clean, verdict
    assert verdict.punches > 20


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_long_form_a_hundred_kills(tmp_path: Path) -> None:
    verdict = report("account", lambda: in_lanes(account_after_kills, tmp_path, 100))
    assert verdict.clean, verdict


def account_after_kills(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """Kills while people punch and accounts are made; then the account is held against the terminal."""
    with Lab(folder, seed=seed, tree=tree) as lab:
        lab.crowd.start()
        for number in range(rounds):
            lab.daemon.start()
            asking = threading.Thread(target=account, args=(lab,), daemon=True)
            if number % 2:
                asking.start()
            lab.live(lab.chance.uniform(0.2, 1.2))
            lab.daemon.kill()
        lab.crowd.end()
        lab.daemon.start()
        wrong = [] if lab.settled() else ["it does not settle"]
        wrong += told(lab, "equal", late=0)
        lab.daemon.stop()
        take_one_out(lab)
        lab.daemon.start()
        wrong += told(lab, "equal", late=1)
        verdict = lab.judge(kills=rounds)
        return replace(verdict, altered=(*verdict.altered, *wrong))


def account(lab: Lab) -> DeviceReconciled | None:
    """The account of the day, or None where nobody answers."""
    answer = command(lab.daemon.folder, "reconcile", day=DAY)
    if answer is None or not answer.done:
        return None
    with suppress(msgspec.MsgspecError):
        return msgspec.json.decode(answer.text, type=list[DeviceReconciled])[0]
    return None


def told(lab: Lab, result: str, late: int) -> list[str]:
    """What is wrong with the account, once upstream had its time to confirm."""
    holds, first = len(set(lab.terminal.log)), account(lab)
    late_told = first.late if first else -1
    newest = [first]

    def settled() -> bool:
        newest[0] = account(lab)
        return newest[0] is not None and newest[0].result == result

    if not settled() and not until(settled, 60, 0.5):
        return [f"the account stays {newest[0]}"]
    last = newest[0]
    wrong = [] if late_told == late else [f"{late_told} came late, not {late}"]
    if last is None or not (last.distinct == last.stored == last.confirmed == holds):
        wrong.append(f"the terminal holds {holds}, the account says {last}")
    return wrong


def take_one_out(lab: Lab) -> None:
    """As if the store had lost a row that upstream has: the newest punch but one."""
    with closing(sqlite.connect_writer(lab.daemon.folder / FILE)) as connection:
        connection.execute(
            "DELETE FROM event WHERE position = (SELECT position FROM event WHERE fact LIKE '%punch'"
            " ORDER BY position DESC LIMIT 1 OFFSET 1)"
        )
