"""Packets as they may be shown: questions, answers about the terminal itself, and of its log the shape alone.

What answers a request is known by its reply id. Allowed is what is listed; all else is withheld: users hold
names, cards and passwords, the log says who was where, an event may hold a template.
"""

from collections.abc import Iterable

from drivers.tape import Entry, Tape, withheld
from drivers.zk.frames import Cmd, Packet, decode, encode

OPTION, TIME, VERSION = 11, 201, 1100
"""pyzk's questions for an option, the clock, the firmware."""
HARMLESS = frozenset((Cmd.CONNECT, Cmd.EXIT, Cmd.SIZES, Cmd.EVENT, Cmd.FREE, Cmd.OK, TIME, VERSION))
"""Commands whose data, and the data of whose answers, is about the terminal alone."""
READS = frozenset((Cmd.PREPARE, Cmd.CHUNK, Cmd.ATTENDANCE, Cmd.USERS))
OPTIONS = frozenset((b"~SerialNumber", b"~DeviceName", b"~Platform", b"~OS", b"~ZKFPVersion", b"~PIN2Width"))
SHAPE_MAX = 512
SIZE_MAX = 16
"""Bytes in which a terminal says how much it is going to send."""


class Taping:
    """Puts what one conversation says on a tape."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._asked: dict[int, Packet] = {}
        self._set = 0
        """Which data set is being read: of a piece it is not told."""

    def sent(self, packet: bytes) -> None:
        """A packet as it goes out."""
        asked = decode(packet)
        if asked.command != Cmd.OK:
            self._asked[asked.reply] = asked
        if asked.command == Cmd.PREPARE:
            self._set = int.from_bytes(asked.data[1:3], "little")
        elif asked.command in (Cmd.ATTENDANCE, Cmd.USERS):
            self._set = asked.command
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
        if why == "person" and asked is not None and self._set == Cmd.ATTENDANCE:
            told["shape"] = shape(packet.data[:SHAPE_MAX])
        self._tape.keep("<", told)


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
    return len(answer.data) <= 128
