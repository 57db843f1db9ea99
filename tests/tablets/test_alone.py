"""The simulated vendor tablets run alone, for a rehearsal without one."""

import json
import subprocess
import sys
import urllib.request

import pytest

from tests.broker import free_port


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("tablet_http", ["--port", "0", "--log", "3", "--fault", "repeat=1", "--at", "60:reset"]),
        ("tablet_ws", ["--port", str(free_port()), "--fault", "no_echo=true"]),
    ],
)
def test_it_says_where_it_is_and_counts_what_it_told(name: str, arguments: list[str]) -> None:
    command = [sys.executable, "-m", f"tests.sim.{name}", *arguments, "--rate-every", "0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        if "port" in told:
            url = f"http://127.0.0.1:{told['port']}/api/ratings?after=0&limit=50"
            with urllib.request.urlopen(url, timeout=10) as answer:
                assert len(json.load(answer)["data"]["rows"]) >= 6, "three, each twice"
        process.stdout.readline()
        process.terminate()
        last = process.stdout.read().splitlines()[-1]
    assert process.returncode == 0
    assert json.loads(last)["emitted"] >= 1


@pytest.mark.parametrize(
    "arguments", [["tablet_http", "--fault", "nonsense=1"], ["tablet_ws", "--fault", "nonsense=1"]]
)
def test_a_fault_it_does_not_know_is_said(arguments: list[str]) -> None:
    command = [sys.executable, "-m", f"tests.sim.{arguments[0]}", *arguments[1:]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "nonsense" in done.stderr
