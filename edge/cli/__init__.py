"""The `hall-edge` command. Each command imports what it needs when it runs, so that `status` starts at once.

Exit codes: 0 fine · 1 something is wrong (it says what) · 2 wrong usage or configuration · 3 another daemon
owns the database · 4 it is newer than this release · 5 no daemon runs · 6 it was damaged while in use · 7 a
terminal has not answered yet (`staff`).
"""

import os
import subprocess  # noqa: S404
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.base import (
    EXIT_CONFIG,
    EXIT_DEAD,
    EXIT_NEWER,
    EXIT_SECOND,
    EXIT_WRONG,
    latest,
)
from edge.cli.base import config as _config
from edge.cli.base import leave as _leave
from edge.cli.base import load as _load
from edge.cli.base import order as _order
from edge.process.version import VERSION

START_TRIED_S, START_AGAIN_S = 50.0, 5.0
"""systemd grants a start 90 s."""

if TYPE_CHECKING:
    from edge.daemon import Daemon
    from edge.snapshot import Snapshot
    from edge.words import Lang


ELSEWHERE = {
    "trace": "edge.cli.account",
    "reconcile": "edge.cli.account",
    "accept": "edge.cli.terminals",
    "approve": "edge.cli.terminals",
    "service": "edge.cli.terminals",
    "staff": "edge.cli.staff",
    "import-punches": "edge.cli.imports",
    "keypad-test": "edge.cli.keypad",
    "clock": "edge.cli.clock",
    "set-time": "edge.cli.clock",
    "parked": "edge.cli.parked",
    "verify": "edge.cli.proof",
    "erase": "edge.cli.proof",
    "account": "edge.cli.office",
    "certificate": "edge.cli.office",
    "qr": "edge.cli.codes",
    "sign-on": "edge.cli.windows",
    "sign-off": "edge.cli.windows",
    "consume": "edge.cli.upstream",
    "halls": "edge.cli.upstream",
    "discover": "edge.cli.discover",
    "add-device": "edge.cli.add",
    "probe": "edge.cli.probing",
}
"""Command -> the file it stands in, which is loaded when somebody asks for it."""


class Group(click.Group):
    """All commands; the daemon carries none but its own."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Their names."""
        return sorted([*self.commands, *ELSEWHERE])

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """One of them."""
        if name not in ELSEWHERE:
            return super().get_command(context, name)
        found: click.Command = getattr(import_module(ELSEWHERE[name]), name.replace("-", "_"))
        return found


@click.group(cls=Group)
@click.version_option(VERSION, prog_name="hall-edge")
@click.option(
    "--lang", type=click.Choice(["zh", "en"]), default="zh", help="显示语言 / language of the output"
)
@click.pass_context
def main(context: click.Context, lang: str) -> None:
    """政务服务大厅边缘守护进程 / edge daemon of a government-service hall."""
    context.obj = lang


@main.command()
@_config
def run(config: Path) -> None:
    """运行守护进程 / run the daemon."""
    from edge.daemon import BEGIN_ANEW, Daemon
    from edge.process.heap import share_one_heap
    from edge.process.logs import log_to_stderr

    share_one_heap()
    settings = _load(config)
    log_to_stderr()
    with _database(Path(settings.store.folder)):
        daemon = _patiently(lambda: Daemon(settings))
    if (code := daemon.run()) == BEGIN_ANEW:
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this very command, as the same process
    raise SystemExit(code)


@main.command("check-config")
@_config
def check_config(config: Path) -> None:
    """检查配置和各文件 / check configuration and documents: file, line, table, key, likely meant key."""
    from edge.documents import check

    settings = _load(config)
    faults = [device.fault for device in settings.devices if device.fault]
    versions, wrong = check(Path(settings.documents.folder)) if settings.documents.folder else ({}, [])
    if faults or wrong:
        _leave(EXIT_CONFIG, "\n".join([*faults, *map(str, wrong)]))
    click.echo(f"{config}: 正确 / fine ({len(settings.devices)} 台设备 / devices)")
    for name, version in versions.items():
        click.echo(f"{name}: 正确 / fine (version {version})")


@main.command()
@_config
@click.option("--json", "as_json", is_flag=True, help="JSON 输出 / as JSON")
@click.pass_obj
def status(lang: "Lang", config: Path, as_json: bool) -> None:
    """显示状态：问题、起始时间、下一步 / what is wrong, since when, what to do next."""
    known, lives = latest(lang, config, quiet=as_json)
    _show(known, lang, as_json)
    raise SystemExit(EXIT_DEAD if not lives else EXIT_WRONG if known.problems else 0)


