"""The commands about clocks: `clock` shows ours and vouches for it, `set-time` sets a terminal's."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.base import EXIT_WRONG, actor, config, load, order, unanswered

if TYPE_CHECKING:
    from edge.words import Lang


@click.command()
@config
@click.option(
    "--confirm", is_flag=True, help="确认本机现在的时间正确 / vouch for this machine's time as it is now"
)
@click.option(
    "--back",
    is_flag=True,
    help="与 --confirm 同用：曾经确认过的更晚的时间有误 / the later time once believed was wrong",
)
@click.pass_obj
def clock(lang: "Lang", config: Path, confirm: bool, back: bool) -> None:
    """显示本机时间、由谁确认、各终端时钟差 / our time, who vouches for it, each terminal's offset."""
    from edge.cli.show import clock_lines
    from edge.control import snapshot

    if confirm:
        order(lang, config, "clock", actor=actor(), **({"back": "yes"} if back else {}))
        return
    known = snapshot(Path(load(config).store.folder))
    if known is None:
        unanswered(lang, Path(load(config).store.folder))
    click.echo("\n".join(clock_lines(known, lang)))
    raise SystemExit(0 if known.clock_trusted else EXIT_WRONG)


@click.command("set-time")
@config
@click.argument("device")
@click.option("--now", "at_once", is_flag=True, help="不等安静时段 / also outside the quiet hours")
@click.pass_obj
def set_time(lang: "Lang", config: Path, device: str, at_once: bool) -> None:
    """把一台终端的时钟设为本机时间 / set a terminal's clock to ours."""
    order(lang, config, "set-time", device=device, actor=actor(), **({"now": "yes"} if at_once else {}))
