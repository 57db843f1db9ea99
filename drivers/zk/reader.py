"""Reads the log of one terminal into a Link, and remembers what of it we have.

`known` follows every read of this connection that brought what was announced, `complete_until` only those
that also found no fewer records than the counter said before; a read that fell short is repeated once. The
cursor follows every block: what stands before it is stored, and its last records are looked at again.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from drivers.base import DeviceOffline, Link, Reject
from drivers.room import ROOM
from drivers.zk.dataset import DataSet, dataset
from drivers.zk.frames import Cmd
from drivers.zk.log import OVERLAP, Found, Known, LayoutRefused, find_all, find_tail, tail_hash
from drivers.zk.options import ZkOptions
from drivers.zk.punches import readings
from drivers.zk.records import LAYOUTS, Layout, decode, decode_users
from drivers.zk.wire import Wire

ALL_USERS = 5
"""The function code of the user table."""
USERS_MAX = 4 << 20
"""More bytes than that are no user table: 58,000 rows."""


class Reader:
    """The log of the terminal `serial`; `known` is what we have of it."""

    def __init__(
        self, wire: Wire, link: Link, serial: str, options: ZkOptions, look: Callable[[], None]
    ) -> None:
        """`look` tells the Link the terminal's clock: before the newest records, it may just have jumped."""
        self._wire = wire
        self._look = look
        self._link = link
        self._encoding = options.encoding
        self._by_hand = options.layout_by_hand
        self.known = Known.parse(link.cursor, serial)
        if self._by_hand and self._by_hand != self.known.layout:
            self.known = Known(serial)
        self.records = 0
        """How many records the last read found, known ones included."""
        self.tail_works = False
        """Reading the end of the log tells what is new; not so where a whole read followed for nothing."""

    @property
    def layout(self) -> Layout | None:
        """The record layout, once it is certain."""
        return LAYOUTS.get(self._by_hand or self.known.layout)

    def read(self, counter: int, users: int, began: str | None, whole: bool) -> bool:
        """Emit what is new; True when the read was complete, and then cursor and watermark have moved.

        counter, users: as the terminal counts them. began: its clock before the read. whole: trust no cursor.
        """
        for again in (False, True):
            came = self._read_once(counter, users, whole and not again)
            if came and self.known.count >= counter:
                self._link.emit([], self.known.text(), began)
                return True
        return False

    def _read_once(self, counter: int, users: int, whole: bool) -> bool:
        """One pass over the log; True when as much came as was announced."""
        names, before = self._names(users), self.known
        with dataset(self._wire, Cmd.ATTENDANCE) as log:
            tail = None if whole else find_tail(log, before)
            self._link.reading(whole=tail is None)
            found = tail or self._find_all(log, counter)
            if found is None:
                self.known, self.tail_works = replace(before, count=0, tail=tail_hash(b"")), False
                self.records = 0
                return True
            if found.layout.has_user or names is not None:
                read = self.take(found, names or {})
                self.records, came = read.count, read.count * found.layout.size == log.total
                self.known = read if came else replace(before, layout=read.layout)
                useless = not (tail or whole) and self.known == before
                self.tail_works = log.seekable and not useless
                return came
        self.known = replace(before, layout=found.layout.name)
        return self._read_once(counter, users, whole)

    def _find_all(self, log: DataSet, counter: int) -> Found | None:
        try:
            return find_all(log, self.known, self._by_hand, counter)
        except LayoutRefused as refused:
            self._link.emit([], self._link.cursor, rejects=[Reject.frame(refused.cause, refused.head)])
            raise

    def take(self, found: Found, names: dict[str, str]) -> Known:
        """Emit what was found, block by block, and return what is known then; names: see `readings`.

        The cursor moves with each block: whoever breaks off goes on from there.
        """
        serial, size = self.known.serial, found.layout.size
        count, tail = found.before, found.tail
        known = Known(serial, found.layout.name, count, tail_hash(tail))
        for block in _before_last(found.blocks, self._look):
            count += len(block) // size
            tail = (tail + block)[-OVERLAP * size :]
            known = replace(known, count=count, tail=tail_hash(tail))
            with ROOM.of(len(block) // size):
                records, bad = decode(found.layout, block)
                rejects = [Reject.record(reason, raw) for reason, raw in bad]
                self._link.emit(readings(serial, records, names), known.text(), rejects=rejects)
                del records, bad, rejects
        return known

    def _names(self, users: int) -> dict[str, str] | None:
        """The users of this moment by uid, where the log names nobody: a uid is given to others later."""
        if self.layout is None or self.layout.has_user:
            return None
        with dataset(self._wire, Cmd.USERS, ALL_USERS) as table:
            data = table.all(USERS_MAX)
            if data is None:
                raise DeviceOffline("garbled", f"no whole user table of {table.total} bytes came")
        found = decode_users(data, users, self._encoding)
        if found is None:
            raise DeviceOffline("garbled", f"a user table of {len(data)} bytes, {users} users")
        return {f"uid:{user.uid}": user.user_id for user in found if user.user_id}


def _before_last(blocks: Iterator[bytes], look: Callable[[], None]) -> Iterator[bytes]:
    """The same blocks; `look` is called when all are here, before the last."""
    held = b""
    for block in blocks:
        if held:
            yield held
        held = block
    if held:
        look()
        yield held
