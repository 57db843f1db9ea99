"""The commands of upstream: `consume` takes what the halls send, `halls` shows where each of them stands."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.base import EXIT_CONFIG, EXIT_NEWER, EXIT_WRONG, leave

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.words import Lang

_database = click.option(
    "--database", required=True, help="账目数据库: 文件，或 postgresql://… / its books: a file, or a database"
)
_database_password_file = click.option(
    "--database-password-file",
    type=click.Path(path_type=Path),
    help="只含数据库密码的文件 / holds the database's password alone",
)


@click.command()
@click.option(
    "--app", required=True, help="本应用的名称，与各大厅 confirm 中的一致 / this application's name"
)
@_database
@_database_password_file
@click.option("--nats", help="NATS 集群 / pull from a NATS cluster: nats://a:4222,nats://b:4222")
@click.option("--replicas", default=3, show_default=True, help="新建数据流的副本数 / of a stream it makes")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="MQTT 服务器，可多个 / broker, or several: a,b:1884",
)
@click.option("--port", default=1883, show_default=True, help="端口 / its port")
@click.option("--county", help="只收一个区划 / one county only")
@click.option("--hall", help="只收一个大厅 / one hall only")
@click.option("--user", help="用户名 / user name")
@click.option(
    "--password-file", type=click.Path(path_type=Path), help="只含密码的文件 / holds the password alone"
)
@click.option(
    "--ca-file", type=click.Path(path_type=Path), help="CA 证书，给出即用 TLS / CA certificate, turns TLS on"
)
@click.option("--cert-file", type=click.Path(path_type=Path), help="客户端证书 / client certificate")
@click.option("--key-file", type=click.Path(path_type=Path), help="客户端私钥 / its key")
@click.option("--protocol", type=click.Choice(["5", "3.1.1"]), default="5", show_default=True)
@click.pass_obj
def consume(lang: "Lang", /, **options: object) -> None:
    """参考接收程序：收、入账、回执 / the reference consumer: take, commit, confirm."""
    import threading
    from typing import Any, cast

    from edge import consume as upstream
    from edge.cli.show import taken_lines
    from edge.contract import Event
    from edge.process.farewell import stop_on_signals
    from edge.process.logs import log_to_stderr

    try:
        settings = upstream.Settings(**cast("dict[str, Any]", options))
    except ValueError as error:
        leave(EXIT_CONFIG, str(error))
    log_to_stderr()
    stop = threading.Event()
    stop_on_signals(stop)

    def show(events: "Sequence[Event]") -> None:
        click.echo("\n".join(taken_lines(events, lang)))

    try:
        upstream.Consumer(settings, show).run(stop)
    except upstream.DatabaseNewer as error:
        leave(EXIT_NEWER, str(error))
    except upstream.DatabaseFails as error:
        leave(EXIT_WRONG, f"{settings.database}: 数据库打不开 / the database cannot be opened: {error}")


@click.command()
@_database
@_database_password_file
@click.option("--json", "as_json", is_flag=True, help="JSON 输出 / as JSON")
@click.pass_obj
def halls(lang: "Lang", database: str, database_password_file: Path | None, as_json: bool) -> None:
    """列出各大厅的状况，最差的在前 / where every hall stands, worst first; from the consumer's database."""
    import msgspec

    from edge import consume as upstream
    from edge.cli.show import hall_lines

    try:
        standings = upstream.standings(database, database_password_file)
    except (upstream.DatabaseNewer, upstream.DatabaseFails) as error:
        leave(EXIT_WRONG, f"{database}: 数据库打不开 / the database cannot be opened: {error}")
    if as_json:
        click.echo(msgspec.json.encode(standings).decode())
    else:
        click.echo("\n".join(hall_lines(standings, lang)))
    raise SystemExit(EXIT_WRONG if any(hall.word != "well" for hall in standings) else 0)
