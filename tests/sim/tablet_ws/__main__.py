"""A vendor's tablet that keeps a WebSocket open, alone: `python -m tests.sim.tablet_ws --help`.

Prints one JSON line when it begins, one a second with what it shows, and at SIGTERM or SIGINT one JSON line
`{"emitted": n, "waiting": n, "heard": {...}}`; then exits 0.
"""

import argparse
import json
import threading
from collections.abc import Sequence

from edge.process.farewell import stop_on_signals
from tests.sim.tablet_ws.tablet import Tablet


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.sim.tablet_ws", description=__doc__)
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="of the daemon's [listen]")
    add("--port", type=int, default=8081)
    add("--path", default="/ws")
    add("--source", default="127.0.0.1", help="the address it calls from")
    add("--login", default="10086")
    add("--key", default="123456", help="of the simulated device (default 123456)")
    add("--beat", type=float, default=60.0, metavar="SECONDS")
    add("--clock-offset", type=float, default=0.0, help="seconds its clock is ahead")
    add("--rate-every", type=float, default=0.0, metavar="SECONDS", help="somebody rates so often")
    add("--answers", action="store_true", help="somebody answers most invitations")
    add("--fault", action="append", default=[], metavar="NAME=VALUE", help="see faults.py; repeatable")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one tablet until SIGTERM or SIGINT."""
    parser = _parser()
    told = parser.parse_args(arguments)
    tablet = Tablet(
        told.port,
        login=told.login,
        key=told.key,
        host=told.host,
        source=told.source,
        path=told.path,
        beat_s=told.beat,
    )
    tablet.answers, tablet.clock_offset_s = told.answers, told.clock_offset
    for text in told.fault:
        name, _, value = text.partition("=")
        if not hasattr(tablet.faults, name):
            parser.error(f"unknown fault {name!r}")
        setattr(tablet.faults, name, type(getattr(tablet.faults, name))(json.loads(value)))
    stopped = threading.Event()
    stop_on_signals(stopped)
    with tablet:
        print(
            json.dumps({"calls": f"ws://{told.host}:{told.port}{told.path}", "from": told.source}), flush=True
        )
        while not stopped.wait(told.rate_every or 1.0):
            if told.rate_every:
                tablet.rate()
            print(json.dumps({"logged_in": tablet.logged_in, **tablet.shown}, ensure_ascii=False), flush=True)
    heard = {str(code): count for code, count in sorted(tablet.heard.items())}
    print(json.dumps({"emitted": tablet.emitted, "waiting": len(tablet.waiting), "heard": heard}), flush=True)


if __name__ == "__main__":
    main()
