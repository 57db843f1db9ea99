"""A vendor's tablet with an HTTP interface that runs alone: `python -m tests.sim.tablet_http --help`.

Prints one JSON line when it listens, one line per rating, and at SIGTERM or SIGINT one JSON line
`{"serial": ..., "emitted": n}`; then exits 0.
"""

import argparse
import json
import threading
from collections.abc import Callable, Sequence

from edge.process.farewell import stop_on_signals
from tests.sim.tablet_http.faults import Faults
from tests.sim.tablet_http.tablet import OPTIONS, Tablet
from tests.sim.web.alone import Step, play, set_fault

ACTIONS: dict[str, Callable[[Tablet], object]] = {
    "reboot": lambda tablet: tablet.reboot(),
    "reset": lambda tablet: tablet.reset(),
    "rate": lambda tablet: tablet.rate(),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.sim.tablet_http", description=__doc__)
    add = parser.add_argument
    add("--serial", default=Tablet.serial)
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=8090, help="0 takes a free one (default 8090)")
    add("--auth", choices=("none", "basic", "digest"), default="none")
    add("--clock-offset", type=float, default=0.0, help="seconds its clock is ahead")
    add("--log", type=int, default=0, help="ratings in its list at the start")
    add("--rate-every", type=float, metavar="SECONDS", help="somebody rates so often")
    add("--fault", action="append", default=[], metavar="NAME=VALUE", help="repeatable")
    what = ", ".join(["clock=N", *ACTIONS])
    add("--at", action="append", default=[], metavar="SECONDS:ACTION", help=f"{what}, or a fault; repeatable")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one tablet until SIGTERM or SIGINT."""
    parser = _parser()
    told = parser.parse_args(arguments)
    tablet = Tablet(
        serial=told.serial, host=told.host, port=told.port, auth=told.auth, clock_offset_s=told.clock_offset
    )
    try:
        for text in told.fault:
            set_fault(tablet.faults, tablet.http, text)
        steps = [Step.parse(text, ACTIONS, Faults) for text in told.at]
    except ValueError as error:
        parser.error(str(error))
    for _ in range(told.log):
        tablet.rate()
    stopped = threading.Event()
    stop_on_signals(stopped)
    with tablet:
        where = {"serial": tablet.serial, "host": tablet.host, "port": tablet.port}
        print(json.dumps({**where, "options": OPTIONS}, ensure_ascii=False), flush=True)
        threading.Thread(target=play, args=(tablet, steps, stopped), daemon=True).start()
        while not stopped.wait(told.rate_every):
            print(f"{tablet.serial} {tablet.rate().code}", flush=True)
    print(json.dumps({"serial": tablet.serial, "emitted": tablet.emitted}), flush=True)


if __name__ == "__main__":
    main()
