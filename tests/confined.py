"""Runs a command under the system-call filter of a unit file: `python -m tests.confined UNIT COMMAND...`

Reads `SystemCallFilter=` as systemd.exec(5) says, for the common case that it begins with what is allowed:
groups are expanded by systemd-analyze, `~` removes, a later line adds again; what is left gets EPERM.
"""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

ALLOW = 0x7FFF0000
EPERM_RETURNED = 0x00050000 | 1


def directive(unit: str, key: str) -> list[str]:
    """The values of one key, line by line."""
    return [line.partition("=")[2] for line in unit.splitlines() if line.startswith(f"{key}=")]


def expand(name: str) -> set[str]:
    """The system calls of a name or of a group such as `@system-service`."""
    if not name.startswith("@"):
        return {name}
    shown = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True
    ).stdout.splitlines()[1:]
    parts = [part for line in shown if (part := line.strip()) and not part.startswith("#")]
    return {call for part in parts for call in expand(part)}


def allowed(unit: str) -> set[str]:
    """The system calls that a unit may use."""
    calls = expand("@default")
    for value in directive(unit, "SystemCallFilter"):
        named = {call for name in value.removeprefix("~").split() for call in expand(name)}
        calls = calls - named if value.startswith("~") else calls | named
    return calls


def confine(calls: set[str]) -> None:
    """From here on this process, and what it starts, may use `calls` only."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    filter_ = ctypes.c_void_p(seccomp.seccomp_init(EPERM_RETURNED))
    for call in calls:
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:  # negative: not a call of this machine
            seccomp.seccomp_rule_add(filter_, ALLOW, number, 0)
    if seccomp.seccomp_load(filter_) != 0:
        raise OSError("the filter could not be loaded")


if __name__ == "__main__":
    confine(allowed(Path(sys.argv[1]).read_text(encoding="utf-8")))
    os.execv(sys.argv[2], sys.argv[2:])
