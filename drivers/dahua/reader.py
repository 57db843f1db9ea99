"""Reads the records of one terminal into a Link; what came before is not sent again within a life."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic

from drivers.base import EMIT_MAX, DeviceRefused, Link, Reading, Reject
from drivers.dahua.cgi import FAR, Cgi
from drivers.dahua.known import Known
from drivers.dahua.records import Access, access, moment, reading
from drivers.dahua.walk import COUNT, Limits, Walk

AHEAD_S = 1800
STEPS_A_ROUND = 20
"""Of a whole read, between two looks for news."""
BLIND_S = 60.0
"""How often all is read where a terminal cannot be asked by time."""
HELD_MAX = 20_000
Key = tuple[int, int | None, str]


class Reader:
    """The records of the terminal `serial`; `known` is what we have of them."""

    def __init__(
        self,
        cgi: Cgi,
        link: Link,
        serial: str,
        methods: Mapping[int, str],
        look: Callable[[], object],
        checked: bool,
    ) -> None:
        """`look` tells the Link the terminal's clock, and us. checked: its times are held against it."""
        self._cgi, self._link, self._methods, self._look = cgi, link, methods, look
        self._checked = checked
        self.known = Known.parse(link.cursor, serial)
        self._held: dict[Key, None] = {}
        self._read_at: float | None = None
        self._clock: int | None = None
        self._fault = ""
        self._again: Walk | None = None
        self._newest = 0
        self._limits = Limits()

    @property
    def notes(self) -> Mapping[str, str]:
        """What is wrong with the last read."""
        return {"answers_contradict": self._fault} if self._fault else {}

    @property
    def rereading(self) -> bool:
        """A whole read was begun and has not ended."""
        return self._again is not None

    def catch_up(self) -> bool:
        """Emit what is new; True when everything was read and nothing speaks against that."""
        elapsed = None if self._read_at is None else monotonic() - self._read_at
        if self._limits.blind and elapsed is not None and elapsed < BLIND_S:
            return False
        began, shown = monotonic(), self._look()
        self._clock = moment(shown, 0) if isinstance(shown, str) else None
        if not self.known.newest and self._clock is not None:
            ahead = self._cgi.find(self._clock + AHEAD_S, FAR + self._cgi.shift_s, COUNT)
            self._check([at for told in ahead.records if (at := access(told, self._cgi.shift_s).at)])
        self._newest = self.known.newest
        walk = self._walk(self.known.since(self._clock, elapsed))
        while not walk.done and not self._link.stop.is_set():
            self._step(walk)
        self._fault = walk.fault
        if walk.done and not walk.fault:
            self._read_at = began
            self._emit([], self._newest)
        return walk.done and not walk.fault

    def begin_again(self) -> None:
        """From now on `read_again` reads everything."""
        self._again = self._walk(0)

    def read_again(self) -> bool:
        """Read a piece of everything; True when that was the last."""
        for _ in range(STEPS_A_ROUND):
            if self._again is None or self._link.stop.is_set():
                break
            self._step(self._again)
            if self._again.done:
                self._fault, self._again = self._again.fault, None
        return self._again is None

    def _walk(self, begin: int) -> Walk:
        self._limits.blind |= not self._cgi.by_time
        shift_s = self._cgi.shift_s
        return Walk(self._cgi.find, begin, FAR + shift_s, shift_s, self._limits)

    def _step(self, walk: Walk) -> None:
        records = walk.step()
        times = [record.at for record in records if record.at is not None]
        self._check(times)
        self._newest = max([self._newest, *times])
        safe = not walk.fault and not self._limits.blind and walk is not self._again
        self._emit(
            records, max(self.known.newest, min(walk.whole_to, self._newest)) if safe else self.known.newest
        )

    def _check(self, times: list[int]) -> None:
        """Records of the future: does this firmware count local time as if it were UTC?"""
        if not self._checked or self._clock is None or not times:
            return
        ahead = max(times) - self._clock
        fresh = abs(ahead - self._cgi.shift_s) < AHEAD_S // 2
        if ahead > AHEAD_S and (fresh or not self.known.newest):
            raise DeviceRefused("epoch_unclear", f"its newest record is {ahead // 60} min ahead of its clock")

    def _emit(self, records: list[Access], newest: int) -> None:
        fresh = {_key(record): record for record in records if _key(record) not in self._held}
        told = [reading(self.known.serial, record, self._methods) for record in fresh.values()]
        readings = [each for each in told if isinstance(each, Reading)]
        rejects = [each for each in told if isinstance(each, Reject)]
        known = replace(self.known, newest=newest)
        while len(readings) > EMIT_MAX:
            self._link.emit(readings[:EMIT_MAX], self._link.cursor)
            del readings[:EMIT_MAX]
        if readings or rejects or known != self.known:
            self._link.emit(readings, known.text(), rejects=rejects)
        self.known = known
        self._held |= dict.fromkeys(fresh)
        for key in list(self._held)[: len(self._held) - HELD_MAX]:
            del self._held[key]


def _key(record: Access) -> Key:
    return record.number, record.at, record.told.get("UserID", "")
