"""A simulated Dahua terminal that runs alone: `python -m tests.sim.dahua --help`.

Prints one JSON line when it listens, one line per punch, and at SIGTERM or SIGINT one JSON line
`{"serial": ..., "emitted": n}`; then exits 0.
"""

from collections.abc import Callable, Sequence

from tests.sim.dahua.faults import Faults
from tests.sim.dahua.terminal import Terminal
from tests.sim.web.alone import Step, history, parser, run

ACTIONS: dict[str, Callable[[Terminal], object]] = {
    "reboot": lambda terminal: terminal.reboot(),
    "reset": lambda terminal: terminal.reset(),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one terminal until SIGTERM or SIGINT."""
    parse = parser("tests.sim.dahua", __doc__ or "", Terminal.serial, sorted(ACTIONS), Faults)
    parse.add_argument("--model", default=Terminal.model)
    options = parse.parse_args(arguments)
    try:
        terminal = Terminal(model=options.model, **options.common(options))
        steps = [Step.parse(text, ACTIONS, Faults) for text in options.at]
    except ValueError as error:
        parse.error(str(error))
    terminal.load(history(terminal.clock(), options))
    run(terminal, steps, options)


if __name__ == "__main__":
    main()
