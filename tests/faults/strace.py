"""Faults at exact system calls of the daemon, by `strace -e inject`.

strace counts calls per thread. It runs as a grandchild (`-D`), so that the daemon stays our own child. Give
it the interpreter itself, never a shim around it: that would be what is killed. Not with `--seccomp-bpf`,
under which strace 6.1 injects nothing.
"""

import functools
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.hall import until

ATTACHED = b"attached"


@functools.cache
def lacking() -> str:
    """Why this cannot be done here, or ""."""
    program = shutil.which("strace")
    if program is None:
        return "strace is not installed"
    trial = [program, "-f", "-e", "trace=none", "true"]
    done = subprocess.run(trial, capture_output=True, timeout=20, check=False)
    return "" if done.returncode == 0 else f"ptrace is not allowed: {done.stderr.decode()[:200]}"


def killing(call: str, number: int) -> list[str]:
    """What to put before a command so that the `number`-th `call` of one of its threads is its last."""
    inject = f"inject={call}:signal=SIGKILL:when={number}"
    return [
        "strace",
        "-D",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        f"trace={call}",
        "-e",
        inject,
    ]


@contextmanager
def failing(pid: int, calls: Sequence[str], error: str) -> Iterator[None]:
    """These calls of a running process fail with `error` until the block ends; they are not carried out."""
    names = ",".join(calls)
    command = ["strace", "-f", "-p", str(pid), "-o", "/dev/null", "-e", f"trace={names}"]
    tracer = subprocess.Popen([*command, "-e", f"inject={names}:error={error}"], stderr=subprocess.PIPE)
    try:
        assert tracer.stderr is not None
        said = iter(tracer.stderr.readline, b"")  # a thread that ends meanwhile may be told of first
        assert any(ATTACHED in line for line in said), "strace has ended"
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.communicate(timeout=20)
        assert until(lambda: tracer.poll() is not None, 5)
