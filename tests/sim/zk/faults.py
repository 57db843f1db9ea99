"""What can go wrong with a terminal or its line: switches that tests flip at run time, all off by default."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.sim.zk.layouts import Punch
from tests.sim.zk.wire import Cmd, Packet

Datagrams = set[int] | Callable[[int], bool]
"""Numbers of outgoing datagrams, counted from 0 since the start of the terminal; or a rule over them."""
Tell = Callable[[Packet | None, list[Packet]], list[Packet]]
Spoil = Callable[[list[bytes]], list[bytes]]


@dataclass(slots=True)
class Faults:
    """Every fault of one terminal. Counters and lists are used up as they strike."""

    counter: int = 0
    """Added to the record counter it reports."""
    counter_zero: bool = False
    """The record counter reads 0, whatever the log holds."""
    punch_during_read: list[Punch] = field(default_factory=list)
    """Recorded when the next read of the log is asked for, before its snapshot is taken."""
    close_after_bytes: int | None = None
    """Hang up once this many bytes of one dataset have left."""
    hang_after_bytes: int | None = None
    """Fall silent once this many bytes of one dataset have left, until this is None again."""
    silent: bool = False
    """Take connections and bytes, answer nothing, send no live event."""
    refuse_session: int | None = None
    """Answer CONNECT and AUTH with this code: 6001 as encrypting firmware does, 2005 for ever."""
    foreign: bytes | None = None
    """Answer any input with these bytes, as a device of another protocol would."""
    udp_lose: Datagrams = field(default_factory=set)
    udp_duplicate: Datagrams = field(default_factory=set)
    udp_reorder: Datagrams = field(default_factory=set)
    """These change places with the datagram after them."""
    bad_checksum: int = 0
    """Spoil the checksum of this many outgoing packets."""
    name_max: int = 24
    """Longer names are cut without a word."""
    before_change: Callable[[], object] = lambda: None
    after_change: Callable[[], object] = lambda: None
    """Called before a change of the user table, and between it and its answer; OSError ends the line."""
    slow_s: float = 0.0
    """Wait so long before each reply."""
    unsupported: set[int] = field(default_factory=set)
    """Commands this firmware does not know."""
    deaf_to: set[int] = field(default_factory=set)
    """Commands it never answers."""
    tell: Tell = lambda _request, packets: packets
    """What it says in place of these packets; the request is None for live events."""
    spoil_wire: Spoil = lambda pieces: pieces
    """What goes out in place of these frames (TCP) or datagrams (UDP)."""
    unsupported_reply: int = Cmd.UNKNOWN
    """What it says to them: 65535, some firmwares 2001."""

    def spoil(self) -> bool:
        """True for each packet whose checksum is to be wrong."""
        if self.bad_checksum <= 0:
            return False
        self.bad_checksum -= 1
        return True

    def data_limit(self) -> int | None:
        """Bytes of a dataset after which something happens to the connection."""
        limits = [limit for limit in (self.close_after_bytes, self.hang_after_bytes) if limit is not None]
        return min(limits, default=None)


def strikes(which: Datagrams, number: int) -> bool:
    """Whether outgoing datagram `number` is meant."""
    return which(number) if callable(which) else number in which


def cut_at(packets: Sequence[Packet], budget: int, overhead: int) -> int | None:
    """Where in the joined bytes of `packets` the dataset byte number `budget` ends; None: not in here.

    overhead: bytes before each packet's data.
    """
    position = 0
    for packet in packets:
        if packet.command == Cmd.DATA:
            if budget <= len(packet.data):
                return position + overhead + max(0, budget)
            budget -= len(packet.data)
        position += overhead + len(packet.data)
    return None
