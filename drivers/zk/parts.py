"""Streamed data put back in order. Pure.

A stream is `PREPARE_DATA` (u32 size), then `DATA` packets whose session field is their index 0, 1, 2…;
a small answer is one bare `DATA` packet with the real session there. UDP may lose, double and reorder
them; TCP does not.

Nothing in a record says where it begins: one byte too many in a packet, and all that follows becomes punches
of nobody. So all packets but the last must be equally long, the last must end where the stream does, and over
TCP their indexes must count up, unless they all bear the same.
"""

from drivers.zk.frames import Packet

AHEAD_MAX = 256
"""Packets kept that came before their turn; what is beyond is asked for again."""


class Uneven(ValueError):
    """A stream that does not add up: nothing of it can be told apart any more."""


class Parts:
    """The data of one answer. `whole` when as much came as was announced."""

    def __init__(self, session: int, size: int | None, by_index: bool) -> None:
        self._session = session
        self._size = size
        self._by_index = by_index
        self._ahead: dict[int, bytes] = {}
        self._next = 0
        self._length = self._session_first = 0
        """Length and session field of the first packet."""
        self._counts_up: bool | None = None
        self.received = 0
        """Bytes handed on, all of them in order."""

    @property
    def whole(self) -> bool:
        """Everything is there."""
        return self._size is not None and self.received >= self._size

    def announced(self, data: bytes) -> None:
        """Note the size the terminal announces, unless the request said it."""
        if self._size is None:
            self._size = int.from_bytes(data[:4], "little")

    def add(self, packet: Packet) -> list[bytes]:
        """What can be handed on now, in order; Uneven."""
        if not self._by_index:
            self._follow(packet.session)
            return self._take([packet.data])
        index = 0 if self._is_bare(packet) else packet.session
        if self._next <= index < self._next + AHEAD_MAX:
            self._ahead[index] = packet.data
        ready = []
        while self._next in self._ahead:
            ready.append(self._ahead.pop(self._next))
            self._next += 1
        return self._take(ready)

    def _is_bare(self, packet: Packet) -> bool:
        size = _said(packet.data) if self._size is None else self._size
        return packet.session == self._session and len(packet.data) == size

    def _follow(self, index: int) -> None:
        """The next packet of a line that keeps their order bears this index, if it is one."""
        if self._next == 0:
            self._session_first = index
        elif self._counts_up is None:
            self._counts_up = index != self._session_first
        expected = self._next & 0xFFFF if self._counts_up else self._session_first
        if index != expected:
            raise Uneven(f"packet {self._next} of a stream bears {index}")
        self._next += 1

    def _take(self, ready: list[bytes]) -> list[bytes]:
        if self._size is None and ready:
            self._size = _said(ready[0])
        for data in ready:
            self._fit(len(data))
        return ready

    def _fit(self, length: int) -> None:
        """A packet so long comes next in order."""
        first, self.received = self._length or length, self.received + length
        self._length = first
        left = (self._size or 0) - self.received
        if left < 0 or (left and length != first):
            raise Uneven(f"a packet of {length} bytes, {left} before the end; the first had {first}")


def _said(data: bytes) -> int:
    """The size of a data set, which begins with the count of the bytes that follow."""
    return 4 + int.from_bytes(data[:4], "little")
