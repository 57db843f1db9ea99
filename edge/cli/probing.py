"""`hall-edge probe`: asks one device who it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.base import EXIT_CONFIG, EXIT_WRONG, config, leave, load

if TYPE_CHECKING:
    from drivers.base import DeviceError
    from edge.commission.recording import Recording
    from edge.settings.settings import Device, Settings
    from edge.words import Lang


@click.command()
@config
@click.argument("device")
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    help="对话写入文件供技术支持，不含密码、人员 / record it for support, no secrets, no people",
)
@click.option(
    "--minutes",
    type=click.IntRange(1, 60),
    default=2,
    show_default=True,
    help="主动上报的设备录多久 / how long, of a device that calls",
)
@click.pass_obj
def probe(lang: "Lang", config: Path, device: str, record: Path | None, minutes: int) -> None:
    """联系一台设备，显示型号、序列号、时钟差、记录数 / ask one device who it is; reads no log."""
    from drivers.base import DeviceError
    from edge.cli.show import probed_lines
    from edge.probe import ask_daemon, ask_device
    from edge.words import say

    settings = load(config)
    found = _device(settings, device)
    if found.driver is None:
        leave(EXIT_CONFIG, found.fault or say(lang, "state.disabled"))
    if record and found.calls:
        from edge.cli.calling import record_calls

        record_calls(lang, Path(settings.store.folder), device, record, minutes)
        return
    try:
        zone, heard = settings.zone(found), ask_daemon(Path(settings.store.folder), device)
        with _recording(lang, record, found, zone, bool(heard)) as tape:
            again = partial(_again, lang, device)
            probed = (None if tape else heard) or ask_device(found.driver, zone, tape, again)
    except DeviceError as error:
        leave(EXIT_WRONG, told(lang, device, error))
    click.echo("\n".join(probed_lines(found, probed, lang)))


@contextmanager
def _recording(
    lang: "Lang", path: Path | None, device: "Device", zone: tzinfo, in_use: bool
) -> "Iterator[Recording | None]":
    """A tape, where one is wanted; it is written however the visit ends."""
    from edge.commission.recording import Recording
    from edge.process.version import VERSION
    from edge.words import say

    if path is None:
        yield None
        return
    must_be_new(lang, path)
    if in_use:
        click.echo(say(lang, "record.in_use", name=device.device_id), err=True)
    tape = Recording(device.keys.driver, VERSION, datetime.now(zone).isoformat(timespec="seconds"))
    try:
        yield tape
    finally:
        written(lang, path, tape.text(), tape.entries, tape.withheld)


def _again(lang: "Lang", device: str, error: "DeviceError") -> None:
    from edge.words import cause_text, say

    click.echo(say(lang, "record.again", name=device, why=cause_text(lang, error.cause)), err=True)


def must_be_new(lang: "Lang", path: Path) -> None:
    """Leave where the file is there already."""
    from edge.words import say

    if path.exists():
        leave(EXIT_CONFIG, say(lang, "record.there", file=path))


def written(lang: "Lang", path: Path, text: str, entries: int, withheld: int) -> None:
    """Write a recording, and say so; leaves where that fails."""
    from edge.commission.recording import write
    from edge.words import say

    try:
        write(path, text)
    except OSError as error:
        leave(EXIT_WRONG, f"{path}: {error.strerror}")
    click.echo(say(lang, "record.written", file=path, n=entries, withheld=withheld), err=True)


def told(lang: "Lang", device_id: str, error: "DeviceError") -> str:
    """Why a device does not answer as it should, and what to do about it."""
    from edge.words import cause_text, next_step, say
    from edge.words.text import inert

    text, step = cause_text(lang, error.cause), next_step(lang, error.cause)
    return f"{device_id}: {text}\n  → {say(lang, 'next')}: {step}\n  {inert(error.detail)}"


def _device(settings: "Settings", device_id: str) -> "Device":
    devices = {device.device_id: device for device in settings.devices}
    if device_id not in devices:
        leave(
            EXIT_CONFIG, f"{device_id}: 配置中没有这台设备 / not in the config; there is {', '.join(devices)}"
        )
    return devices[device_id]
