"""What every command of `hall-edge` shares: exit codes, the configuration, orders to the running daemon."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from edge.commands import Answer
    from edge.settings.settings import Settings
    from edge.snapshot import Snapshot
    from edge.words import Lang

DEFAULT_CONFIG = "/etc/hall-edge/hall-edge.toml"

EXIT_WRONG, EXIT_CONFIG, EXIT_SECOND, EXIT_NEWER, EXIT_DEAD, EXIT_OPEN = 1, 2, 3, 4, 5, 7

config = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path),
    default=DEFAULT_CONFIG,
    envvar="HALL_EDGE_CONFIG",
    show_default=True,
    help="配置文件 / the configuration file",
)


def load(path: Path) -> "Settings":
    """The settings; leaves with every complaint when they are wrong."""
    from edge.settings.complaints import ConfigError
    from edge.settings.config import load as read

    try:
        return read(path)
    except ConfigError as error:
        leave(EXIT_CONFIG, str(error))


def latest(lang: "Lang", path: Path, quiet: bool) -> "tuple[Snapshot, bool]":
    """The snapshot, and whether the daemon lives; else its last word, saying so unless `quiet`."""
    from edge.control import last_word, lives, snapshot
    from edge.words import say

    folder = Path(load(path).store.folder)
    live = snapshot(folder)
    known = live or last_word(folder)
    if known is None:
        leave(EXIT_DEAD, say(lang, "mute_order" if lives(folder) else "never_ran"))
    if live is None and not quiet:
        click.secho(say(lang, "mute" if lives(folder) else "dead", at=known.at), fg="red", err=True)
    return known, live is not None


def order(lang: "Lang", path: Path, name: str, /, **arguments: str) -> None:
    """Order something of the running daemon, and say what became of it."""
    from edge.words import say
    from edge.words.text import inert

    answer = answered(lang, Path(load(path).store.folder), name, **arguments)
    told = "\n".join(map(inert, answer.text.splitlines()))  # it may name what a terminal calls itself
    if not answer.done:
        leave(EXIT_WRONG, f"{say(lang, 'refused')}: {told}")
    click.echo(f"{say(lang, 'done')}: {told}")


def obeyed(lang: "Lang", folder: Path, name: str, /, **arguments: str) -> str:
    """What the daemon says of an order that it has done; leaves where it refuses, or does not answer."""
    from edge.words import say

    answer = answered(lang, folder, name, **arguments)
    if not answer.done:
        leave(EXIT_WRONG, f"{say(lang, 'refused')}: {answer.text}")
    return answer.text


def answered(lang: "Lang", folder: Path, name: str, /, **arguments: str) -> "Answer":
    """The running daemon's answer to an order; leaves where there is none."""
    from edge.control import command

    return command(folder, name, **arguments) or unanswered(lang, folder)


def unanswered(lang: "Lang", folder: Path) -> NoReturn:
    """Leave because the daemon gave no answer: it does not run, or it lives and is silent."""
    leave(EXIT_DEAD, silence(lang, folder))


def silence(lang: "Lang", folder: Path) -> str:
    """Why there is no answer."""
    from edge.control import lives
    from edge.words import say

    return say(lang, "mute_order" if lives(folder) else "not_running")


def actor() -> str:
    """Who orders, for the audit: the person behind sudo, or the user."""
    import getpass

    return os.environ.get("SUDO_USER") or getpass.getuser()


def leave(code: int, message: str) -> NoReturn:
    """End with this exit code and say why."""
    from edge.words.text import inert

    click.echo(
        "\n".join(map(inert, message.splitlines())), err=True
    )  # it may say what a device called itself
    raise SystemExit(code)
