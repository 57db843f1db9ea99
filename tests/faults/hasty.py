"""The daemon with short waits: `python -m tests.faults.hasty run …`. Every rule is the product's own.

A terminal whose every tenth answer is mutated ends a contact every few milliseconds; with the waits of a hall
ten thousand mutants would take a day.
"""

from drivers.base import Driver
from drivers.dahua import Dahua
from drivers.hikvision import Hikvision
from drivers.http import line as http
from drivers.http import rounds
from drivers.zk import Zk, beside, wire
from edge.cli import main
from edge.device import runner

POLL_S = 0.003


def hurry() -> None:
    """Nobody waits for long."""
    runner.OFFLINE_WAIT_S = runner.REFUSED_WAIT_S = runner.OWN_WAIT_S = (0.005, 0.02)
    wire.SLICE_S, wire.REPLY_S, wire.CHUNK_S, wire.FAREWELL_S = 0.05, 0.2, 0.5, 0.05
    beside.SILENT_MAX = 1 << 30
    http.CALL_S, http.CONNECT_S, http.LOOK_S = 0.4, 0.4, 0.02
    rounds.REST_S = rounds.LOOK_S = POLL_S
    for family in (Zk, Hikvision, Dahua):
        _poll_often(family)


def _poll_often(family: type[Driver]) -> None:
    begin = family.__init__

    def often(self: Driver, options: object) -> None:
        begin(self, options)
        object.__setattr__(options, "poll_seconds", POLL_S)

    family.__init__ = often  # type: ignore[method-assign]


if __name__ == "__main__":
    hurry()
    main()
