"""A signal ends the waiting at whatever moment it comes."""

import subprocess
import sys

RESTLESS = """
import os, signal, threading, time
from edge.process.farewell import stop_on_signals

for turn in range(100):
    stop = threading.Event()
    stop_on_signals(stop, signal.SIGHUP)
    number = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)[turn % 3]
    threading.Timer(0.005 + turn / 100_000, os.kill, (os.getpid(), number)).start()
    while not stop.wait(0):  # main is in the Event's own code nearly always
        pass
"""


def test_a_signal_at_any_moment_of_the_wait_is_heard() -> None:
    done = subprocess.run([sys.executable, "-c", RESTLESS], timeout=60, check=False)
    assert done.returncode == 0
