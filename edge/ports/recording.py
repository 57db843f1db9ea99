"""`probe --record` of a terminal that calls: for some minutes the daemon puts what it says on a tape.

One recording at a time, in memory; what may stand on it is decided by the driver (`drivers/tape.py`). It is
handed out once, and forgotten with the next, or an hour after its end.
"""

import secrets
import threading
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from edge.clock.clock import WallClock
from edge.commands import Arguments, Commands, Refused
from edge.device.receiver import Receiver
from edge.device.runner import Runner
from edge.duty.clocks import audit
from edge.process.version import VERSION
from edge.store import Store

if TYPE_CHECKING:
    from edge.commission.recording import Recording

MINUTES_MAX = 60
BYTES_MAX = 1 << 20
KEPT_S = 3600.0


class Running(NamedTuple):
    """A recording. token: who asked for it knows it."""

    token: str
    tape: "Recording"
    runner: Receiver
    ends_s: float


class Recorder:
    """The commands of one hall."""

    def __init__(self, runners: Sequence[Runner], store: Store, clock: WallClock) -> None:
        self._runners = {runner.device.device_id: runner for runner in runners}
        self._store, self._clock = store, clock
        self._one = threading.Lock()
        self._running: Running | None = None
        self.commands: Commands = {"record": self._record, "recorded": self._recorded}

    def look(self) -> None:
        """End what has lasted long enough; called every second by main."""
        running = self._running
        if running and monotonic() >= running.ends_s:
            self._end(running)
            if monotonic() >= running.ends_s + KEPT_S:
                self._running = None

    def _record(self, arguments: Arguments) -> str:
        """arguments: device, minutes, actor; returns the token."""
        from edge.commission.recording import Recording

        device_id, told = arguments.get("device", ""), arguments.get("minutes", "")
        runner = self._runners.get(device_id)
        if not isinstance(runner, Receiver) or runner.link is None:
            raise Refused(f"{device_id}: 没有这台主动上报的设备 / no device here that calls")
        if not (told.isascii() and told.isdecimal() and 1 <= int(told) <= MINUTES_MAX):
            raise Refused(f"{told!r}: 分钟数只能是 / minutes must be 1-{MINUTES_MAX}")
        with self._one:
            if self._running and monotonic() < self._running.ends_s:
                raise Refused("已有一次录制在进行 / a recording is under way already")
            at = self._clock.now().isoformat(timespec="seconds")
            tape = Recording(runner.device.keys.driver, VERSION, at, BYTES_MAX)
            ends_s = monotonic() + 60 * int(told)
            self._running = Running(secrets.token_hex(8), tape, runner, ends_s)
            runner.record(tape)
            actor = arguments.get("actor", "?")
            audit(self._store, self._clock, actor, "device.record", device_id, "done", f"{told} min")
            return self._running.token

    def _recorded(self, arguments: Arguments) -> str:
        """arguments: token; ends the recording and returns it as JSON of `Recorded`."""
        from edge.commission.recording import Recorded

        with self._one:
            running = self._running
            if running is None or arguments.get("token") != running.token:
                raise Refused("没有这次录制 / there is no such recording")
            self._end(running)
            self._running = None
        tape = running.tape
        return msgspec.json.encode(Recorded(tape.text(), tape.entries, tape.withheld)).decode()

    @staticmethod
    def _end(running: Running) -> None:
        if running.runner.tape is running.tape:
            running.runner.record(None)
