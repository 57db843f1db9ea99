"""E2, E3: ratings forged and replayed over the wire against the daemon: none is taken, one alarm rings."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from edge.control import command
from edge.store import FILE
from edge.store.recent import Recents
from tests.broker import free_port
from tests.faults.lab import report
from tests.faults.oracle import Verdict
from tests.faults.test_slow_clients import CONFIG, paired
from tests.hall import Daemon, until
from tests.kiosk.conftest import rating
from tests.sim.tablet import Tablet

PATH = "/k/A01/rate"
SECOND = """\
[device.tablet-2]
driver = "kiosk"
window = "A02"
"""
Attack = Callable[[Tablet, int], int]


def attacked(folder: Path, many: int) -> Verdict:
    """So many forgeries of seven kinds, so many replays, from a hundred addresses; the tablet works on."""
    daemon, port = Daemon(folder / "edge.toml", folder / "edge"), free_port()
    head = CONFIG.replace('[office]\nhost = "127.0.0.1"\nport = {office}\n', "")
    daemon.config.write_text(head.format(folder=daemon.folder, web=free_port(), listen=port) + SECOND)
    daemon.start()
    try:
        tablet, desk, revoked = (paired(daemon, port, part=part) for part in ("tablet", "desk", "tablet"))
        neighbour = paired(daemon, port, "tablet-2", "A02")
        assert command(daemon.folder, "unpair", key=revoked.key_id, actor="li")
        body = json.dumps(rating(1)).encode()
        seen = tablet.signed("POST", PATH, body)
        assert tablet.call("POST", PATH, body, seen)[0] == 200
        forgeries = forged(tablet, desk, revoked, neighbour)
        attacks: list[Attack] = [forgeries[n % len(forgeries)] for n in range(many)]
        attacks += [lambda who, _n: who.call("POST", PATH, body, seen)[0]] * many
        strangers = [Tablet(port, "/k/A01/", "kiosk-A01", f"127.0.5.{1 + n}") for n in range(100)]
        done, own = threading.Event(), [1]
        working = threading.Thread(target=_work, args=(tablet, done, own))
        working.start()
        with ThreadPoolExecutor(8) as pool:
            calls = [pool.submit(attack, strangers[n % 100], n) for n, attack in enumerate(attacks)]
            answers = Counter(each.result() for each in calls)
        done.set()
        working.join()
        assert until(lambda: _told(daemon, "device.alarm"), 10)
        stored = [str(each["session_id"]) for each in _told(daemon, "evaluation.submitted")]
        alarms = [each["code"] for each in _told(daemon, "device.alarm")]
        refused = [each for each in _told(daemon, "edge.audit") if each["result"] == "refused"]
        status = {f"answered_{code}": count for code, count in sorted(answers.items())}
        figures = {"forged": many, "replayed": many, "accepted": len(stored) - own[0]}
        figures |= {"alarms": len(alarms), "audits": len(refused), **status}
        live = alarms == ["auth_failed"] and len(refused) == 1 and 200 not in answers
        lost = ("some",) if len(stored) < own[0] else ()
        return Verdict(own[0], lost, invented=tuple(stored[own[0] :]), live=live, figures=figures)
    finally:
        daemon.stop()


def forged(tablet: Tablet, desk: Tablet, revoked: Tablet, neighbour: Tablet) -> list[Attack]:
    """Ways to rate without the key of the window's tablet."""

    def by(
        signer: Tablet, change: Callable[[dict[str, str]], dict[str, str]] = dict, more: bytes = b""
    ) -> Attack:
        def attack(who: Tablet, number: int) -> int:
            body = json.dumps(rating(5000 + number)).encode()
            headers = change(signer.signed("POST", PATH, body))
            return who.call("POST", PATH, body + more, headers)[0]

        return attack

    return [
        by(neighbour),
        by(revoked),
        by(desk),
        by(tablet, more=b" "),
        by(tablet, lambda told: {**told, "x-edge-key": "0" * 16}),
        by(tablet, lambda told: {**told, "x-edge-sign": "0" * 64}),
        by(tablet, lambda _told: {}),
    ]


def _work(tablet: Tablet, done: threading.Event, own: list[int]) -> None:
    """The tablet itself is held up by none of it."""
    while not done.wait(0.2):
        own[0] += tablet.send("POST", "rate", rating(100 + own[0])).said == {"state": "taken"}


def _told(daemon: Daemon, kind: str) -> list[dict[str, object]]:
    with closing(Recents(daemon.folder / FILE)) as reader:
        return [each.data for each in reader.of([kind], 0, 50_000)]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_thousand_forged_and_a_thousand_replayed_ratings(tmp_path: Path) -> None:
    verdict = report("E2 E3 over the wire", lambda: attacked(tmp_path, 1000))
    assert verdict.clean, verdict
    assert verdict.figures["accepted"] == 0
