"""Streamed data put back in order. Pure.

A stream is `PREPARE_DATA` (u32 size), then `DATA` packets whose session field is their index 0, 1, 2…;
a small answer is one bare `DATA` packet with the real session there. UDP may lose, double and reorder
them; TCP does not, and there the index is not needed.
"""

from drivers.zk.frames import Packet

AHEAD_MAX = 256
"""Packets kept that came before their turn; what is beyond is asked for again."""


class Parts:
    """The data of one answer. `whole` when as much came as was announced."""

    def __init__(self, session: int, size: int | None, by_index: bool) -> None:
        self._session = session
        self._size = size
        self._by_index = by_index
        self._ahead: dict[int, bytes] = {}
        self._next = 0
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
        """What can be handed on now, in order."""
        if not self._by_index:
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

    def _take(self, ready: list[bytes]) -> list[bytes]:
        if self._size is None and ready:
            self._size = _said(ready[0])
        self.received += sum(map(len, ready))
        return ready


def _said(data: bytes) -> int:
    """The size of a data set, which begins with the count of the bytes that follow."""
    return 4 + int.from_bytes(data[:4], "little")
