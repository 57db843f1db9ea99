"""A simulated terminal that runs alone: `python -m tests.sim.zk --help`.

Prints one JSON line when it listens, one line per punch, and at SIGTERM or SIGINT one JSON line
`{"serial": ..., "emitted": n}`; then exits 0.
"""

import argparse
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import timedelta, timezone

from edge.process.farewell import stop_on_signals
from tests.sim.zk import Faults, Punch, Terminal
from tests.sim.zk.layouts import RECORD, RecordSize
from tests.sim.zk.rehearsal import play, step

FIRST_ID = 1001
NAMES = ("王芳", "李伟", "张敏", "刘洋", "陈静", "杨帆", "赵磊", "黄丽")
PACKETS = (1008, 1024, 65472)
BY_NUMBER = (
    "counter",
    "close_after_bytes",
    "hang_after_bytes",
    "refuse_session",
    "bad_checksum",
    "unsupported_reply",
)
BY_SET = ("udp_lose", "udp_duplicate", "udp_reorder", "unsupported")


def record_size(text: str) -> RecordSize:
    """A record size as given on the command line."""
    size: RecordSize = int(text) if text.isdecimal() else text
    if size not in RECORD:
        raise ValueError(text)
    return size


def apply_fault(faults: Faults, text: str) -> None:
    """Set one fault from `name=value`; numbers, sets as 1,2,3, `foreign` as hex. ValueError if it is none."""
    name, _, value = text.partition("=")
    if name in BY_NUMBER:
        setattr(faults, name, int(value))
    elif name in BY_SET:
        setattr(faults, name, {int(number) for number in value.split(",")})
    elif name in ("silent", "counter_zero"):
        setattr(faults, name, value.lower() not in ("0", "no", "false"))
    elif name == "foreign":
        faults.foreign = bytes.fromhex(value)
    elif name == "slow_s":
        faults.slow_s = float(value)
    else:
        known = ", ".join(field.name for field in fields(Faults) if field.name != "punch_during_read")
        raise ValueError(f"unknown fault {name!r}; known: {known}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.sim.zk", description=__doc__)
    add = parser.add_argument
    add("--serial", default=Terminal.serial)
    add("--host", default=Terminal.host)
    add("--port", type=int, default=4370, help="0 takes a free one (default 4370)")
    add("--transport", choices=("tcp", "udp"), default="tcp")
    add("--clients", type=int, default=1, help="clients served at a time (default 1)")
    add("--record-size", type=record_size, default=40, help="8, 16, 40, 49 or ma300 (default 40)")
    add("--user-size", type=int, choices=(28, 72), default=72)
    add("--key", type=int, default=0, help="communication key")
    add("--model", default=Terminal.model)
    add("--firmware", default=Terminal.firmware)
    add("--platform", default=Terminal.platform)
    add("--clock-offset", type=float, default=0.0, help="seconds the terminal's clock is ahead")
    add("--zone", type=float, default=8.0, help="hours from UTC of its wall clock (default 8)")
    add("--capacity", type=int, default=100_000)
    add("--cyclic-delete", type=int, default=0, help="oldest records dropped when full; 0: records no more")
    add("--packet", type=int, choices=PACKETS, default=1008)
    add("--read", choices=("prepared", "direct"), default="prepared")
    add("--pacing", choices=("paced", "coalesced", "bytes"), default="paced")
    add("--no-offset-reads", action="store_true", help="chunks only one after the other")
    add("--live-size", type=int, default=32, help="bytes of a live event's body (default 32)")
    add("--users", type=int, default=20, help="people enrolled, ids from 1001 (default 20)")
    add("--log", type=int, default=0, help="records in the log at the start")
    add("--punch-every", type=float, metavar="SECONDS", help="somebody punches so often")
    add(
        "--at",
        action="append",
        default=[],
        metavar="SECONDS:ACTION",
        help="reboot, clock=N, clear, "
        "burst=N, bad-date, punch-read, or NAME=VALUE as for --fault, so long after it listens; repeatable",
    )
    add("--fault", action="append", default=[], metavar="NAME=VALUE", help="any field of Faults; repeatable")
    return parser


def build(options: argparse.Namespace) -> Terminal:
    """The terminal the options describe, with its people and its past."""
    faults = Faults()
    for text in options.fault:
        apply_fault(faults, text)
    terminal = Terminal(
        serial=options.serial,
        host=options.host,
        port=options.port,
        transport=options.transport,
        clients=options.clients,
        record_size=options.record_size,
        user_size=options.user_size,
        comm_key=options.key,
        model=options.model,
        firmware=options.firmware,
        platform=options.platform,
        clock_offset_s=options.clock_offset,
        zone=timezone(timedelta(hours=options.zone)),
        capacity=options.capacity,
        cyclic_delete=options.cyclic_delete,
        packet=options.packet,
        read=options.read,
        pacing=options.pacing,
        offset_reads=not options.no_offset_reads,
        live_size=options.live_size,
        faults=faults,
    )
    for number in range(options.users):
        name = NAMES[number % len(NAMES)].encode("gbk")
        terminal.add_user(number + 1, str(FIRST_ID + number), name)
    terminal.load(_past(terminal, options.users, options.log))
    return terminal


def _past(terminal: Terminal, users: int, count: int) -> Iterator[Punch]:
    newest = terminal.clock() - timedelta(minutes=1)
    for turn in range(count):
        user_id, state = whose_turn(turn, users)
        yield Punch(user_id, newest - timedelta(seconds=10 * (count - 1 - turn)), state)


def whose_turn(turn: int, users: int) -> tuple[str, int]:
    """`(user_id, state)`: everybody in turn comes, then everybody in turn goes."""
    rounds, place = divmod(turn, users)
    return str(FIRST_ID + place), rounds % 2


def _run(terminal: Terminal, users: int, every_s: float | None, stopped: threading.Event) -> None:
    turn = 0
    while not stopped.wait(every_s):
        user_id, state = whose_turn(turn, users)
        punch = terminal.punch(user_id, state=state)
        print(f"{terminal.serial} {punch.time} {punch.user_id} state {punch.state}", flush=True)
        turn += 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one terminal until SIGTERM or SIGINT."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.punch_every is not None and options.users * options.punch_every < 1:
        # the same person in the same state twice in one second is one punch to any reader
        parser.error("--punch-every: too fast for so few --users (users x seconds must be at least 1)")
    if options.log and not options.users:
        parser.error("--log needs --users")
    try:
        terminal = build(options)
        steps = [step(text, apply_fault) for text in options.at]
    except ValueError as error:
        parser.error(str(error))
    stopped = threading.Event()
    stop_on_signals(stopped)
    with terminal:
        print(
            json.dumps({"serial": terminal.serial, "host": terminal.host, "port": terminal.port}), flush=True
        )
        threading.Thread(target=play, args=(terminal, steps, stopped), daemon=True).start()
        _run(terminal, options.users, options.punch_every, stopped)
    print(json.dumps({"serial": terminal.serial, "emitted": terminal.emitted}), flush=True)


if __name__ == "__main__":
    main()
