"""One punch is one event, whichever path told it: log, live events or pushes, in any order, many times."""

import random
import time
from collections.abc import Callable, Sequence
from contextlib import closing

import pytest

from edge.control import command
from edge.store import FILE
from edge.store.books import Books
from tests.broker import free_port
from tests.gate import say
from tests.hall import consuming, until
from tests.path.conftest import Hall
from tests.path.test_adms import LISTEN, punches
from tests.sim.adms import Punch
from tests.sim.adms.calls import call
from tests.sim.adms.shapes import SHAPES, body

PACK, LIVE, PARTS = 200, 20, 8
Job = Callable[[], object]


def over_three_paths(hall: Hall, count: int, times: int, seed: int = 20261126) -> dict[str, float]:
    """So many punches, each told `times` times over each path; what came of them."""
    chance, port, began = random.Random(seed), free_port(), time.monotonic()
    hall.configure(device=LISTEN.format(port=port, serial=hall.terminal.serial, more=""))
    hall.daemon.start()
    every = punches(count)
    told = {"pushed": 0, "live": 0, "read": 0}

    def push(pack: Sequence[Punch]) -> None:
        target = f"/iclock/cdata?SN={hall.terminal.serial}&table=ATTLOG&Stamp=9999"
        sent = body(list(pack), chance.choice(sorted(SHAPES)))
        assert until(lambda: call(("127.0.0.1", port), target, sent).body == b"OK:%d" % len(pack), 60)
        told["pushed"] += len(pack)

    def announce(few: Sequence[Punch]) -> None:
        hall.terminal.announce(list(few))
        told["live"] += len(few)
        time.sleep(0.002)

    def reread() -> None:
        told["read"] += bool((answer := command(hall.daemon.folder, "reread", device="fp-1")) and answer.done)

    def in_pieces(tell: Callable[[Sequence[Punch]], None], size: int) -> list[Job]:
        order = chance.sample(every, count)
        return [lambda at=at: tell(order[at : at + size]) for at in range(0, count, size)]  # type: ignore[misc]

    with consuming(hall.county):
        step = -(-count // PARTS)
        for turn in range(times):
            jobs = [*in_pieces(push, PACK), *in_pieces(announce, LIVE), reread]
            chance.shuffle(jobs)
            for number, job in enumerate(jobs):
                if turn == 0 and number % -(-len(jobs) // PARTS) == 0:
                    at = number // -(-len(jobs) // PARTS) * step
                    hall.terminal.load(every[at : at + step])
                job()
        hall.terminal.load(every[len(hall.terminal.log) :])
        assert until(lambda: hall.held() >= count, 300, 0.2)
        assert not until(lambda: hall.held() != count, 3, 0.2)
        assert hall.daemon.stop() == 0
    with closing(Books(hall.daemon.folder / FILE)) as books:
        stored = len(books.punches(hall.terminal.serial, "2000", "2134"))
    return {
        "punches": count,
        "stored": stored,
        "held": hall.held(),
        **told,
        "seconds": round(time.monotonic() - began),
    }


def test_what_three_paths_tell_three_times_is_one_event_each(hall: Hall) -> None:
    found = over_three_paths(hall, 400, 3)
    assert (found["stored"], found["held"]) == (400, 400)
    assert found["pushed"] == found["live"] == 1200


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_long_form_ten_thousand_punches_five_times(hall: Hall) -> None:
    found = over_three_paths(hall, 10_000, 5)
    say("10,000 punches, three paths x5", **found)
    assert (found["stored"], found["held"]) == (10_000, 10_000)
