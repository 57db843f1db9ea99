"""G4, the broker fails: killed, forgetful, half-open, slow, flapping; its acknowledgement proves nothing."""

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.lab import TREE, Lab, in_lanes, report
from tests.faults.oracle import Verdict, also_lost
from tests.faults.proxy import PUBACK
from tests.hall import until

SLOW_BYTES_PER_S = 1000
"""8 kbit/s."""
SPEECHLESS = "topic readwrite #\ntopic deny zwdt/v1/+/+/ack/#\n"
"""No receipt reaches the hall, so that nobody can ask for what is missing."""
KEEPS_ALL = ("max_queued_messages 1000000",)
"""Not 0, "no limit": mosquitto 2.0.11 then ends a connection by which something came that the ACL denies."""
QUEUE_MAX = 1000
"""What mosquitto keeps for a subscriber that is away; it acknowledges the rest and drops it."""


def kill_the_broker(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """A broker without persistence dies, with all it has acknowledged."""
    with Lab(folder, seed=seed, tree=tree) as lab:
        lab.daemon.start()
        lab.crowd.start()
        for _ in range(rounds):
            lab.live(lab.chance.uniform(0.3, 2.5))
            lab.broker.kill()
            lab.live(lab.chance.uniform(0, 0.5))
            lab.broker.restart()
        return lab.judge(kills=rounds)


def flap(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """The line is there for a few seconds and gone for one; each time something must get through."""
    with Lab(folder, seed=seed, tree=tree, proxied=True) as lab:
        lab.daemon.start()
        lab.crowd.start()
        progress = 0
        for _ in range(rounds):
            before = lab.books.count()
            lab.proxy.refuse = False
            lab.live(lab.chance.uniform(3.0, 5.0))
            progress += lab.books.count() > before
            lab.proxy.refuse = True
            lab.proxy.cut()
            lab.live(lab.chance.uniform(0.1, 0.6))
        lab.proxy.refuse = False
        return lab.judge(flaps=rounds, progress=progress, connections=lab.proxy.accepted)


def cut_without_receipts(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """`confirm = []`: PUBACKs retire; a cut line costs a consumer nothing that can ask for nothing."""
    with Lab(
        folder,
        seed=seed,
        tree=tree,
        proxied=True,
        confirm="[]",
        broker=KEEPS_ALL,
        acl=SPEECHLESS,
    ) as lab:
        lab.daemon.start()
        lab.crowd.pause_s = (0.0, 0.01)
        lab.crowd.start()
        lab.proxy.delay_s = 0.02
        for _ in range(rounds):
            lab.live(lab.chance.uniform(0.3, 1.5))
            lab.proxy.cut()
        lab.proxy.delay_s = 0.0
        return lab.judge(cuts=rounds)


def lose_pubacks(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """PUBACKs never arrive; then the connection ends."""
    with Lab(folder, seed=seed, tree=tree, proxied=True) as lab:
        lab.daemon.start()
        lab.crowd.start()
        for _ in range(rounds):
            lab.proxy.swallow = frozenset({PUBACK})
            lab.live(lab.chance.uniform(1.0, 2.0))
            lab.proxy.swallow = frozenset()
            lab.proxy.cut()
            lab.live(1.5)
        return lab.judge(rounds=rounds, pubacks_lost=lab.proxy.swallowed)


def half_open(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """Nothing passes the open connection any more: noticed within two keepalives, then all goes a new way."""
    wrong: list[str] = []
    slowest = 0.0
    with Lab(folder, seed=seed, tree=tree, proxied=True) as lab:
        lab.daemon.start()
        lab.crowd.start()
        for number in range(rounds):
            lab.live(2.0)
            accepted, began = lab.proxy.accepted, lab.now()
            lab.proxy.freeze()
            if not until(functools.partial(_reconnected, lab, accepted), 35):
                wrong.append(f"half-open connection {number} is not noticed")
            slowest = max(slowest, lab.now() - began)
        verdict = lab.judge(rounds=rounds, noticed_max_s=slowest)
    return also_lost(verdict, wrong)


def _reconnected(lab: Lab, accepted: int) -> bool:
    return lab.proxy.accepted > accepted


def slow_line(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """8 kbit/s, `rounds` times five seconds: it trickles, and nothing is lost when the line is good again."""
    with Lab(folder, seed=seed, tree=tree, proxied=True) as lab:
        lab.daemon.start()
        lab.settled()
        lab.proxy.bytes_per_s = SLOW_BYTES_PER_S
        lab.crowd.start()
        lab.live(5.0 * rounds)
        trickled = lab.books.count()
        lab.proxy.bytes_per_s = 0
        verdict = lab.judge(seconds_slow=5.0 * rounds, trickled=trickled)
    return verdict if trickled else also_lost(verdict, ["nothing passes a slow line"])


def consumer_away(folder: Path, rounds: int, seed: int, tree: Path = TREE) -> Verdict:
    """The consumer has subscribed and is away, with `rounds` times more punches than the broker keeps."""
    with Lab(folder, seed=seed, tree=tree, consumer=False) as lab:
        lab.daemon.start()
        lab.subscribe_and_leave()
        for _ in range(rounds * QUEUE_MAX):
            lab.crowd.one()
        snapshot = lab.daemon.status
        until(lambda: (now := snapshot()) is not None and now.uplink.sent_to > rounds * QUEUE_MAX, 90, 0.5)
        early = lab.retired_early()
        lab.consume()
        return also_lost(lab.judge(away=rounds * QUEUE_MAX), early)


GATES: dict[str, tuple[Callable[[Path, int, int, Path], Verdict], int, int]] = {
    "kill": (kill_the_broker, 5, 100),
    "flap": (flap, 1, 100),
    "cut": (cut_without_receipts, 2, 60),
    "puback": (lose_pubacks, 1, 20),
    "half-open": (half_open, 1, 10),
    "slow": (slow_line, 1, 12),
    "away": (consumer_away, 1, 20),
}
"""Name -> gate, rounds of the short and of the long form."""


@pytest.mark.parametrize("name", GATES)
def test_a_broken_broker_costs_nothing(tmp_path: Path, name: str) -> None:
    gate, short, _long = GATES[name]
    verdict = gate(tmp_path, short, 23, TREE)
    assert verdict.clean, verdict


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", GATES)
def test_the_long_form(tmp_path: Path, name: str) -> None:
    gate, _short, rounds = GATES[name]
    verdict = report(f"G4 {name}", lambda: in_lanes(gate, tmp_path, rounds))
    assert verdict.clean, verdict
