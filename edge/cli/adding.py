"""One device on its way into the configuration: is its place free, who is it, is it known already?"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli.base import EXIT_CONFIG, EXIT_WRONG, leave

if TYPE_CHECKING:
    from edge.commission.tables import Known
    from edge.commission.writing import File
    from edge.probe import Probed
    from edge.settings.settings import Device, Settings
    from edge.words import Lang

SECRETS = {
    "password_file": ("password", "add.ask_password"),
    "comm_key_file": ("commkey", "add.ask_key"),
}
"""Key that names a file -> ending of the file that is made for it, and how its content is asked for."""
Keys = dict[str, object]


class Adding:
    """One device on its way into the file. written: it is there."""

    def __init__(self, lang: "Lang", name: str, keys: Keys, options: type[Any]) -> None:
        self.lang, self.name, self.keys, self.options = lang, name, keys, options
        self.made: list[Path] = []
        self.written = False

    def must_be_free(self, there: "Known") -> None:
        """Leave where a table has this address already: most terminals serve one client."""
        for table in there.tables:
            same = table.host == self.keys.get("host") and table.driver == self.keys["driver"]
            if table.host and same and (table.port or self._usual()) == self.keys.get("port", self._usual()):
                leave(EXIT_CONFIG, _say(self.lang, "add.address_taken", name=table.device_id))

    def add(self, file: "File", settings: "Settings", there: "Known") -> None:
        """Ask it, and write its table; leaves where that fails."""
        for key in SECRETS:
            if key in self._required() and key not in self.keys:
                self._ask_secret(file, key)
        device, probed = self._probed(file)
        self._must_be_new(
            there, probed.observation.serial if probed else str(self.keys.get("serial", "")), device
        )
        backup = self._write(file, device, probed, settings)
        self._tell(device, probed, there, backup)

    def _probed(self, file: "File") -> "tuple[Device, Probed | None]":
        """The device as it will be configured, and what it says; None where it calls us."""
        from drivers.base import DeviceError
        from edge.cli.probing import told
        from edge.probe import ask_device

        for again in (False, True):
            device, zone = self._device(file)
            if device.calls or device.driver is None:
                return device, None
            try:
                return device, ask_device(device.driver, zone)
            except DeviceError as error:
                asks = error.cause == "wrong_key" and "comm_key_file" not in self.keys
                if again or not asks:
                    leave(
                        EXIT_WRONG, f"{told(self.lang, self.name, error)}\n{_say(self.lang, 'add.nothing')}"
                    )
                self._ask_secret(file, "comm_key_file")
        raise AssertionError

    def _device(self, file: "File") -> "tuple[Device, Any]":
        """The device that the drafted file makes; leaves with every complaint of it."""
        from edge.commission.table import appended, table
        from edge.commission.writing import fault_of
        from edge.settings.complaints import ConfigError

        try:
            with file.drafted(appended(file.text, table(self.name, "", self.keys))) as settings:
                device = settings.devices[-1]
        except ConfigError as error:
            leave(EXIT_CONFIG, str(error))
        if device.fault:
            leave(EXIT_CONFIG, f"{fault_of(device, file.path)}\n{_say(self.lang, 'add.nothing')}")
        return device, settings.zone(device)

    def _must_be_new(self, there: "Known", serial: str, device: "Device") -> None:
        from edge.commission.tables import same_serial

        if other := same_serial(there.tables, serial, device.calls):
            leave(EXIT_CONFIG, _say(self.lang, "add.serial_taken", serial=serial, name=other.device_id))

    def _write(self, file: "File", device: "Device", probed: "Probed | None", settings: "Settings") -> Path:
        from edge.commission.table import appended, table
        from edge.commission.writing import ChangedMeanwhile

        who = probed.observation if probed else None
        about = f"{who.model} {who.serial} {who.firmware}" if who else str(self.keys.get("serial", ""))
        comment = f"{datetime.now(settings.zone(device)):%Y-%m-%d} hall-edge add-device: {about}"
        try:
            backup = file.put(appended(file.text, table(self.name, comment, self.keys)))
        except ChangedMeanwhile:
            leave(EXIT_WRONG, _say(self.lang, "add.changed", file=file.path))
        self.written = True
        return backup

    def _tell(self, device: "Device", probed: "Probed | None", there: "Known", backup: Path) -> None:
        from edge.cli.show import probed_lines

        if probed:
            click.echo("\n".join(probed_lines(device, probed, self.lang)))
        else:
            click.echo(_say(self.lang, "add.calls", **_called(there, str(self.keys.get("serial", "")))))
        click.echo(_say(self.lang, "add.written", name=self.name, backup=backup))
        for path in self.made:
            click.echo(_say(self.lang, "add.secret", path=path))
        click.echo(_say(self.lang, "add.since", day=self.keys["in_service_from"]))
        click.echo(_say(self.lang, "add.restart" if there.running else "add.start"))

    def _ask_secret(self, file: "File", key: str) -> None:
        """Ask for a secret and keep it in a file of its own."""
        from edge.commission.writing import keep_secret

        ending, question = SECRETS[key]
        secret = click.prompt(_say(self.lang, question, name=self.name), hide_input=True, err=True)
        try:
            path = keep_secret(file.path, self.name, ending, secret)
        except OSError as error:
            leave(EXIT_WRONG, _say(self.lang, "add.secret_there", path=error.filename, why=error.strerror))
        self.made.append(path)
        self.keys[key] = str(path)

    def _required(self) -> set[str]:
        return {field.name for field in fields(self.options) if field.default is MISSING}

    def _usual(self) -> object:
        return next((field.default for field in fields(self.options) if field.name == "port"), 0)


@contextmanager
def secrets_undone_unless_written(adding: Adding) -> Iterator[None]:
    """Take the secrets it made away again where the device did not get into the file."""
    try:
        yield
    finally:
        if not adding.written:
            for path in adding.made:
                path.unlink(missing_ok=True)


def _called(there: "Known", serial: str) -> dict[str, str]:
    """Whether a device that calls us has already called."""
    called = next((caller for caller in there.callers if caller.serial == serial), None)
    return {"where": called.address if called else "-", "last": called.last[:19] if called else "-"}


def _say(lang: "Lang", key: str, **values: object) -> str:
    from edge.words import say

    return say(lang, key, **values)
