"""A simulated device with a web interface that runs alone: its options, its people, and what happens when.

`--fault NAME=VALUE` and `--at SECONDS:NAME=VALUE` set any switch of the family's Faults or of HttpFaults;
numbers, true / false, texts, sets as 1,2,3.
"""

import argparse
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple, Protocol

from edge.process.farewell import stop_on_signals
from tests.sim.web.faults import HttpFaults

FIRST_ID = 1001


class Alone(Protocol):
    """What a family's terminal offers beside `WebDevice`."""

    serial: str
    host: str
    port: int
    emitted: int
    faults: Any
    http: HttpFaults

    def punch(self, user: str, *, state: int = 0) -> object: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Step(NamedTuple):
    """`do` happens so many seconds after the device listens."""

    after_s: float
    text: str
    do: Callable[[Any], object]

    @classmethod
    def parse(cls, text: str, actions: Mapping[str, Callable[[Any], object]], faults: type[Any]) -> "Step":
        """`SECONDS:ACTION`; ValueError when it is none."""
        at, _, action = text.partition(":")
        name, _, value = action.partition("=")
        if name == "clock":
            return cls(float(at), action, lambda device: device.set_clock(float(value)))
        if name in actions:
            return cls(float(at), action, actions[name])
        set_fault(faults(), HttpFaults(), action)
        return cls(float(at), action, lambda device: set_fault(device.faults, device.http, action))


def set_fault(faults: Any, http: HttpFaults, text: str) -> None:
    """Set one switch from `NAME=VALUE`; ValueError when there is none of that name."""
    name, _, value = text.partition("=")
    owner = next((each for each in (faults, http) if hasattr(each, name)), None)
    if owner is None or callable(getattr(owner, name)):
        known = ", ".join(sorted(field.name for each in (faults, http) for field in fields(each)))
        raise ValueError(f"unknown fault {name!r}; known: {known}")
    now = getattr(owner, name)
    read: Callable[[str], Any] = {
        bool: lambda text: text.lower() not in ("0", "no", "false"),
        set: lambda text: {int(each) if each.isdecimal() else each for each in text.split(",")},
        bytes: bytes.fromhex,
    }.get(type(now), type(now))
    setattr(owner, name, read(value))


def parser(
    prog: str, doc: str, serial: str, actions: Sequence[str], faults: type[Any]
) -> argparse.ArgumentParser:
    """The options that every family has; `options.common(options)` is what a device is made of."""
    made = argparse.ArgumentParser(prog=f"python -m {prog}", description=doc)
    add = made.add_argument
    add("--serial", default=serial)
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=8080, help="0 takes a free one (default 8080)")
    add("--username", default="admin")
    add("--password", default="hall-2026", help="of the simulated device (default hall-2026)")
    add("--auth", choices=("digest", "basic"), default="digest")
    add("--algorithm", choices=("MD5", "SHA-256"), default="MD5")
    add("--no-qop", action="store_true", help="digest as of old firmware")
    add("--clock-offset", type=float, default=0.0, help="seconds its clock is ahead")
    add("--zone", type=float, default=8.0, help="hours from UTC of its wall clock (default 8)")
    add("--users", type=int, default=20, help="people enrolled, ids from 1001 (default 20)")
    add("--log", type=int, default=0, help="punches in the log at the start")
    add("--punch-every", type=float, metavar="SECONDS", help="somebody punches so often")
    known = ", ".join(sorted(field.name for each in (faults, HttpFaults) for field in fields(each)))
    add("--fault", action="append", default=[], metavar="NAME=VALUE", help=f"repeatable; one of {known}")
    what = ", ".join(["clock=N", *actions])
    add("--at", action="append", default=[], metavar="SECONDS:ACTION", help=f"{what}, or a fault; repeatable")
    made.set_defaults(common=lambda options: _common(options, faults))
    return made


def _common(options: argparse.Namespace, faults: type[Any]) -> dict[str, Any]:
    wrong, http = faults(), HttpFaults()
    for text in options.fault:
        set_fault(wrong, http, text)
    return {
        "serial": options.serial,
        "host": options.host,
        "port": options.port,
        "username": options.username,
        "password": options.password,
        "auth": options.auth,
        "algorithm": options.algorithm,
        "qop": not options.no_qop,
        "clock_offset_s": options.clock_offset,
        "zone": timezone(timedelta(hours=options.zone)),
        "faults": wrong,
        "http": http,
    }


def whose_turn(turn: int, users: int) -> tuple[str, int]:
    """`(user, state)`: everybody in turn comes, then everybody in turn goes."""
    rounds, place = divmod(turn, max(users, 1))
    return str(FIRST_ID + place), rounds % 2


def history(now: datetime, options: argparse.Namespace) -> Iterator[tuple[str, datetime, int]]:
    """What the log holds at the start: `(user, time, state)`, one in ten seconds, the newest a minute ago."""
    newest = now - timedelta(minutes=1)
    for turn in range(options.log):
        user, state = whose_turn(turn, options.users)
        yield user, newest - timedelta(seconds=10 * (options.log - 1 - turn)), state


def run(device: Alone, steps: Sequence[Step], options: argparse.Namespace) -> None:
    """Listen, let people punch and things happen, until SIGTERM or SIGINT."""
    stopped = threading.Event()
    stop_on_signals(stopped)
    device.start()
    print(json.dumps({"serial": device.serial, "host": device.host, "port": device.port}), flush=True)
    threading.Thread(target=play, args=(device, steps, stopped), daemon=True).start()
    turn = 0
    while not stopped.wait(options.punch_every):
        user, state = whose_turn(turn, options.users)
        device.punch(user, state=state)
        print(f"{device.serial} {user} state {state}", flush=True)
        turn += 1
    device.stop()
    print(json.dumps({"serial": device.serial, "emitted": device.emitted}), flush=True)


def play(device: Any, steps: Sequence[Step], stopped: threading.Event) -> None:
    """Let things happen, each at its time."""
    began = time.monotonic()
    for step in sorted(steps, key=lambda each: each.after_s):
        if stopped.wait(max(0.0, began + step.after_s - time.monotonic())):
            return
        step.do(device)
        print(f"{device.serial} {step.text}", flush=True)
