"""Packets as they may be shown: questions, answers about the terminal itself, and its log without the people.

What answers a request is known by its reply id. Allowed is what is listed; all else is withheld: users hold
names, cards and passwords, an event may hold a template. Of a log in an unknown layout the shape is told.
"""

from collections.abc import Iterable

from drivers.tape import Entry, Tape, withheld
from drivers.zk.frames import Cmd, Packet, decode, encode
from drivers.zk.nameless import LogParts
from drivers.zk.records import decode_sizes

OPTION, TIME, VERSION = 11, 201, 1100
"""pyzk's questions for an option, the clock, the firmware."""
HARMLESS = frozenset((Cmd.CONNECT, Cmd.EXIT, Cmd.SIZES, Cmd.EVENT, Cmd.FREE, Cmd.OK, TIME, VERSION))
"""Commands whose data, and the data of whose answers, is about the terminal alone."""
READS = frozenset((Cmd.PREPARE, Cmd.CHUNK, Cmd.ATTENDANCE, Cmd.USERS))
LONG = {Cmd.SIZES: 128, VERSION: 64}
"""Most bytes of an answer that is longer than a size."""
OPTIONS = frozenset((b"~SerialNumber", b"~DeviceName", b"~Platform", b"~OS", b"~ZKFPVersion", b"~PIN2Width"))
SHAPE_MAX = 512
SIZE_MAX = 16
"""Bytes in which a terminal says how much it is going to send."""


class Taping:
    """Puts what one conversation says on a tape."""

    def __init__(self, tape: Tape, ordered: bool) -> None:
        """ordered: packets come once and in order, so that a log can be put together."""
        self._tape, self._ordered = tape, ordered
        self._asked: dict[int, Packet] = {}
        self._set, self._at = 0, 0
        """Which data set is being read, and from where on: a piece does not tell."""
        self._log, self._counter = LogParts(), 0

    def sent(self, packet: bytes) -> None:
        """A packet as it goes out."""
        asked = decode(packet)
        if asked.command != Cmd.OK:
            self._asked[asked.reply] = asked
        if asked.command == Cmd.PREPARE:
            self._set, self._at = int.from_bytes(asked.data[1:3], "little"), 0
        elif asked.command in (Cmd.ATTENDANCE, Cmd.USERS):
            self._set, self._at = asked.command, 0
        elif asked.command == Cmd.CHUNK:
            self._at = int.from_bytes(asked.data[:4], "little")
        known = asked.command in HARMLESS or asked.command in READS or _option(asked) in OPTIONS
        why = "" if known else "secret" if asked.command == Cmd.AUTH else "unknown"
        self._tape.keep(">", _told(asked, why))

    def heard(self, packets: Iterable[Packet]) -> None:
        """Packets as they came."""
        for packet in packets:
            self._heard(packet)

    def _heard(self, packet: Packet) -> None:
        asked = self._asked.get(packet.reply)
        if asked is None or packet.command == Cmd.EVENT:
            why = "person" if packet.data else ""
        elif asked.command in READS and packet.command == Cmd.DATA:
            why = "person"
        elif asked.command in READS:
            why = "" if len(packet.data) <= SIZE_MAX else "unknown"
        elif asked.command in HARMLESS or _option(asked) in OPTIONS:
            why = "" if _about_itself(asked, packet) else "unknown"
        else:
            why = "unknown" if packet.data else ""
        told = _told(packet, why)
        if asked is not None and asked.command == Cmd.SIZES and (sizes := decode_sizes(packet.data)):
            self._counter = sizes.records
        if why == "person" and asked is not None and self._set == Cmd.ATTENDANCE:
            told["shape"] = shape(packet.data[:SHAPE_MAX])
            if self._ordered and asked.command in READS:
                self._log.add(self._at, packet, told)
            self._at += len(packet.data)
        self._tape.keep("<", told)

    def finish(self) -> None:
        """Nothing more comes: show of the log what can be shown."""
        self._log.finish(self._counter)


def shape(raw: bytes) -> str:
    """What kind each byte is: 0 zero, d digit, a letter, . other."""
    return "".join(
        "0" if not b else "d" if 48 <= b < 58 else "a" if chr(b).isalpha() and b < 128 else "." for b in raw
    )


def _told(packet: Packet, why: str) -> Entry:
    if not why:
        return {"packet": encode(*packet).hex()}
    head = {"command": packet.command, "session": packet.session, "reply": packet.reply}
    return {**head, **withheld(packet.data, why)}


def _option(packet: Packet) -> bytes:
    return packet.data.partition(b"\0")[0] if packet.command == OPTION else b""


def _about_itself(asked: Packet, answer: Packet) -> bool:
    """An option answers under its own name; nothing else is long."""
    if asked.command == OPTION:
        return not answer.data or answer.data.startswith(_option(asked) + b"=")
    return len(answer.data) <= LONG.get(asked.command, SIZE_MAX)
