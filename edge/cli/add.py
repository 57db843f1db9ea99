"""`hall-edge add-device`: asks a device who it is, and writes its table once it has answered.

Secrets never stand in argv: they are asked for, or stand in a file already.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli.base import EXIT_CONFIG, EXIT_WRONG, config, leave, load

if TYPE_CHECKING:
    from edge.cli.adding import Keys
    from edge.words import Lang

KEY, NAME = re.compile(r"[a-z][a-z0-9_]*"), re.compile(r"[A-Za-z0-9_-]{1,64}")
ELSEWHERE = {"driver", "in_service_from", "enabled"}
"""Keys that `--set` does not set."""


@click.command("add-device")
@config
@click.argument("name")
@click.option("--driver", required=True, help="zk | hikvision | dahua | adms …")
@click.option("--host", help="设备 IP / its IP address")
@click.option("--port", type=int, help="端口，默认为该类设备的端口 / where not the usual one")
@click.option("--serial", help="序列号，主动上报的设备必填 / serial number, of a device that calls us")
@click.option("--title", help="显示名称 / what people call it")
@click.option("--password-file", help="只含密码的文件；不给则询问 / holds the password; else it is asked for")
@click.option("--comm-key-file", help="只含通信密码的文件；需要时询问 / holds the comm key; else asked for")
@click.option(
    "--in-service-from",
    "since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="启用日，默认今天；更早的记录首次读取时不上传 / what lies before is not sent at first contact",
)
@click.option("--set", "more", multiple=True, metavar="KEY=VALUE", help="该驱动的其他键 / other keys")
@click.pass_obj
def add_device(
    lang: "Lang",
    /,
    config: Path,
    name: str,
    driver: str,
    since: datetime | None,
    more: tuple[str, ...],
    **given: "str | int | None",
) -> None:
    """联系一台新设备，成功后写入配置文件 / ask a new device, then write its table into the config."""
    from edge.cli.adding import Adding, secrets_undone_unless_written
    from edge.commission.tables import known
    from edge.commission.writing import File

    settings = load(config)
    if not NAME.fullmatch(name):
        leave(EXIT_CONFIG, f"{name!r}: 设备编号为 / a device id is 1-64 of A-Z a-z 0-9 _ -")
    if any(device.device_id == name for device in settings.devices):
        leave(EXIT_CONFIG, _say(lang, "add.name_taken", name=name))
    options = _options(driver)
    start = since or datetime.now(settings.zone())
    keys = {"driver": driver, **_keys(options, {"name": given.pop("title"), **given}, more)}
    adding = Adding(lang, name, {**keys, "in_service_from": start.date()}, options)
    there = known(config, Path(settings.store.folder))
    adding.must_be_free(there)
    try:
        with secrets_undone_unless_written(adding):
            adding.add(File(config), settings, there)
    except OSError as error:
        where = error.filename or config
        leave(EXIT_WRONG, f"{where}: {error.strerror}\n{_say(lang, 'add.nothing')}")


def _options(driver: str) -> type[Any]:
    """The options of a driver; leaves where there is none of that name."""
    from edge.settings.families import known_drivers, load_driver

    try:
        return load_driver(driver).Options
    except (ImportError, AttributeError):
        leave(EXIT_CONFIG, f"没有驱动 / no driver {driver!r}; 有 / there is {', '.join(known_drivers())}")


def _keys(options: type[Any], given: Mapping[str, "str | int | None"], more: Sequence[str]) -> "Keys":
    """The keys of the table, in the order of their importance."""
    from edge.commission.table import typed

    keys: Keys = {key: value for key, value in given.items() if value is not None}
    for text in more:
        key, equals, value = text.partition("=")
        if not equals or not KEY.fullmatch(key) or key in keys or key in ELSEWHERE:
            leave(EXIT_CONFIG, f"--set {text}: 应为 键=值 / must be KEY=VALUE")
        keys[key] = typed(options, key, value)
    return keys


def _say(lang: "Lang", key: str, **values: object) -> str:
    from edge.words import say

    return say(lang, key, **values)
