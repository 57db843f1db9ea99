"""`hall-edge sign-on` and `sign-off`: who is at a window, ordered by a technician where no desk page is."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.base import actor, config, order

if TYPE_CHECKING:
    from edge.words import Lang


@click.command("sign-on")
@config
@click.argument("window")
@click.argument("staff_no")
@click.pass_obj
def sign_on(lang: "Lang", config: Path, window: str, staff_no: str) -> None:
    """顶岗签到：从现在起此人在该窗口 / from now on this member of staff is at the window; audited."""
    order(lang, config, "sign-on", window=window, staff_no=staff_no, actor=actor())


@click.command("sign-off")
@config
@click.argument("window")
@click.pass_obj
def sign_off(lang: "Lang", config: Path, window: str) -> None:
    """签退：该窗口无人签到 / nobody has signed on at the window any more; audited."""
    order(lang, config, "sign-off", window=window, actor=actor())
