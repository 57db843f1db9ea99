"""Keypads through the real daemon: documents, invitations, ratings, a kill in the middle, the technician."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from edge.control import command
from edge.store import FILE, Reader
from tests.broker import free_port
from tests.contract import validate_event
from tests.documents.written import ROSTER, text
from tests.evaluation.halls import ASSIGNED
from tests.hall import Daemon, until
from tests.sim.keypad import KEYS, OPTIONS, Pads

CONFIG = """
[site]
county = "410421"
hall = "hall-1"
[store]
folder = "{folder}/edge"
[clock]
trust = "system"
[web]
port = {port}
[documents]
folder = "{folder}/documents"
[device.pads-1f]
driver = "keypad"
port = "{pads}"
windows = {{ "01" = "A01", "02" = "A02" }}
keys = {{ {keys} }}
debounce_ms = 0
"""


class Site(NamedTuple):
    daemon: Daemon
    pads: Pads
    folder: Path

    def order(self, name: str, **arguments: str) -> tuple[bool, str]:
        answer = command(self.daemon.folder, name, **arguments)
        assert answer is not None
        return answer.done, answer.text

    def events(self, word: str) -> list[dict[str, object]]:
        """The data of events of one domain, each judged by the published contract."""
        reader = Reader(self.daemon.folder / FILE)
        try:
            found = [validate_event(row.body.encode()) for row in reader.after(0, 1000)]
        finally:
            reader.close()
        return [event["data"] for event in found if event["type"].split(".")[2] == word]

    def kinds(self) -> list[str]:
        reader = Reader(self.daemon.folder / FILE)
        try:
            types = [msgspec.json.decode(row.body)["type"] for row in reader.after(0, 1000)]
        finally:
            reader.close()
        return [kind.split(".")[3] for kind in types if ".evaluation." in kind]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "documents").mkdir()
    for name, content in (("roster", ROSTER), ("assignments", ASSIGNED)):
        (tmp_path / "documents" / f"{name}.json").write_bytes(text(content))
    with Pads(("01", "02")) as pads:
        keys = ", ".join(f'"{code}" = "{level}"' for code, level in KEYS.items())
        config = CONFIG.format(folder=tmp_path, port=free_port(), pads=pads.port, keys=keys)
        options = "\n".join(f"{name} = {value!r}" for name, value in OPTIONS.items() if name != "keys")
        (tmp_path / "edge.toml").write_text(f"{config}{options}\n")
        daemon = Daemon(tmp_path / "edge.toml", tmp_path / "edge")
        daemon.start()
        try:
            yield Site(daemon, pads, tmp_path)
        finally:
            daemon.stop()


def online(site: Site) -> bool:
    status = site.daemon.status()
    return status is not None and status.devices[0].state == "online"


def counted(site: Site) -> int | None:
    status = site.daemon.status()
    return status.devices[0].stored if status else None


def test_a_service_is_rated_through_the_daemon_and_a_kill_leaves_no_session_open(site: Site) -> None:
    assert until(lambda: online(site), 20)
    done, session = site.order("invite", window="A01", trigger="queue", project_no="P1")
    assert done
    site.pads.press(1)
    assert until(lambda: site.pads.heard["thanks", "01"], 10)
    asked, rated = site.events("evaluation")
    assert asked["session_id"] == rated["session_id"] == session
    assert (rated["staff_no"], rated["dept_code"], rated["stars"]) == ("1001", "D1", 1)
    assert (rated["time_quality"], "assess_number" in rated) == ("synced", False), "the first"
    assert [told["doc"] for told in site.events("config")] == ["roster", "assignments"]

    assert site.order("sign-on", window="A01", staff_no="1002") == (True, "A01 1002")
    assert site.order("sign-on", window="A01", staff_no="1003")[0] is False, "who has left signs on nowhere"
    done, second = site.order("invite", window="A01", project_no="P1")
    assert done
    site.daemon.kill()
    site.daemon.start()
    assert until(lambda: "unrated" in site.kinds(), 20)
    assert site.events("evaluation")[-1]["reason"] == "device_error"
    assert site.events("evaluation")[-1]["session_id"] == second

    site.order("invite", window="A01", project_no="P1")
    site.pads.press(4)
    assert until(lambda: site.kinds().count("submitted") == 2, 10)
    last = site.events("evaluation")[-1]
    assert (last["staff_no"], last["assess_number"]) == ("1002", 2), "sign-ons and counts survive a kill"
    assert "twice" in site.order("invite", window="A01", project_no="P1")[1]
    assert "no evaluator" in site.order("invite", window="B09")[1]
    assert site.kinds() == ["invited", "submitted", "invited", "unrated", "invited", "submitted"]
    assert until(lambda: counted(site) == 2, 10), "status counts ratings alone"


def test_a_technician_sees_the_level_of_each_key_and_no_rating_comes_of_it(site: Site) -> None:
    assert until(lambda: online(site), 20)

    def trial(*more: str) -> subprocess.Popen[str]:
        config = str(site.daemon.config)
        said = [sys.executable, "-m", "edge.cli", "keypad-test", "--config", config, "pads-1f", *more]
        return subprocess.Popen(said, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    busy = trial("--seconds", "1")
    assert "占用" in busy.communicate(timeout=20)[1]
    assert busy.returncode == 1
    assert site.order("service", device="pads-1f", to="out", reason="test", actor="li")[0]
    trying, stop = trial("--seconds", "40"), threading.Event()

    def press() -> None:
        while not stop.wait(0.1):
            for code in (1, 2, 3, 4, 5, 0xFE, 0x77):
                site.pads.code(code, "02")

    presses = threading.Thread(target=press)
    presses.start()
    shown, wrong = trying.communicate(timeout=60)
    stop.set()
    presses.join()
    assert (trying.returncode, wrong) == (0, "")
    assert re.search("窗口 A02  '01' → 非常满意 ★★★★★\n", shown)
    assert re.search("窗口 A02  '04' → 不满意 ★★\n", shown)
    assert "'77' → 未配置的键" in shown
    assert site.kinds() == []
