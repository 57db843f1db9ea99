"""The commands that account for punches: `trace` says where one is."""

from contextlib import suppress
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli_base import EXIT_CONFIG, EXIT_WRONG, config, leave, load

if TYPE_CHECKING:
    from edge.words import Lang


@click.command()
@config
@click.option("--person", required=True, help="工号或考勤机用户号 / staff number or device user id")
@click.option("--time", "moment", required=True, help="2026-11-25 08:02；08:02 为今天 / for today")
@click.option("--device", help="只查这台终端 / this terminal alone")
@click.option(
    "--within",
    type=click.IntRange(1, 720),
    default=10,
    show_default=True,
    help="前后多少分钟 / minutes around the time",
)
@click.option("--json", "as_json", is_flag=True, help="JSON 输出 / as JSON")
@click.pass_obj
def trace(
    lang: "Lang", config: Path, person: str, moment: str, device: str | None, within: int, as_json: bool
) -> None:
    """这条打卡去哪了：在哪一环，或为何没有 / where a punch is, or why it is nowhere; with the evidence."""
    import msgspec

    from edge.control import last_word, snapshot
    from edge.show_trace import trace_lines
    from edge.store import FILE
    from edge.trace import SETTLED
    from edge.tracing import Search
    from edge.words import say

    settings = load(config)
    folder = Path(settings.store.folder)
    if not (folder / FILE).exists():
        leave(EXIT_WRONG, say(lang, "proof.no_database", path=folder / FILE))
    if device and device not in {each.device_id for each in settings.devices}:
        leave(EXIT_CONFIG, f"{device}: 配置中没有这台设备 / not in the config")
    at = _moment(lang, moment, settings.zone())
    live = snapshot(folder)
    search = Search(settings, live or last_word(folder), person, at, timedelta(minutes=within))
    answer = search.ask(device)
    if as_json:
        click.echo(msgspec.json.encode(answer).decode())
    else:
        dead = [] if live else [say(lang, "trace.dead")]
        click.echo("\n".join([*dead, *trace_lines(answer, lang)]))
    raise SystemExit(0 if answer.word in SETTLED else EXIT_WRONG)


def _moment(lang: "Lang", text: str, zone: tzinfo) -> datetime:
    """A time as a person writes it; a time of day alone is today's."""
    from edge.words import say

    found = None
    today = datetime.now(zone).date().isoformat()
    for given in (text, f"{today} {text}"):
        with suppress(ValueError):
            found = found or datetime.fromisoformat(given)
    if found is None:
        leave(EXIT_CONFIG, say(lang, "trace.when", text=text))
    return found if found.tzinfo else found.replace(tzinfo=zone)
