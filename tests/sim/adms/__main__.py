"""A simulated terminal that pushes and runs alone: `python -m tests.sim.adms --help`.

Prints one JSON line when it begins to call, one line per punch, and at SIGTERM or SIGINT one JSON line
`{"serial": ..., "emitted": n, "unsent": n}`; then exits 0.
"""

import argparse
import json
import threading
from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta

from edge.process.farewell import stop_on_signals
from tests.sim.adms import SHAPES, Faults, Punch, Terminal

FIRST_ID = 1001
ENDS = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}


def apply_fault(faults: Faults, text: str) -> None:
    """Set one fault from `name=value`; ValueError if it is none."""
    name, _, value = text.partition("=")
    kinds = {field.name: type(getattr(faults, field.name)) for field in fields(Faults)}
    kinds = {fault: kind for fault, kind in kinds.items() if kind in (bool, int, type(None))}
    if name not in kinds:
        raise ValueError(f"unknown fault {name!r}; known: {', '.join(kinds)}")
    setattr(faults, name, value.lower() not in ("0", "no") if kinds[name] is bool else int(value))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.sim.adms", description=__doc__)
    add = parser.add_argument
    add("--server", default="127.0.0.1:8081", metavar="HOST:PORT", help="the [listen] of the daemon")
    add("--serial", default=Terminal.serial, help="also one that is not its own")
    add("--source", default="", help="the address it calls from")
    add("--shape", choices=sorted(SHAPES), default="7", help="how it writes a record (default 7 columns)")
    add("--end", choices=ENDS, default="lf")
    add("--form", action="store_true", help="its uploads are forms (data=...)")
    add("--no-last-end", action="store_true", help="the last line of an upload has no end")
    add("--delay", type=float, help="seconds between calls, in place of what it is told")
    add("--clock-offset", type=float, default=0.0, help="seconds its clock is ahead")
    add("--ignores-date", action="store_true", help="the server's Date does not set its clock")
    add("--users", type=int, default=20, help="people who punch, ids from 1001 (default 20)")
    add("--log", type=int, default=0, help="records in the log at the start")
    add("--punch-every", type=float, metavar="SECONDS", help="somebody punches so often")
    add("--fault", action="append", default=[], metavar="NAME=VALUE", help="any field of Faults; repeatable")
    return parser


def build(options: argparse.Namespace) -> Terminal:
    """The terminal the options describe, with its past."""
    host, _, port = options.server.rpartition(":")
    terminal = Terminal(
        server=(host, int(port)),
        serial=options.serial,
        source=options.source,
        shape=options.shape,
        end=ENDS[options.end],
        form=options.form,
        last=not options.no_last_end,
        delay_s=options.delay,
        obeys_date=not options.ignores_date,
    )
    terminal.set_clock(options.clock_offset)
    for text in options.fault:
        apply_fault(terminal.faults, text)
    newest = terminal.clock().replace(microsecond=0) - timedelta(minutes=1)
    terminal.load(
        Punch(_who(turn, options.users), newest - timedelta(seconds=10 * (options.log - turn)), turn % 2)
        for turn in range(options.log)
    )
    return terminal


def _who(turn: int, users: int) -> str:
    return str(FIRST_ID + turn % users)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one terminal until SIGTERM or SIGINT."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.punch_every is not None and options.users * options.punch_every < 1:
        # the same person in the same state twice in one second is one punch to any reader
        parser.error("--punch-every: too fast for so few --users (users x seconds must be at least 1)")
    try:
        terminal = build(options)
    except ValueError as error:
        parser.error(str(error))
    stopped = threading.Event()
    stop_on_signals(stopped)
    turn = 0
    with terminal:
        print(json.dumps({"serial": terminal.serial, "server": options.server}), flush=True)
        while not stopped.wait(options.punch_every):
            punch = terminal.punch(_who(turn, options.users), state=turn // options.users % 2)
            print(f"{terminal.serial} {punch.time} {punch.user_id} state {punch.state}", flush=True)
            turn += 1
    account = {"serial": terminal.serial, "emitted": terminal.emitted, "unsent": terminal.unsent}
    print(json.dumps(account), flush=True)


if __name__ == "__main__":
    main()
