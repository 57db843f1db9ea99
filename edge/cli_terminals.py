"""Which terminal stands where: `accept` takes another one, `service` puts one out, or back."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli_base import actor, config, order

if TYPE_CHECKING:
    from edge.words import Lang


@click.command()
@config
@click.argument("device")
@click.option("--serial", help="只接受这个序列号 / accept this serial number alone")
@click.pass_obj
def accept(lang: "Lang", config: Path, device: str, serial: str | None) -> None:
    """确认换机：接受该地址上的新终端 / take the other terminal that now answers at a device's address."""
    order(lang, config, "accept", device=device, actor=actor(), **({"serial": serial} if serial else {}))


@click.command()
@config
@click.argument("device")
@click.argument("to", type=click.Choice(["out", "in"]))
@click.option("--reason", default="", help="原因，停用时必填 / why; needed to take it out")
@click.pass_obj
def service(lang: "Lang", config: Path, device: str, to: str, reason: str) -> None:
    """停用（out）或恢复启用（in）一台终端 / take a terminal out of service, or put it back."""
    order(lang, config, "service", device=device, to=to, reason=reason, actor=actor())