@main.command()
@_config
@click.argument("device", required=False)
@click.pass_obj
def reread(lang: "Lang", config: Path, device: str | None) -> None:
    """重新完整读取一台或全部设备的记录 / read a device's whole log again now, or that of all."""
    _order(lang, config, "reread", **({"device": device} if device else {}))


@main.command()
@_config
@click.argument("number", required=False, type=click.IntRange(1))
@click.pass_obj
def requeue(lang: "Lang", config: Path, number: int | None) -> None:
    """重新发送被搁置的一条或全部事件 / send an event that was set aside again, or all of them."""
    _order(lang, config, "requeue", **({"number": str(number)} if number else {}))


@main.command()
@_config
@click.option("--device", help="设备编号 / device id")
@click.option("--person", help="工号或考勤机用户号 / staff number or device user id")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="日期 / day, YYYY-MM-DD")
@click.option("--type", "kind", help="事件类型，如 attendance.punch / event type")
@click.option("--follow", is_flag=True, help="持续显示新事件 / go on with new events")
@click.option("--json", "as_json", is_flag=True, help="原样输出 JSON / the events as sent")
@click.pass_obj
def events(
    lang: "Lang",
    config: Path,
    device: str | None,
    person: str | None,
    day: "click.DateTime | None",
    kind: str | None,
    follow: bool,
    as_json: bool,
) -> None:
    """列出已存事件 / list stored events."""
    from datetime import datetime

    from edge.cli.listing import lines
    from edge.store import FILE
    from edge.store.filters import Filter

    database = Path(_load(config).store.folder) / FILE
    if not database.exists():
        _leave(EXIT_WRONG, f"{database}: 没有数据库 / no database")
    wanted = Filter(device, person, day.date() if isinstance(day, datetime) else None, kind)
    for line in lines(database, wanted, lang, follow, as_json):
        click.echo(line)


@main.command()
@_config
@click.argument("file", type=click.Path(path_type=Path))
def backup(config: Path, file: Path) -> None:
    """备份数据库，守护进程照常运行 / copy the database into FILE; the daemon may go on working."""
    from edge.store.backup import backup

    with _database(folder := Path(_load(config).store.folder)):
        click.echo(f"{file}: {backup(folder, file)} 条，逐条核对无误 / events, each proved")


@main.command()
@_config
@click.argument("file", type=click.Path(path_type=Path))
def restore(config: Path, file: Path) -> None:
    """恢复备份，须先停守护进程 / put a backup in place; the present database is kept aside."""
    from edge.store.backup import restore

    with _database(folder := Path(_load(config).store.folder)):
        click.echo(f"已恢复，下次启动开启新账期 / restored, a new epoch begins  {restore(file, folder)}")


def _patiently(make: Callable[[], "Daemon"]) -> "Daemon":
    """Try for a minute where the disk takes nothing: it heals within seconds, no start chases the last."""
    from edge.store import sqlite

    until, told = time.monotonic() + START_TRIED_S, ""
    while True:
        try:
            return make()
        except (OSError, sqlite.OperationalError) as error:
            if time.monotonic() > until:
                raise
            if told != (told := str(error)):
                click.echo(f"暂时无法启动，继续尝试 / no start yet, trying on: {error}", err=True)
            time.sleep(START_AGAIN_S)


@contextmanager
def _database(folder: Path) -> Iterator[None]:
    """Leave with the exit code of whatever keeps us from the database."""
    from edge.store import DatabaseNewer, SecondInstance, sqlite
    from edge.store.backup import BackupError

    try:
        yield
    except SecondInstance as error:
        _leave(EXIT_SECOND, f"数据库正由进程 {error.pid} 使用 / the database is owned by process {error.pid}")
    except DatabaseNewer as error:
        _leave(EXIT_NEWER, f"数据库版本比本程序新，未作改动 / {error}")
    except BackupError as error:
        _leave(EXIT_WRONG, str(error))
    except (OSError, sqlite.Error, subprocess.CalledProcessError) as error:
        _leave(EXIT_WRONG, f"{folder}: 数据库打不开，未作改动 / the database cannot be opened: {error}")


def _show(snapshot: "Snapshot", lang: "Lang", as_json: bool) -> None:
    if as_json:
        import msgspec

        click.echo(msgspec.json.encode(snapshot).decode())
        return
    from edge.cli.show import status_lines

    click.echo("\n".join(status_lines(snapshot, lang)))
