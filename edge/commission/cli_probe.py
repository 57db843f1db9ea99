"""`hall-edge probe`: asks one device who it is."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli_base import EXIT_CONFIG, EXIT_WRONG, config, leave, load

if TYPE_CHECKING:
    from drivers.base import DeviceError
    from edge.settings import Device, Settings
    from edge.words import Lang


@click.command()
@config
@click.argument("device")
@click.pass_obj
def probe(lang: "Lang", config: Path, device: str) -> None:
    """联系一台设备，显示型号、序列号、时钟差、记录数 / ask one device who it is; reads no log."""
    from drivers.base import DeviceError
    from edge.probe import ask_daemon, ask_device
    from edge.show import probed_lines
    from edge.words import say

    settings = load(config)
    found = _device(settings, device)
    if found.driver is None:
        leave(EXIT_CONFIG, found.fault or say(lang, "state.disabled"))
    try:
        folder, zone = Path(settings.store.folder), settings.zone(found)
        probed = ask_daemon(folder, device) or ask_device(found.driver(), zone)
    except DeviceError as error:
        leave(EXIT_WRONG, told(lang, device, error))
    click.echo("\n".join(probed_lines(found, probed, lang)))


def told(lang: "Lang", device_id: str, error: "DeviceError") -> str:
    """Why a device does not answer as it should, and what to do about it."""
    from edge.show import inert
    from edge.words import cause_text, next_step, say

    text, step = cause_text(lang, error.cause), next_step(lang, error.cause)
    return f"{device_id}: {text}\n  → {say(lang, 'next')}: {step}\n  {inert(error.detail)}"


def _device(settings: "Settings", device_id: str) -> "Device":
    devices = {device.device_id: device for device in settings.devices}
    if device_id not in devices:
        leave(
            EXIT_CONFIG, f"{device_id}: 配置中没有这台设备 / not in the config; there is {', '.join(devices)}"
        )
    return devices[device_id]
