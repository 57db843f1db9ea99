"""`python -m tests.bench [NAME…]`: one JSON line per result on stdout, progress on stderr.

NAME picks the groups, such as `ingest zk`. Exit code 0, unless a benchmark cannot run: a missed target is a
line for people to read, not an error.
"""

import argparse
import logging
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import msgspec

from tests.bench import (
    adms,
    daemon,
    decode,
    devices,
    disk,
    drain,
    flash,
    fresh,
    growth,
    ingest,
    isapi,
    latency,
    proof,
    zk,
)
from tests.bench.measure import Line, Scale, say

GROUPS: dict[str, Callable[[Scale], Iterator[Line]]] = {
    "ingest": ingest.benchmarks,
    "zk": zk.benchmarks,
    "isapi": isapi.benchmarks,
    "adms": adms.benchmarks,
    "decode": decode.benchmarks,
    "latency": latency.benchmarks,
    "daemon": daemon.benchmarks,
    "disk": disk.benchmarks,
    "proof": proof.benchmarks,
    "drain": drain.benchmarks,
    "fresh": fresh.benchmarks,
    "growth": growth.benchmarks,
    "devices": devices.benchmarks,
    "flash": flash.benchmarks,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the groups asked for."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.ERROR)
    with ExitStack() as opened:
        outputs: list[TextIO] = [sys.stdout]
        if options.out:
            outputs.append(opened.enter_context(options.out.open("a", encoding="utf-8")))
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(dir=options.folder, prefix="bench-")))
        scale = Scale(folder, options.repeat, options.quick, options.full)
        for name in options.names or GROUPS:
            say(f"== {name}")
            for line in GROUPS[name](scale):
                say(f"   {line.name}: {line.ratio} ({line.target}) {'met' if line.met else 'MISSED'}")
                for output in outputs:
                    print(msgspec.json.encode(line).decode(), file=output, flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        choices=[[], *GROUPS],
        help=f"of {', '.join(GROUPS)}; default: all",
    )
    parser.add_argument("--repeat", type=int, default=3, help="rounds, of which the median counts")
    parser.add_argument("--quick", action="store_true", help="small sizes, under a minute in all")
    parser.add_argument("--full", action="store_true", help="10,000,000 stored events where it matters")
    parser.add_argument("--out", type=Path, help="append the lines to this file too")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured (default: the temporary one)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
