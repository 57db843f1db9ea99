"""A terminal's log without its people: who punched becomes a number, counted from 1. Pure.

When, how and in which state stays; what a record holds beside (work code, mask, temperature) becomes zero.
A log in no known layout gives nothing: nobody could say where in it the people stand.
"""

from collections.abc import Callable
from struct import Struct
from typing import Any

from drivers.tape import Entry
from drivers.zk.frames import Packet, encode
from drivers.zk.layout import choose
from drivers.zk.records import LAYOUTS, Layout

HEAD = 4
"""Bytes before the first record: how many follow."""


def _text(number: int, named: bytes) -> bytes:
    """The number as long as the text it stands for; nothing for nobody."""
    if not number:
        return b""
    return str(number).zfill(len(named.partition(b"\0")[0])).encode()[:24]


_TEXT_40, _TEXT_49 = Struct("<H24sBIB8x"), Struct("<H24sBIB17x")
_PACK: dict[str, Callable[[int, Any, int, int, int], bytes]] = {
    "40": lambda n, named, verify, time, state: _TEXT_40.pack(n, _text(n, named), verify, time, state),
    "49": lambda n, named, verify, time, state: _TEXT_49.pack(n, _text(n, named), verify, time, state),
    "16": lambda n, _named, verify, time, state: LAYOUTS["16"].struct.pack(n, time, verify, state),
    "8": lambda n, _named, verify, time, state: LAYOUTS["8"].struct.pack(n, verify, time, state),
    "ma300": lambda n, _named, verify, time, state: LAYOUTS["ma300"].struct.pack(n, verify, state, time),
}


def nameless(raw: bytes, counter: int) -> bytes | None:
    """A data set of the log, from its first byte on, as long as it is; None where its layout is unknown."""
    total, records = int.from_bytes(raw[:HEAD], "little"), raw[HEAD:]
    layout = choose(records, total, counter)
    if layout is None:
        return None
    whole = len(records) - len(records) % layout.size
    told = raw[:HEAD] + _numbered(layout, records[:whole])
    return told + bytes(len(raw) - len(told))


def _numbered(layout: Layout, records: bytes) -> bytes:
    numbers: dict[object, int] = {}
    pack = _PACK[layout.name]
    told = []
    for row in layout.struct.iter_unpack(records):
        named, verify, time, state = layout.pick(row)
        known = layout.user(named) != ""
        number = numbers.setdefault(named, len(numbers) + 1) & 0xFFFF if known else 0
        told.append(pack(number, named, verify, time, state))
    return b"".join(told)


class LogParts:
    """The packets of a log as they came, and their entries on the tape, which `finish` fills in."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, Packet, Entry]] = []
        self._raw = bytearray()

    def add(self, at: int, packet: Packet, entry: Entry) -> None:
        """A piece from byte `at` of the data set on; what follows no other piece is left as it is."""
        if at <= len(self._raw):
            self._raw[at : at + len(packet.data)] = packet.data
            self._parts.append((at, packet, entry))

    def finish(self, counter: int) -> None:
        """Put the pieces on the tape without the people, if they can be told apart from the rest."""
        told = nameless(bytes(self._raw), counter) if len(self._raw) > HEAD else None
        for at, packet, entry in self._parts if told else ():
            data = (told or b"")[at : at + len(packet.data)]
            entry.clear()
            entry.update({"packet": encode(*packet._replace(data=data)).hex(), "nameless": True})
        self._parts.clear()
