"""The import floor of the daemon: a process that loads the third-party modules it has loaded, and no more.

Which those are is seen in a daemon that has run, not written down here.
"""

import json
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

WATCHED = """
import atexit, json, pathlib, sys
def save():
    origins = {name: getattr(module.__spec__, "origin", None) for name, module in list(sys.modules.items())
               if getattr(module, "__spec__", None)}
    pathlib.Path(sys.argv[1]).write_text(json.dumps(origins))
atexit.register(save)
from edge.cli import main
main(["run", "--config", sys.argv[2]])
"""
LOADS = """
import importlib, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ImportError:
        pass
print("loaded", flush=True)
sys.stdin.read()
"""


class Floor(NamedTuple):
    """From the start of the process until everything is loaded, and what it then holds."""

    seconds: float
    rss_mb: float


def watched(config: Path, modules: Path) -> list[str]:
    """The command of a daemon that notes in `modules` what it had loaded when it ended."""
    return [sys.executable, "-c", WATCHED, str(modules), str(config)]


def third_party(modules: Path) -> list[str]:
    """Of what a daemon noted: what came with its dependencies."""
    site = sysconfig.get_path("purelib")
    origins: dict[str, str | None] = json.loads(modules.read_text())
    return [
        name
        for name, origin in origins.items()
        if origin and origin.startswith(site) and "__editable" not in name
    ]


def floor(names: Sequence[str]) -> Floor:
    """A process that imports these and waits."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", LOADS, *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        if process.stdout.readline().strip() != b"loaded":
            raise RuntimeError("the dependencies cannot be imported")
        return Floor(time.perf_counter() - began, rss_mb(process.pid))


def rss_mb(pid: int) -> float:
    """Resident memory of a process, in MB of 1024 x 1024 bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
