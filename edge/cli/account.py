"""The commands that account for punches: `trace` says where one is, `reconcile` whether any is missing."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.base import EXIT_CONFIG, EXIT_DEAD, EXIT_WRONG, config, leave, load, silence

if TYPE_CHECKING:
    from edge.account.statement import Statement
    from edge.payloads import DeviceReconciled
    from edge.settings.settings import Settings
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

    from edge.cli.show_trace import trace_lines
    from edge.control import last_word, snapshot
    from edge.store import FILE
    from edge.trace.trace import SETTLED
    from edge.trace.tracing import Search
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
    with _readable(lang, folder / FILE):
        answer = search.ask(device)
    if as_json:
        click.echo(msgspec.json.encode(answer).decode())
    else:
        dead = [] if live else [say(lang, "trace.dead")]
        click.echo("\n".join([*dead, *trace_lines(answer, lang)]))
    raise SystemExit(0 if answer.word in SETTLED else EXIT_WRONG)


@contextmanager
def _readable(lang: "Lang", path: Path) -> Iterator[None]:
    """Leave where the database cannot be read."""
    from edge.store import sqlite
    from edge.words import say

    try:
        yield
    except sqlite.Error as error:
        leave(EXIT_WRONG, say(lang, "proof.cannot_read", path=path, why=error))


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


@click.command()
@config
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), help="日期，默认昨天 / day, YYYY-MM-DD; default yesterday"
)
@click.option("--device", help="只对这台终端 / this terminal alone")
@click.option("--stored", is_flag=True, help="不重读，用已存的结果 / read nothing again, show what is stored")
@click.option("--html", type=click.Path(path_type=Path), help="写成可打印的网页 / as a page to print")
@click.option("--excel", type=click.Path(path_type=Path), help="写成 Excel 文件 / as an Excel file")
@click.option("--json", "as_json", is_flag=True, help="JSON 输出 / as JSON")
@click.pass_obj
def reconcile(
    lang: "Lang",
    config: Path,
    day: datetime | None,
    device: str | None,
    stored: bool,
    html: Path | None,
    excel: Path | None,
    as_json: bool,
) -> None:
    """对账：重读各终端，核对终端 = 已存 = 上级确认 / terminal = stored = confirmed, after reading again."""
    import msgspec

    from edge.account.reconciliation import SETTLED
    from edge.words import say

    settings = load(config)
    wanted = (day or datetime.now(settings.zone()) - timedelta(days=1)).date().isoformat()
    told, live = _accounts(lang, settings, wanted, device, stored)
    statement = _statement(settings, wanted, told)
    if as_json:
        click.echo(msgspec.json.encode(told).decode())
    else:
        click.echo("\n".join(([] if live else [say(lang, "rec.stored_one")]) + _lines(statement, lang)))
    _write(lang, statement, html, excel)
    settled = all(each.result in SETTLED for each in told)
    raise SystemExit(EXIT_DEAD if not live else 0 if settled else EXIT_WRONG)


def _accounts(
    lang: "Lang", settings: "Settings", day: str, device: str | None, stored: bool
) -> tuple[list["DeviceReconciled"], bool]:
    """The accounts of a day, and whether they are what was asked for: else as they are stored."""
    import msgspec

    from edge.control import command
    from edge.payloads import DeviceReconciled
    from edge.words import say

    folder = Path(settings.store.folder)
    about = {"device": device} if device else {}
    answer = None if stored else command(folder, "reconcile", day=day, **about)
    if answer is None:
        found = [each for each in _stored(lang, folder, day) if device in (None, each.device_id)]
        if not found:
            why = "" if stored else f"{silence(lang, folder)}; "
            leave(EXIT_WRONG if stored else EXIT_DEAD, why + say(lang, "rec.none", day=day))
        return found, stored
    if not answer.done:
        leave(EXIT_WRONG, f"{say(lang, 'refused')}: {answer.text}")
    return msgspec.json.decode(answer.text, type=list[DeviceReconciled]), True


def _stored(lang: "Lang", folder: Path, day: str) -> list["DeviceReconciled"]:
    """The newest stored account of each terminal for a day."""
    from contextlib import closing

    from edge.account.holdings import accounts, newest
    from edge.store import FILE
    from edge.store.books import Books

    if not (folder / FILE).exists():
        return []
    with _readable(lang, folder / FILE), closing(Books(folder / FILE)) as books:
        return [each for each in newest(accounts(books)).values() if each.day == day]


def _statement(settings: "Settings", day: str, told: list["DeviceReconciled"]) -> "Statement":
    from edge.account.statement import Anchor, Statement
    from edge.control import last_word, snapshot

    folder, site = Path(settings.store.folder), settings.site
    known = snapshot(folder) or last_word(folder)
    anchor = Anchor(known.store.epoch, known.store.seq_head, known.store.head) if known else None
    names = {device.device_id: device.name for device in settings.devices}
    made = datetime.now(settings.zone()).isoformat(timespec="seconds")
    return Statement(site.name or site.hall, f"{site.county}/{site.hall}", day, made, told, anchor, names)


def _lines(statement: "Statement", lang: "Lang") -> list[str]:
    from edge.account.statement import heads, rows, totals
    from edge.words import cause_text, say
    from edge.words.text import aligned, inert

    table = [heads(lang), *([str(cell) for cell in row] for row in rows(statement, lang))]
    title = f"{inert(statement.hall)}  {say(lang, 'rec.title', day=statement.day)}"
    conclusion = f"{say(lang, 'conclusion')}: {cause_text(lang, f'rec_{statement.worst}')}"
    return [
        title,
        "",
        *map(inert, aligned(table)),
        "",
        say(lang, "rec.sums", **totals(statement)),
        conclusion,
    ]


def _write(lang: "Lang", statement: "Statement", html: Path | None, excel: Path | None) -> None:
    """The proof as files, where somebody asked for them."""
    from edge.words import say

    try:
        if html:
            from edge.account.statement_page import html as page

            html.write_text(page(statement, lang), encoding="utf-8")
        if excel:
            from edge.account.statement_sheet import write_sheet

            write_sheet(statement, lang, excel)
    except OSError as error:
        leave(EXIT_WRONG, str(error))
    for path in filter(None, (html, excel)):
        click.echo(say(lang, "rec.written", path=path), err=True)
