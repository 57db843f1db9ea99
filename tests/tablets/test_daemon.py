"""The real daemon as a process and vendors' tablets on the wire: exact through kill -9."""

from contextlib import closing
from pathlib import Path

from edge.store import FILE
from edge.store.recent import Recents
from tests.broker import free_port
from tests.hall import SITE, Daemon, until
from tests.sim.tablet_http import OPTIONS, Tablet

CONFIG = (
    SITE
    + """\
[uplink]
host = ""
[web]
port = {web}
[device.asked]
driver = "tablet_http"
host = "127.0.0.1"
port = {asked}
window = "A04"
poll_seconds = 1
limit = 50
page = '{page}'
record = '{record}'
scheme = "stars"
"""
)
RATINGS = 1_000


def stored(folder: Path, device: str) -> list[str]:
    """The session of each rating of a device."""
    with closing(Recents(folder / FILE)) as reader:
        found = reader.of(["evaluation.submitted"], 0, 100_000)
    return [str(each.data["session_id"]) for each in found if each.data["device_id"] == device]


def test_a_thousand_ratings_with_copies_are_exact_through_kills(tmp_path: Path) -> None:
    config, folder = tmp_path / "edge.toml", tmp_path / "edge"
    daemon = Daemon(config, folder)
    with Tablet() as tablet:
        tablet.faults.repeat, tablet.faults.shuffle = 0.3, True
        shapes = {name: OPTIONS[name] for name in ("page", "record")}
        config.write_text(CONFIG.format(folder=folder, web=free_port(), asked=tablet.port, **shapes))
        tablet.http.slow_s = 0.02
        for _ in range(RATINGS // 2):
            tablet.rate()
        daemon.start()
        try:
            for _ in range(3):
                held = len(stored(folder, "asked"))
                for _ in range(RATINGS // 6):
                    tablet.rate()
                until(lambda held=held: len(stored(folder, "asked")) > held, 10, 0.02)
                daemon.kill()
                daemon.start()
            while tablet.emitted < RATINGS:
                tablet.rate()
            assert until(lambda: len(stored(folder, "asked")) >= RATINGS, 30)
            sessions = stored(folder, "asked")
            assert len(sessions) == len(set(sessions)) == tablet.emitted == RATINGS
        finally:
            daemon.stop()
