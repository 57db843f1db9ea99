"""What we ask of the C library: one heap, long buffers beside it, and what was let go given back."""

import subprocess
import sys

import pytest

THREADS = """
import ctypes, sys, threading
from edge.process.heap import share_one_heap

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


LONG = """
import ctypes, sys
from edge.process.heap import LONG, share_one_heap
class Told(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena n s beside bytes u f used free top".split()]
libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Told
if sys.argv[1] == "shared":
    share_one_heap()
for _ in range(3):
    bytearray(8 << 20)
before = libc.mallinfo2().beside
kept = [bytearray(LONG + 1) for _ in range(64)]
print(libc.mallinfo2().beside - before > 32)
"""


@pytest.mark.parametrize(("how", "beside"), [("shared", "True"), ("apart", "False")])
def test_long_buffers_lie_beside_the_heap_whatever_was_there_before(how: str, beside: str) -> None:
    done = subprocess.run([sys.executable, "-c", LONG, how], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == beside


GIVEN = """
from pathlib import Path
from edge.process.heap import give_back
def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
many = [bytearray(2000) for _ in range(20_000)]
pin = bytearray(2000)
full = held()
del many
left = held()
give_back()
print(full - left, left - held())
"""


def test_what_was_let_go_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", GIVEN], capture_output=True, text=True, check=True)
    by_itself, given = map(int, done.stdout.split())
    assert by_itself < 8 << 20 < given
