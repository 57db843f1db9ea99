"""One client's conversation with a terminal: a request in, the packets of its reply out. No sockets.

Small datasets come as one DATA in answer to the request. Bigger ones: the prepared read answers with sizes
and then serves chunks; a chunk, and the direct read, is PREPARE, DATA with packet index 0, 1, ..., OK.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from tests.sim.zk import layouts
from tests.sim.zk.device import Device
from tests.sim.zk.wire import Cmd, Packet, session_key

SMALL = 1008
"""Datasets up to this length are sent in the answer to the prepare request."""
EVENT_ATTLOG = 1


class Session:
    """State of one connection (TCP) or peer (UDP)."""

    def __init__(self, device: Device, packet_max: int) -> None:
        self._device = device
        self._packet_max = packet_max
        self.number = 0
        self._trusted = False
        self._dataset = b""
        self._chunk = (0, 0)
        self.mask = 0
        self.sent = 0
        """Bytes of the present dataset that have left, for the faults that count them."""
        self.over = False
        self.reboot = False

    def answer(self, ask: Packet) -> list[Packet]:
        """The packets of the reply; none to an acknowledgement."""
        device, faults = self._device, self._device.faults
        device.commands.append(ask.command)
        if ask.command == Cmd.OK:
            device.acks += 1
            return []
        if ask.command in (Cmd.CONNECT, Cmd.AUTH) and faults.refuse_session is not None:
            return self._say(ask, faults.refuse_session)
        if ask.command in faults.deaf_to:
            return []
        if ask.command in faults.unsupported:
            return self._say(ask, faults.unsupported_reply)
        if ask.command == Cmd.CONNECT:
            return self._connect(ask)
        if ask.session != self.number or not (self._trusted or ask.command == Cmd.AUTH):
            return self._say(ask, Cmd.UNAUTH)
        if ask.command in _PLAIN:
            return self._say(ask)
        handler = _HANDLERS.get(ask.command)
        return self._say(ask, Cmd.UNKNOWN) if handler is None else handler(self, ask)

    def events(self, bodies: list[bytes]) -> list[Packet]:
        """The live events for this client; none unless it registered for them."""
        if not (self._trusted and self.mask & EVENT_ATTLOG):
            return []
        return [Packet(Cmd.EVENT, EVENT_ATTLOG, 0, body) for body in bodies]

    def _say(self, ask: Packet, command: int = Cmd.OK, data: bytes = b"") -> list[Packet]:
        return [Packet(command, self.number, ask.reply, data)]

    def _connect(self, ask: Packet) -> list[Packet]:
        self.number = self._device.next_session()
        self._trusted = self._device.comm_key == 0
        return self._say(ask, Cmd.OK if self._trusted else Cmd.UNAUTH)

    def _auth(self, ask: Packet) -> list[Packet]:
        if len(ask.data) != 4:
            return self._say(ask, Cmd.UNAUTH)
        self._trusted = ask.data == session_key(self._device.comm_key, self.number, ask.data[2])
        return self._say(ask, Cmd.OK if self._trusted else Cmd.UNAUTH)

    def _exit(self, ask: Packet) -> list[Packet]:
        self.over = True
        return self._say(ask)

    def _restart(self, ask: Packet) -> list[Packet]:
        self.over = self.reboot = True
        return self._say(ask)

    def _enable(self, ask: Packet) -> list[Packet]:
        self._device.enabled = ask.command == Cmd.ENABLE
        return self._say(ask)

    def _clear(self, ask: Packet) -> list[Packet]:
        self._device.clear()
        if ask.command == Cmd.CLEAR_DATA:
            for user in self._device.users:
                self._device.remove_user(user.uid)
        return self._say(ask)

    def _version(self, ask: Packet) -> list[Packet]:
        return self._say(ask, data=self._device.firmware.encode() + b"\0")

    def _sizes(self, ask: Packet) -> list[Packet]:
        return self._say(ask, data=self._device.sizes())

    def _pin_width(self, ask: Packet) -> list[Packet]:
        return self._say(ask, data=bytes([int(self._device.options["~PIN2Width"])]))

    def _option_read(self, ask: Packet) -> list[Packet]:
        name = ask.data.split(b"\0", 1)[0].decode(errors="replace")
        value = self._device.options.get(name)
        if value is None:
            return self._say(ask, Cmd.ERROR)
        return self._say(ask, data=f"{name}={value}\0".encode())

    def _option_write(self, ask: Packet) -> list[Packet]:
        name, _, value = ask.data.split(b"\0", 1)[0].decode(errors="replace").partition("=")
        self._device.options[name] = value
        return self._say(ask)

    def _get_time(self, ask: Packet) -> list[Packet]:
        return self._say(ask, data=struct.pack("<I", layouts.pack_time(self._device.clock())))

    def _set_time(self, ask: Packet) -> list[Packet]:
        try:
            told = layouts.unpack_time(int.from_bytes(ask.data[:4], "little"))
        except ValueError:
            return self._say(ask, Cmd.ERROR)
        self._device.set_clock((told - self._device.true_time()) / timedelta(seconds=1))
        return self._say(ask)

    def _user_write(self, ask: Packet) -> list[Packet]:
        device = self._device
        try:
            user = layouts.parse_user(ask.data)
        except ValueError:
            return self._say(ask, Cmd.ERROR)
        if len(ask.data) != device.user_size:
            return self._say(ask, Cmd.ERROR)
        device.faults.before_change()
        device.enrol(replace(user, name=user.name[: device.faults.name_max]))
        device.faults.after_change()
        return self._say(ask)

    def _user_delete(self, ask: Packet) -> list[Packet]:
        self._device.faults.before_change()
        self._device.remove_user(int.from_bytes(ask.data[:2], "little"))
        self._device.faults.after_change()
        return self._say(ask)

    def _register(self, ask: Packet) -> list[Packet]:
        self.mask = int.from_bytes(ask.data[:4], "little")
        return self._say(ask)

    # datasets

    def _take(self, command: int) -> bytes | None:
        device = self._device
        if command == Cmd.USERS:
            dataset = device.user_table()
        elif command == Cmd.OPLOG:
            dataset = device.operation_log()
        elif command == Cmd.ATTLOG:
            device.load(device.faults.punch_during_read)
            device.faults.punch_during_read.clear()
            dataset = device.attlog()
        else:
            return None
        self.sent = 0
        return dataset

    def _direct(self, ask: Packet) -> list[Packet]:
        dataset = self._take(ask.command)
        if dataset is None or len(dataset) <= 4:
            return self._say(ask, Cmd.ERROR)
        return self._stream(ask, dataset)

    def _prepare(self, ask: Packet) -> list[Packet]:
        if self._device.read != "prepared":
            return self._say(ask, Cmd.UNKNOWN)
        if len(ask.data) != 11:
            return self._say(ask, Cmd.ERROR)
        (command,) = struct.unpack_from("<xH", ask.data)
        self._device.prepared.append(command)
        dataset = self._take(command)
        if dataset is None:
            return self._say(ask, Cmd.ERROR)
        if len(dataset) <= SMALL:
            return self._say(ask, Cmd.DATA, dataset)
        self._dataset, self._chunk = dataset, (0, 0)
        size, mark = len(dataset), zlib.crc32(dataset)
        return self._say(ask, data=struct.pack("<BIII", 0, size, size, mark))

    def _read_chunk(self, ask: Packet) -> list[Packet]:
        if len(ask.data) != 8:
            return self._say(ask, Cmd.ERROR)
        start, size = struct.unpack("<II", ask.data)
        in_turn = self._device.offset_reads or start in (0, *self._chunk)
        if not in_turn or size == 0 or start + size > len(self._dataset):
            return self._say(ask, Cmd.ERROR)
        self._chunk = (start, start + size)
        return self._stream(ask, self._dataset[start : start + size])

    def _free(self, ask: Packet) -> list[Packet]:
        self._dataset = b""
        return self._say(ask)

    def _stream(self, ask: Packet, data: bytes) -> list[Packet]:
        step = self._packet_max
        parts = (data[start : start + step] for start in range(0, len(data), step))
        announced = struct.pack("<II", len(data), step)
        return [
            Packet(Cmd.PREPARE, self.number, ask.reply, announced),
            *(Packet(Cmd.DATA, index & 0xFFFF, ask.reply, part) for index, part in enumerate(parts)),
            Packet(Cmd.OK, len(data) & 0xFFFF, ask.reply),
        ]


_PLAIN = {Cmd.REFRESH, Cmd.START_VERIFY, Cmd.CANCEL_CAPTURE}
_HANDLERS: dict[int, Callable[[Session, Packet], list[Packet]]] = {
    Cmd.AUTH: Session._auth,
    Cmd.EXIT: Session._exit,
    Cmd.RESTART: Session._restart,
    Cmd.ENABLE: Session._enable,
    Cmd.DISABLE: Session._enable,
    Cmd.CLEAR_DATA: Session._clear,
    Cmd.CLEAR_ATTLOG: Session._clear,
    Cmd.VERSION: Session._version,
    Cmd.FREE_SIZES: Session._sizes,
    Cmd.PIN_WIDTH: Session._pin_width,
    Cmd.OPTION_READ: Session._option_read,
    Cmd.OPTION_WRITE: Session._option_write,
    Cmd.GET_TIME: Session._get_time,
    Cmd.SET_TIME: Session._set_time,
    Cmd.USER_WRITE: Session._user_write,
    Cmd.DELETE_USER: Session._user_delete,
    Cmd.EVENT: Session._register,
    Cmd.ATTLOG: Session._direct,
    Cmd.USERS: Session._direct,
    Cmd.OPLOG: Session._direct,
    Cmd.READ_PREPARE: Session._prepare,
    Cmd.READ_CHUNK: Session._read_chunk,
    Cmd.FREE_DATA: Session._free,
}
