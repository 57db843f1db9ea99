"""What happens to a simulated terminal that runs alone: `--at SECONDS:ACTION`, in the order of their times.

reboot        connections end, sessions are gone      clear        somebody clears the log
clock=N       its clock is now N seconds ahead        burst=N      N punches, live events in one segment
bad-date      a record of 31 February                 punch-read   a punch while the next read is prepared
FAULT=VALUE   any switch of Faults, from then on
"""

import struct
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.sim.zk.faults import Faults
from tests.sim.zk.layouts import Punch
from tests.sim.zk.terminal import Terminal

FEB_31 = (24 * 372 + 31 + 30) * 86400
BAD = {
    8: struct.pack("<HBIB", 1, 1, FEB_31, 0),
    "ma300": struct.pack("<HBBI", 1, 0, 1, FEB_31),
    16: struct.pack("<IIBB2xI", 1, FEB_31, 1, 0, 0),
    40: struct.pack("<H24sBIB8x", 1, b"1", 1, FEB_31, 0),
    49: struct.pack("<H24sBIB17x", 1, b"1", 1, FEB_31, 0),
}
"""A record of each layout whose date cannot be."""
Do = Callable[[Terminal], None]


class Step(NamedTuple):
    """`do` happens so many seconds after the terminal listens."""

    after_s: float
    text: str
    do: Do


def step(text: str, fault: Callable[[Faults, str], None]) -> Step:
    """`SECONDS:ACTION` as a step; ValueError when it is none. `fault` sets a switch of Faults."""
    at, _, action = text.partition(":")
    name, _, value = action.partition("=")
    number = int(value) if name in ("clock", "burst") else 0
    actions: dict[str, Do] = {
        "reboot": lambda terminal: terminal.reboot(),
        "clear": lambda terminal: terminal.clear(),
        "bad-date": lambda terminal: terminal.add_raw(BAD[terminal.record_size]),
        "clock": lambda terminal: terminal.set_clock(number),
        "burst": lambda terminal: terminal.burst(_crowd(terminal, number)),
        "punch-read": lambda terminal: terminal.faults.punch_during_read.extend(_crowd(terminal, 1)),
    }
    if name not in actions:
        fault(Faults(), action)
    return Step(float(at), action, actions.get(name, lambda terminal: fault(terminal.faults, action)))


def _crowd(terminal: Terminal, people: int) -> list[Punch]:
    return [Punch(user.user_id, terminal.clock(), 0) for user in terminal.users[:people]]


def play(terminal: Terminal, steps: Sequence[Step], stopped: threading.Event) -> None:
    """Do each step at its time, until told to stop; prints what happened."""
    began = time.monotonic()
    for each in sorted(steps):
        if stopped.wait(max(0.0, began + each.after_s - time.monotonic())):
            return
        each.do(terminal)
        print(f"{terminal.serial} {terminal.clock()} {each.text}", flush=True)
