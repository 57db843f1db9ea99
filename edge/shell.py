"""What all commands of `hall-edge` share: the config option, loading it, ordering the daemon, leaving.

Exit codes stand in `edge/cli.py`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from edge.settings import Settings
    from edge.words import Lang

DEFAULT_CONFIG = "/etc/hall-edge/hall-edge.toml"

EXIT_WRONG, EXIT_CONFIG, EXIT_SECOND, EXIT_NEWER, EXIT_DEAD = 1, 2, 3, 4, 5

config_option = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path),
    default=DEFAULT_CONFIG,
    envvar="HALL_EDGE_CONFIG",
    show_default=True,
    help="配置文件 / the configuration file",
)


def load(config: Path) -> "Settings":
    """The configuration, or exit code 2 with every complaint."""
    from edge.complaints import ConfigError
    from edge.config import load

    try:
        return load(config)
    except ConfigError as error:
        leave(EXIT_CONFIG, str(error))


def order(lang: "Lang", config: Path, name: str, **arguments: str) -> None:
    """Order something of the running daemon, and say what became of it."""
    from edge.control import command
    from edge.words import say

    answer = command(Path(load(config).store.folder), name, **arguments)
    if answer is None:
        leave(EXIT_DEAD, say(lang, "not_running"))
    if not answer.done:
        leave(EXIT_WRONG, f"{say(lang, 'refused')}: {answer.text}")
    click.echo(f"{say(lang, 'done')}: {answer.text}")


def leave(code: int, message: str) -> NoReturn:
    """End the command with a message on stderr."""
    click.echo(message, err=True)
    raise SystemExit(code)
