"""`approve`: a person lets in who was turned away at the device port.

A stranger becomes a device, in a file of ours (`edge/settings/approved.py`), bound to the address it calls
from; the daemon then begins anew, so that every part of it knows the device from its start, as one of the
config file.
A known device that calls from another address is bound to that one, at once.
"""

import re
import threading
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from edge.clock.clock import WallClock
from edge.commands import Arguments, Commands, Refused
from edge.duty.clocks import audit
from edge.ports.desk import Desk
from edge.settings.approved import approve
from edge.settings.settings import Device
from edge.snapshot import Caller
from edge.store import Store

DEVICE = re.compile(r"[A-Za-z0-9_-]{1,64}")
NAME_MAX = 64


class Approving:
    """The command of one hall. devices: those there are; folder: where `approved.json` is."""

    def __init__(
        self, desk: Desk, devices: Iterable[Device], store: Store, clock: WallClock, folder: Path
    ) -> None:
        self._desk, self._store, self._clock, self._folder = desk, store, clock, folder
        self._devices = {device.device_id for device in devices}
        self._one = threading.Lock()
        self.begin_anew = False
        """A device was let in that this life does not know."""
        self.commands: Commands = {"approve": self._approve}

    def _approve(self, arguments: Arguments) -> str:
        """arguments: serial; address, where several call with it; for a stranger: device, name, since."""
        with self._one:
            caller = self._caller(arguments)
            device_id = self._bind_anew(caller) if caller.device_id else self._let_in(caller, arguments)
            where = f"{caller.serial} @ {caller.address}"
            actor = arguments.get("actor", "?")
            audit(self._store, self._clock, actor, "device.approve", device_id, "done", where)
            return f"{device_id}: {where}"

    def _caller(self, arguments: Arguments) -> Caller:
        """Who is meant: it was turned away lately, and calls from one address."""
        serial, address = arguments.get("serial", ""), arguments.get("address")
        callers = [each for each in self._desk.turned_away if each.serial == serial]
        if not callers:
            raise Refused(
                f"{serial}: 最近没有以此序列号呼叫而被拒绝的 / nobody with this serial was turned away"
            )
        meant = [each for each in callers if address in (None, each.address)]
        if len(meant) != 1:
            known = ", ".join(each.address for each in callers)
            raise Refused(f"{serial}: 用 --address 指明 / say with --address which one: {known}")
        return meant[0]

    def _bind_anew(self, caller: Caller) -> str:
        """The address of a device has changed."""
        if told := self._desk.told_address(caller.serial):
            where = "其表中写明了 address，请在那里改 / its table names its address: change it there"
            raise Refused(f"{caller.device_id}: {where} ({told})")
        _on_disk(lambda: self._desk.bind(caller.serial, caller.address))
        return caller.device_id

    def _let_in(self, caller: Caller, arguments: Arguments) -> str:
        """A stranger becomes a device."""
        device_id, name = arguments.get("device", caller.serial), arguments.get("name", "")
        if not DEVICE.fullmatch(device_id) or device_id in self._devices:
            raise Refused(f"{device_id}: 设备编号不合规或已被使用 / no device id, or it is taken: --device")
        if len(name) > NAME_MAX or not (name or "-").isprintable():
            raise Refused(f"名称为一行，最多 {NAME_MAX} 字 / a name is one line of that many at most")
        try:
            self._desk.check(caller)
            since = date.fromisoformat(arguments.get("since") or caller.first[:10]).isoformat()
        except ValueError as error:
            raise Refused(str(error)) from None
        table = {"driver": caller.driver, "serial": caller.serial, "name": name, "in_service_from": since}
        _on_disk(lambda: self._desk.bind(caller.serial, caller.address))
        _on_disk(lambda: approve(self._folder, device_id, table))
        self._devices.add(device_id)
        self.begin_anew = True
        return device_id


def _on_disk(write: Callable[[], None]) -> None:
    """Nothing is said to be done that would be forgotten."""
    try:
        write()
    except OSError as error:
        raise Refused(f"写不下来，未执行 / it cannot be written down: {error}") from error
