"""A serial-to-Ethernet converter that is gone without a word, behind a real (virtual) network cable."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from drivers.base import DeviceOffline, Order
from drivers.keypad import Keypad
from tests.drivers.memory_link import MemoryLink, running
from tests.sim.keypad import OPTIONS

NAME, OURS, THEIRS, PORT = "pads-lab", "10.250.77.1", "10.250.77.2", 4001
LIMIT_S = 30


class Lab(NamedTuple):
    """Another machine with keypads, at the end of a cable."""

    port: str

    def cut(self) -> None:
        """The cable comes out at the far end: no FIN, no RST, nothing."""
        _ip("netns", "exec", NAME, "ip", "link", "set", "far", "down")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def lab() -> Iterator[Lab]:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("a network namespace needs root and iproute2")
    _ip("netns", "add", NAME)
    try:
        _ip("link", "add", "near", "type", "veth", "peer", "name", "far", "netns", NAME)
        _ip("addr", "add", f"{OURS}/30", "dev", "near")
        _ip("link", "set", "near", "up")
        _ip("netns", "exec", NAME, "ip", "addr", "add", f"{THEIRS}/30", "dev", "far")
        _ip("netns", "exec", NAME, "ip", "link", "set", "far", "up")
        pads = [sys.executable, "-m", "tests.sim.keypad", "--host", THEIRS, "--tcp", str(PORT)]
        far = subprocess.Popen(["ip", "netns", "exec", NAME, *pads], stdout=subprocess.PIPE, text=True)
        try:
            assert far.stdout is not None
            assert THEIRS in far.stdout.readline()
            yield Lab(f"socket://{THEIRS}:{PORT}")
        finally:
            far.terminate()
            far.communicate(timeout=10)
    finally:
        _ip("netns", "del", NAME)
        subprocess.run(["ip", "link", "del", "near"], check=False, capture_output=True)


@pytest.mark.slow
@pytest.mark.parametrize("asked", [False, True])
def test_a_converter_that_is_gone_without_a_word_is_found_within_30_s(lab: Lab, asked: bool) -> None:
    """Both while nothing is sent, and while an invitation was just sent into the void."""
    link, options = MemoryLink(), Keypad.Options(lab.port, **{**OPTIONS, "windows": {"01": "A01"}})
    with running(Keypad(options), link) as work:
        work.until(lambda: link.observations)
        time.sleep(1)
        lab.cut()
        began = time.monotonic()
        if asked:
            link.waiting.append(Order("invite", lambda _answer: None, about={"window": "A01"}))
        work.thread.join(LIMIT_S + 10)
        took_s = time.monotonic() - began
    error = work.error
    line = {"gate": "E6 half-open", "asked": asked, "took_s": round(took_s, 1), "limit_s": LIMIT_S}
    print("\n" + json.dumps(line), flush=True)
    assert isinstance(error, DeviceOffline)
    assert error.cause == "connection_lost"
    assert took_s <= LIMIT_S
