"""Short questions to a terminal, built and parsed by pyzk, carried by our own wire.

pyzk 0.9 loses its place when a reply comes late, doubled or in pieces (protocols §1.3), so its only
way to the network is replaced: it builds a command, we ask it, it parses the answer. Pinned to 0.9, since
what is replaced is private there. It is never given a socket, a log or a template, nor a user to write.
"""

import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from zk.base import ZK, make_commkey
from zk.exception import ZKError

from drivers.base import DeviceOffline, DeviceRefused, translate
from drivers.zk.frames import Cmd, Packet
from drivers.zk.records import Sizes, decode_sizes, text
from drivers.zk.wire import Wire

VENDOR = (ZKError, ValueError, struct.error, IndexError, AttributeError, TypeError)
"""What pyzk raises on an answer it does not like."""
ATTENDANCE_EVENT = 1
OPTION_DIGITS = 6
_GOOD = frozenset((Cmd.OK, Cmd.PREPARE_DATA, Cmd.DATA))


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the terminal says it is."""

    serial: str
    model: str
    firmware: str


class _Asking(ZK):  # type: ignore[misc]  # pyzk is untyped
    """pyzk without its socket."""

    def __init__(self, ask: Callable[[int, bytes], Packet]) -> None:
        self._ask = ask
        self.is_connect = True
        self.verbose = False

    def _ZK__send_command(  # noqa: N802 - the name pyzk's own methods call
        self, command: int, command_string: bytes = b"", response_size: int = 8
    ) -> dict[str, object]:
        answer = self._ask(command, command_string)
        self._ZK__response = answer.command
        self._ZK__data = answer.data
        return {"status": answer.command in _GOOD, "code": answer.command}


class Commands:
    """The questions this driver has for a terminal."""

    def __init__(self, wire: Wire, encoding: str) -> None:
        self._wire = wire
        self._encoding = encoding
        self._plain = _Asking(wire.ask)
        self._texts = _Asking(self._ask_text)

    def unlock(self, key: int) -> None:
        """Authorize with the comm key; DeviceRefused when the terminal says it is another."""
        mirrored = int(f"{key:032b}"[::-1], 2)  # done here, since pyzk overflows where the sum passes 32 bits
        secret = make_commkey(0, (mirrored + self._wire.session) & 0xFFFF_FFFF)
        if self._wire.ask(Cmd.AUTH, secret).command != Cmd.OK:
            raise DeviceRefused("wrong_key", "the terminal wants another comm key")

    def identity(self) -> Identity:
        """Serial number, model and firmware; DeviceRefused without a serial number."""
        with translate(VENDOR, DeviceRefused, "no_serial"):
            serial = str(self._texts.get_serialnumber()).strip()
        if not serial:
            raise DeviceRefused("no_serial", "the serial number is empty")
        model = _or_empty(self._texts.get_device_name) or _or_empty(self._texts.get_platform)
        return Identity(serial, model, _or_empty(self._texts.get_firmware_version))

    def clock(self) -> str | None:
        """The terminal's naive wall clock, or None when it does not tell or shows nonsense."""
        try:
            return str(self._plain.get_time().isoformat())
        except VENDOR:
            return None

    def set_clock(self, moment: str) -> bool:
        """Set the terminal's naive wall clock; False when it does not take it."""
        try:
            return bool(self._plain.set_time(datetime.fromisoformat(moment)))
        except VENDOR:
            return False

    def write_user(self, row: bytes) -> int:
        """Put a row into the user table; what the terminal answers.

        pyzk's own way would empty the password of a known user, forget zones, cut a name and drop what it
        cannot encode, all without a word.
        """
        return self._changed(Cmd.USER_WRITE, row)

    def remove_user(self, uid: int) -> int:
        """Take a user out of the table, with all that belongs to it; what the terminal answers."""
        return self._changed(Cmd.USER_DELETE, struct.pack("<H", uid))  # pyzk knows no uid above 32767

    def _changed(self, command: Cmd, data: bytes) -> int:
        answer = self._wire.ask(command, data).command
        if answer == Cmd.UNAUTHORIZED:
            raise DeviceOffline("connection_lost", "the terminal has forgotten the session")
        with suppress(*VENDOR):
            self._plain.refresh_data()
        return answer

    def number(self, option: str) -> int | None:
        """An option that is a number; None where the terminal does not tell it."""
        answer = self._wire.ask(Cmd.OPTION, option.encode() + b"\0")
        name, _, value = text(answer.data, "ascii").partition("=")
        told = value.strip()
        good = answer.command == Cmd.OK and name == option and told.isascii() and told.isdecimal()
        return int(told) if good and len(told) <= OPTION_DIGITS else None

    def sizes(self) -> Sizes | None:
        """What it counts; None when it does not tell, DeviceOffline when it has forgotten our session."""
        answer = self._wire.ask(Cmd.SIZES)
        if answer.command == Cmd.UNAUTHORIZED:
            raise DeviceOffline("connection_lost", "the terminal has forgotten the session")
        return decode_sizes(answer.data) if answer.command == Cmd.OK else None

    def register(self) -> None:
        """Ask for live events of attendance; firmware without them just says no."""
        self._wire.ask(Cmd.EVENT, struct.pack("<I", ATTENDANCE_EVENT))

    def _ask_text(self, command: int, data: bytes) -> Packet:
        """Texts are handed to pyzk in UTF-8, the only encoding it reads."""
        answer = self._wire.ask(command, data)
        return answer._replace(data=text(answer.data, self._encoding).encode() + b"\0")


def _or_empty(ask: Callable[[], object]) -> str:
    try:
        return str(ask()).strip()
    except VENDOR:
        return ""
