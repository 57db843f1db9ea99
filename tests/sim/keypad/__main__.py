"""A line of simulated keypads that runs alone: `python -m tests.sim.keypad --help`.

Prints one JSON line with the port to write into the config, and at SIGTERM or SIGINT one JSON line
`{"emitted": n, "heard": {...}}`; then exits 0.
"""

import argparse
import json
import threading
from collections.abc import Callable

from edge.process.farewell import stop_on_signals
from tests.sim.keypad.pads import OPTIONS, Pads
from tests.sim.keypad.wires import Converter, Pty


def _anybody(pads: Pads) -> None:
    pads.press(pads.random.randint(1, 5), pads.random.choice(pads.addresses))


def _again(stop: threading.Event, seconds: float, job: Callable[[], None]) -> None:
    while not stop.wait(seconds):
        job()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.sim.keypad", description=__doc__)
    add = parser.add_argument
    add("--tcp", type=int, help="behind a converter at this TCP port, in place of a pty")
    add("--host", default="127.0.0.1", help="the converter's address")
    add("--pads", type=int, default=3, help="keypads on the line, addresses from 01")
    add("--ascii", action="store_true", help="one bare key a press, no frames, one keypad")
    add("--press-every", type=float, default=0, metavar="SECONDS", help="somebody presses so often")
    add("--noise-every", type=float, default=0, metavar="SECONDS", help="a burst of noise so often")
    add("--answers", action="store_true", help="somebody answers most invitations")
    return parser


def main() -> int:
    """Run until told to stop."""
    told = _parser().parse_args()
    stop = threading.Event()
    stop_on_signals(stop)
    addresses = ["01"] if told.ascii else [f"{number:02x}" for number in range(1, told.pads + 1)]
    wire = Pty() if told.tcp is None else Converter(told.tcp, told.host)
    with Pads(addresses, "ascii-key" if told.ascii else "frame", wire) as pads:
        pads.answers = told.answers
        print(json.dumps({"port": pads.port, "options": {} if told.ascii else OPTIONS}), flush=True)
        jobs = ((told.press_every, lambda: _anybody(pads)), (told.noise_every, lambda: pads.noise(200)))
        for seconds, job in jobs:
            if seconds:
                threading.Thread(target=_again, args=(stop, seconds, job), daemon=True).start()
        stop.wait()
        heard = {f"{name} {address}": count for (name, address), count in sorted(pads.heard.items())}
        print(json.dumps({"emitted": pads.emitted, "heard": heard}), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
