"""`hall-edge keypad-test`: which level each key gives, pressed by a technician before the line goes live."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.base import EXIT_CONFIG, EXIT_WRONG, config, leave, load

if TYPE_CHECKING:
    from drivers.keypad.options import KeypadOptions
    from drivers.keypad.trial import Trial
    from edge.words import Lang


@click.command("keypad-test")
@config
@click.argument("device")
@click.option("--seconds", type=float, default=120.0, show_default=True, help="最多等待 / waits so long")
@click.pass_obj
def keypad_test(lang: "Lang", config: Path, device: str, seconds: float) -> None:
    """逐个按键，核对每个键的等级；不产生评价 / press every key and see its level; makes no rating.

    先停用 / first: hall-edge service DEVICE out --reason ...
    """
    from drivers.base import DeviceError
    from edge.words import cause_text, next_step, say

    try:
        left = shown(_options(config, device), seconds, lang)
    except DeviceError as error:
        leave(EXIT_WRONG, f"{device}: {cause_text(lang, error.cause)}\n  → {next_step(lang, error.cause)}")
    if left:
        leave(EXIT_WRONG, f"{say(lang, 'keypad.missing')}: {', '.join(left)}")


def shown(options: "KeypadOptions", seconds: float, lang: "Lang") -> list[str]:
    """Print each press until every key was pressed; the keys that were not."""
    from drivers.keypad.trial import listening
    from edge.words import say

    click.echo(f"{options.port}: {say(lang, 'keypad.begin')}")
    missing, noise = set(options.keys), 0
    until = time.monotonic() + seconds
    try:
        with listening(options) as trial:
            while missing and time.monotonic() < until:
                for press, line in _heard(trial, options, lang):
                    click.echo(line)
                    missing.discard(press)
                if trial.noise > noise:
                    noise = trial.noise
                    click.echo(f"{say(lang, 'count.noise')}: {noise}")
    except KeyboardInterrupt:
        click.echo()
    return sorted(missing)


def _heard(trial: "Trial", options: "KeypadOptions", lang: "Lang") -> Iterator[tuple[str, str]]:
    from drivers.evaluation.levels import NAMES, STARS
    from edge.words import say

    for press in trial.heard():
        window = options.places.get(press.address, f"? ({press.address})")
        level = options.level(press.code)
        word = options.keys.get(press.code, say(lang, "keypad.unknown"))
        told = f"{NAMES[level][lang == 'en']} {'★' * STARS[level]}" if level else word
        yield press.code, f"{say(lang, 'keypad.window')} {window}  {press.code!r} → {told}"


def _options(path: Path, device: str) -> "KeypadOptions":
    """The options of the device; leaves where it is no keypad."""
    from drivers.keypad import Keypad

    found = {each.device_id: each for each in load(path).devices}.get(device)
    made = found.driver() if found and found.driver else None
    if not isinstance(made, Keypad):
        why = (
            found.fault
            if found and found.fault
            else f"{device}: 不是启用的评价器（keypad）/ is no enabled keypad"
        )
        leave(EXIT_CONFIG, why)
    return made.options
