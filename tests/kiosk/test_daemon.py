"""The real daemon as a process: pairing and invitation by its orders, and a kill amid submissions."""

import http.client
import threading
import time
from contextlib import closing
from pathlib import Path

from edge.control import command
from edge.store import FILE
from edge.store.recent import Recents
from tests.broker import free_port
from tests.hall import ALONE, LISTEN, SITE, Daemon, until
from tests.kiosk.conftest import rating
from tests.sim.tablet import Answer, Tablet

CONFIG = (
    SITE
    + ALONE
    + LISTEN
    + """\
[device.tablet-1]
driver = "kiosk"
window = "A01"
"""
)
RATINGS = 30


def kept_trying(tablet: Tablet, word: str, said: object) -> Answer:
    """As the page does: until the daemon has vouched for it."""
    while True:
        try:
            answer = tablet.send("POST", word, said)
            if answer.vouched and answer.status == 200:
                return answer
        except (OSError, http.client.HTTPException, ValueError):
            pass
        time.sleep(0.1)


def test_a_kill_in_the_middle_loses_no_rating_and_counts_none_twice(tmp_path: Path) -> None:
    config, folder, port = tmp_path / "edge.toml", tmp_path / "edge", free_port()
    config.write_text(CONFIG.format(folder=folder, web=free_port(), listen=port))
    daemon = Daemon(config, folder)
    daemon.start()
    try:
        code = command(folder, "pair", device="tablet-1", part="tablet", actor="li")
        assert code is not None
        assert code.done
        tablet = Tablet(port, "/k/A01/", "kiosk-A01")
        assert until(lambda: _paired(tablet, code.text), 20)
        tablet.send("POST", "state", {"version": "x", "queue": 0})
        asked = command(folder, "invite", window="A01", trigger="queue", project_no="P1")
        assert asked is not None
        assert asked.done, asked.text
        session = tablet.send("POST", "state", {"version": "x", "queue": 0}).said["session"]
        assert isinstance(session, dict)
        assert session["id"] == asked.text
        said = [rating(0, session=session), *(rating(number) for number in range(1, RATINGS))]
        work = threading.Thread(target=lambda: [kept_trying(tablet, "rate", each) for each in said])
        work.start()
        for _ in range(2):
            time.sleep(0.4)
            daemon.kill()
            daemon.start()
        work.join(60)
        assert not work.is_alive()
        for each in said:
            kept_trying(tablet, "rate", each)
        with closing(Recents(folder / FILE)) as reader:
            stored = reader.of(["evaluation.submitted"], 0, 10_000)
        assert len(stored) == len({each.data["session_id"] for each in stored}) == RATINGS
        assert sum(each.data.get("project_no") == "P1" for each in stored) == 1
    finally:
        daemon.stop()


def _paired(tablet: Tablet, code: str) -> bool:
    try:
        return tablet.pair(code) == "tablet"
    except OSError:
        return False
