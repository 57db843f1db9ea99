"""The keypads of a rehearsal run alone, say which port to configure, and account for themselves."""

import json
import signal
import subprocess
import sys
import time

from drivers.keypad import Keypad
from tests.drivers.memory_link import MemoryLink, running


def test_it_runs_alone_is_understood_and_ends_with_its_account() -> None:
    said = [
        sys.executable,
        "-m",
        "tests.sim.keypad",
        "--tcp",
        "0",
        "--pads",
        "2",
        "--press-every",
        "0.3",
        "--answers",
    ]
    with subprocess.Popen(said, stdout=subprocess.PIPE, text=True) as alone:
        assert alone.stdout is not None
        begun = json.loads(alone.stdout.readline())
        link = MemoryLink()
        windows = {"01": "A01", "02": "A02"}
        options = Keypad.Options(begun["port"], **{**begun["options"], "windows": windows, "debounce_ms": 0})
        with running(Keypad(options), link) as work:
            work.until(lambda: len({reading.facts["window_no"] for reading in link.readings}) == 2)
            time.sleep(0.1)
        alone.send_signal(signal.SIGTERM)
        ended = json.loads(alone.stdout.readline())
        assert alone.wait(10) == 0
    rated = [reading for reading in link.readings if reading.kind == "evaluation.submitted"]
    late = link.observations[-1].counts["late"]
    assert 2 <= len(rated) + late <= ended["emitted"]
    assert sum(ended["heard"].values()) >= len(rated) - 1, "thanked for each, but perhaps the last"
