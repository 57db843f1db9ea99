"""What of a terminal's log is new: the tail where the log still is what we know, else all of it.

A log has no record ids. What we know of it is how many records we have and the hash of the last of them:
if those stand where they stood, only what follows is new. Anything else costs a full read, never a wrong
count, since every record names itself by its content.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import chain

from drivers.base import EMIT_MAX, DeviceRefused
from drivers.zk.dataset import DataSet
from drivers.zk.layout import SAMPLE, choose, still_fits
from drivers.zk.records import LAYOUTS, Layout
from drivers.zk.wire import Denied

OVERLAP = 8
"""Known records read again before the new ones."""


@dataclass(frozen=True, slots=True)
class Known:
    """What we have of the log of one terminal; the driver's cursor. `layout` is "" until a log was seen."""

    serial: str
    layout: str = ""
    count: int = 0
    tail: str = ""

    @classmethod
    def parse(cls, text: str | None, serial: str) -> "Known":
        """What a cursor says; nothing is known by a broken one or by that of another terminal."""
        try:
            known = cls(**json.loads(text or "{}"))
            good = isinstance(known.tail, str) and known.layout in ("", *LAYOUTS) and known.count >= 0
        except (ValueError, TypeError):
            return cls(serial)
        return known if good and known.serial == serial else cls(serial)

    def text(self) -> str:
        """The cursor."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be read: `blocks` of up to EMIT_MAX records, after `before` known ones ending in `tail`."""

    layout: Layout
    before: int
    tail: bytes
    blocks: Iterator[bytes]


class LayoutRefused(DeviceRefused):
    """No layout, or another than before; `head` is what was looked at."""

    def __init__(self, cause: str, detail: str, head: bytes) -> None:
        super().__init__(cause, detail)
        self.head = head


def tail_hash(raw: bytes) -> str:
    """How the last records are remembered."""
    return sha256(raw).hexdigest()


def find_tail(log: DataSet, known: Known) -> Found | None:
    """What follows the known records, or None when the log must be read whole."""
    layout = LAYOUTS.get(known.layout)
    if layout is None or not known.count or not log.seekable or log.total < known.count * layout.size:
        return None
    if log.total % layout.size:
        return None
    overlap = min(OVERLAP, known.count) * layout.size
    parts = log.parts(known.count * layout.size - overlap)
    try:
        head = _collect(parts, overlap)
    except Denied:
        return None
    if tail_hash(head[:overlap]) != known.tail:
        return None
    blocks = _blocks(chain((head[overlap:],), parts), layout.size)
    return Found(layout, known.count, head[:overlap], blocks)


def find_all(log: DataSet, known: Known, by_hand: str | None, counter: int) -> Found | None:
    """The whole log, in the layout set by hand, the known one, or the one that fits; None when empty."""
    parts = log.parts()
    head = _collect(parts, SAMPLE)
    if not log.total:
        return None
    layout = _layout(head, log.total, by_hand, known, counter)
    return Found(layout, 0, b"", _blocks(chain((head,), parts), layout.size))


def _layout(head: bytes, total: int, by_hand: str | None, known: Known, counter: int) -> Layout:
    pinned = LAYOUTS.get(by_hand or known.layout)
    if pinned is None:
        chosen = choose(head, total, counter)
        if chosen is None:
            raise LayoutRefused("layout_unknown", f"{total} bytes, counter {counter}", head)
        return chosen
    if by_hand and total % pinned.size:
        raise LayoutRefused("layout_unknown", f"{total} bytes are no records of {by_hand}", head)
    if not by_hand and not still_fits(pinned, head, total):
        raise LayoutRefused("layout_changed", f"{total} bytes no longer are records of {known.layout}", head)
    return pinned


def _collect(parts: Iterator[bytes], least: int) -> bytes:
    """The first `least` bytes or more, all if there are fewer."""
    head = bytearray()
    for part in parts:
        head += part
        if len(head) >= least:
            break
    return bytes(head)


def _blocks(parts: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in blocks of `EMIT_MAX` whole records; an incomplete last record is left out."""
    block = size * EMIT_MAX
    rest = bytearray()
    for part in parts:
        rest += part
        for _ in range(len(rest) // block):
            yield bytes(rest[:block])
            del rest[:block]
    if whole := len(rest) - len(rest) % size:
        yield bytes(rest[:whole])
