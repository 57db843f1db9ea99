"""Threads share one malloc heap, by malloc_info(3)."""

import subprocess
import sys

import pytest

THREADS = """
import ctypes, sys, threading
from edge.heap import share_one_heap

if sys.argv[1] == "shared":
    share_one_heap()
at_once = threading.Barrier(4)
def idle():
    kept = ctypes.create_string_buffer(5000)
    at_once.wait(20)
threads = [threading.Thread(target=idle) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(out := libc.fdopen(1, b"w")))
libc.fflush(ctypes.c_void_p(out))
"""


@pytest.mark.parametrize(("how", "several"), [("shared", False), ("apart", True)])
def test_threads_share_one_heap(how: str, several: bool) -> None:
    done = subprocess.run([sys.executable, "-c", THREADS, how], capture_output=True, text=True, check=True)
    assert (done.stdout.count("<heap nr=") > 1) is several
