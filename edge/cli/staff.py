"""`hall-edge staff`: push a person to terminals, revoke a leaver, see what is open and what was answered."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.base import EXIT_DEAD, EXIT_OPEN, EXIT_WRONG, actor, config, latest, load, obeyed

if TYPE_CHECKING:
    from edge.snapshot import StaffPart
    from edge.words import Lang

LOOK_S = 0.5

person = click.option("--person", required=True, help="终端上的用户号 / the user number on the terminals")
devices = click.option(
    "--device", "devices", multiple=True, help="只对这些终端；默认全部 / these terminals alone; default: all"
)
days = click.option(
    "--days", type=int, help="有效天数，默认下发 7、撤销 90 / how long it stands: push 7, revoke 90 days"
)
wait = click.option(
    "--wait", default=20.0, show_default=True, help="等待答复的秒数 / seconds to wait for answers"
)
number = click.option("--id", "order_id", default="", help="指令编号，重复无害 / a number of your own")


@click.group()
def staff() -> None:
    """终端上的人员：下发、撤销、查看答复 / people on terminals: push, revoke, see the answers.

    Exit codes: 0 every terminal carried it out, 1 some could not, 7 some have not answered yet.
    """


@staff.command()
@config
@person
@click.option("--name", required=True, help="姓名 / the name")
@click.option("--card", default="", help="卡号；默认不改 / the card number; default: leave it")
@devices
@days
@wait
@number
@click.pass_obj
def push(
    lang: "Lang",
    config: Path,
    person: str,
    name: str,
    card: str,
    devices: tuple[str, ...],
    days: int | None,
    wait: float,
    order_id: str,
) -> None:
    """把一个人下发到终端；已登记的指纹、人脸不动 / put a person on terminals; what is enrolled stays."""
    told = {"person": person, "name": name, "card": card}
    _give(lang, config, "staff-push", _arguments(told, devices, days, order_id), wait)


@staff.command()
@config
@person
@devices
@days
@wait
@number
@click.pass_obj
def revoke(
    lang: "Lang",
    config: Path,
    person: str,
    devices: tuple[str, ...],
    days: int | None,
    wait: float,
    order_id: str,
) -> None:
    """从终端撤销离职人员，逐台报告 / take a leaver off the terminals, and report each one's answer."""
    _give(lang, config, "staff-revoke", _arguments({"person": person}, devices, days, order_id), wait)


@staff.command()
@config
@click.option("--json", "as_json", is_flag=True, help="JSON 输出 / as JSON")
@click.pass_obj
def orders(lang: "Lang", config: Path, as_json: bool) -> None:
    """未答复的指令和最近的答复 / what is open, since when, and the latest answers."""
    from edge.cli.show_staff import staff_lines

    known, lives = latest(lang, config, quiet=as_json)
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(known.staff).decode())
    else:
        click.echo("\n".join(staff_lines(known.staff, lang)))
    raise SystemExit(exit_code(_newest(known.staff)) if lives else EXIT_DEAD)


def exit_code(parts: "Sequence[StaffPart]") -> int:
    """What a script wants to know of these."""
    states = {part.state for part in parts}
    if states & {"failed", "expired"}:
        return EXIT_WRONG
    return EXIT_OPEN if states & {"waiting", "sent"} else 0


def _arguments(
    told: dict[str, str], devices: Sequence[str], days: int | None, order_id: str
) -> dict[str, str]:
    more = {"devices": ",".join(devices), "id": order_id, "days": "" if days is None else str(days)}
    return {**told, **more, "actor": actor()}


def _give(lang: "Lang", path: Path, name: str, arguments: dict[str, str], wait_s: float) -> None:
    """Give an order, wait a while for its answers, and show them."""
    from edge.cli.show_staff import staff_lines
    from edge.words import say

    folder = Path(load(path).store.folder)
    order = obeyed(lang, folder, name, **arguments)
    click.echo(say(lang, "staff.given", order=order))
    parts = _answers(folder, order, wait_s)
    code = exit_code(parts)
    click.echo("\n".join(staff_lines(parts, lang)))
    end = {0: "staff.all_done", EXIT_WRONG: "staff.some_failed", EXIT_OPEN: "staff.open"}
    click.echo(say(lang, end[code]))
    raise SystemExit(code)


def _answers(folder: Path, order: str, wait_s: float) -> "list[StaffPart]":
    """Its parts when all are answered, or as they are when the time is up."""
    from edge.control import snapshot

    until = time.monotonic() + wait_s
    while True:
        now = snapshot(folder)
        parts = [part for part in now.staff if part.order == order] if now else []
        if (parts and not _open(parts)) or time.monotonic() >= until:
            return parts
        time.sleep(LOOK_S)


def _newest(parts: "Sequence[StaffPart]") -> "list[StaffPart]":
    """Of each person on each terminal what was ordered last."""
    by_time = sorted(parts, key=lambda part: part.given)
    return list({(part.device_id, part.user): part for part in by_time}.values())


def _open(parts: "Sequence[StaffPart]") -> bool:
    return any(part.state in ("waiting", "sent") for part in parts)
