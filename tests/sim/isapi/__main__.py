"""A simulated Hikvision terminal that runs alone: `python -m tests.sim.isapi --help`.

Prints one JSON line when it listens, one line per punch, and at SIGTERM or SIGINT one JSON line
`{"serial": ..., "emitted": n}`; then exits 0.
"""

from collections.abc import Callable, Sequence

from tests.sim.isapi.faults import Faults
from tests.sim.isapi.pushing import Push
from tests.sim.isapi.terminal import OLD, VER20, Terminal
from tests.sim.web.alone import Step, history, parser, run

ACTIONS: dict[str, Callable[[Terminal], object]] = {
    "reboot": lambda terminal: terminal.reboot(),
    "clear": lambda terminal: terminal.clear(),
    "reset": lambda terminal: terminal.reset(),
    "tamper": lambda terminal: terminal.tamper(),
    "prune": lambda terminal: terminal.prune(len(terminal.log) // 2),
}


def _push(to: str | None) -> Push | None:
    host, _, port = (to or "").rpartition(":")
    return Push((host, int(port))) if to else None


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one terminal until SIGTERM or SIGINT."""
    parse = parser("tests.sim.isapi", __doc__ or "", Terminal.serial, sorted(ACTIONS), Faults)
    parse.add_argument("--namespace", choices=("ver20", "old"), default="ver20", help="of its XML")
    parse.add_argument("--capacity", type=int, default=Terminal.capacity)
    parse.add_argument("--zone-text", default=Terminal.offset, help="what its times end in (default +08:00)")
    parse.add_argument("--push", metavar="HOST:PORT", help="push each event there (httpHosts)")
    options = parse.parse_args(arguments)
    try:
        terminal = Terminal(
            namespace=OLD if options.namespace == "old" else VER20,
            capacity=options.capacity,
            offset=options.zone_text,
            push=_push(options.push),
            **options.common(options),
        )
        steps = [Step.parse(text, ACTIONS, Faults) for text in options.at]
    except ValueError as error:
        parse.error(str(error))
    terminal.load(history(terminal.clock(), options))
    run(terminal, steps, options)


if __name__ == "__main__":
    main()
