"""Which terminal stands where: `accept` another one, `approve` one that calls, `service` puts one out."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.base import actor, config, order

if TYPE_CHECKING:
    from datetime import datetime

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


@click.command()
@config
@click.argument("serial")
@click.option("--address", help="它呼叫时的 IP 地址 / the address it calls from")
@click.option("--device", help="给它的设备编号，默认为序列号 / the device id to give it; default: its serial")
@click.option("--name", help="给它的名称 / what people call it")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="此日起的打卡才上报，默认为它首次呼叫之日 / punches count from this day; default: its first call",
)
@click.pass_obj
def approve(
    lang: "Lang",
    config: Path,
    serial: str,
    address: str | None,
    device: str | None,
    name: str | None,
    since: "datetime | None",
) -> None:
    """批准一台被拒绝的主动上报终端 / let in a terminal that calls and was turned away."""
    day = since.date().isoformat() if since else None
    told = {"address": address, "device": device, "name": name, "since": day}
    given = {key: value for key, value in told.items() if value is not None}
    order(lang, config, "approve", serial=serial, actor=actor(), **given)
