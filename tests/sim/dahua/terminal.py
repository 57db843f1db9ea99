"""What a Dahua terminal remembers and says: access records with rising RecNo, clock, serial number."""

import calendar
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import parse_qs

from tests.sim.dahua.faults import Faults
from tests.sim.dahua.people import People
from tests.sim.web import Answer, WebDevice

CARD, FINGER, FACE, REMOTE, BUTTON = 1, 6, 15, 4, 5
METHODS = (CARD, FINGER, FACE)
STATES = {0: 1, 1: 4, 2: 2, 3: 3, 4: 5, 5: 6}
"""The key that was pressed -> AttendanceState."""
ALWAYS = datetime.fromisoformat("1970-01-01T00:00:00"), datetime.fromisoformat("2099-12-31T00:00:00")
REFUSED = b"Error\r\nBad Request!\r\n"


class Record(NamedTuple):
    """One access record; time is the wall clock at it."""

    number: int
    time: datetime
    user: str
    method: int = FACE
    status: int = 1
    error: int = 0
    state: int = 0
    name: str = ""


@dataclass(kw_only=True, eq=False, repr=False)
class Terminal(WebDevice):
    """One simulated terminal."""

    serial: str = "DAHUASIM000001"
    model: str = "ASI7213Y"
    realm: str = "Login to 7J0A1D2PAZ00001"
    faults: Faults = field(default_factory=Faults)
    people: People = field(default_factory=People)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.log: list[Record] = []
        self._newest = 0

    def record(self, at: datetime, user: str, **other: object) -> Record:
        """Record an access, granted or not."""
        with self.lock:
            self._newest += 1
            made = Record(self._newest, at.replace(microsecond=0), user, **other)  # type: ignore[arg-type]
            self.log.append(made)
        return made

    def punch(
        self, user: str, *, at: datetime | None = None, state: int = -1, method: int = FACE, uid: int = 0
    ) -> Record:
        """A person passes at `at` (default: its own clock now)."""
        self.emitted += 1
        key = STATES.get(state, 0)
        return self.record(at or self.clock(), user, method=method, state=key, name=f"员工{user}")

    def load(self, punches: Iterable[tuple[str, datetime, int]]) -> None:
        """A past: (user, time, state), methods in turn, with a stranger after every tenth."""
        for turn, (user, at, state) in enumerate(punches):
            self.punch(user, at=at, state=state, method=METHODS[turn % 3])
            if turn % 10 == 9:
                self.record(at + timedelta(seconds=1), "", status=0, error=16)

    @property
    def punches(self) -> list[Record]:
        """The records that are a punch."""
        return [record for record in self.log if record.status == 1 and record.user]

    def reset(self) -> None:
        """Factory reset: the records are gone and numbers begin anew."""
        with self.lock:
            self.log.clear()
            self._newest = 0

    clear = reset

    def answer(self, method: str, path: str, query: str, body: bytes) -> Answer:
        """See `WebDevice`."""
        asked = {key: values[0] for key, values in parse_qs(query).items()}
        action = asked.get("action", "")
        if action in self.faults.unsupported:
            return Answer(REFUSED, "text/plain", 400)
        told = {
            "getSerialNo": f"sn={self.serial}\r\n",
            "getDeviceType": f"type={self.model}\r\n",
            "getSoftwareVersion": f"version={self.firmware}\r\n",
            "getCurrentTime": f"result={self.clock():%Y-%m-%d %H:%M:%S}\r\n",
        }
        if action in told:
            return Answer(told[action].encode(), "text/plain;charset=utf-8")
        if action == "setCurrentTime":
            wanted = datetime.fromisoformat(asked["time"])
            self.set_clock((wanted - self.true_time()).total_seconds())
            return Answer(b"OK\r\n", "text/plain")
        if path == "/cgi-bin/recordFinder.cgi" and asked.get("name") == "AccessControlCard":
            return Answer(self.people.find(asked).encode(), "text/plain;charset=utf-8")
        if path == "/cgi-bin/recordFinder.cgi" and action == "find":
            return self._find(asked)
        if path in ("/cgi-bin/recordUpdater.cgi", "/cgi-bin/AccessUser.cgi"):
            return self._change(path, action, asked)
        return Answer(REFUSED, "text/plain", 400)

    def _change(self, path: str, action: str, asked: dict[str, str]) -> Answer:
        people = self.people
        with self.lock:
            if path == "/cgi-bin/AccessUser.cgi":
                said = people.of_user(action, asked.get("UserIDList[0]", ""))
            else:
                changes = {"insert": people.insert, "update": people.update, "remove": people.remove}
                said = changes[action](asked) if people.old_updater and action in changes else None
                self.after_people(path)
        if said is None:
            return Answer(REFUSED, "text/plain", 200 if self.faults.refuse_word else 400)
        return Answer(said.encode(), "text/plain")

    def _find(self, asked: dict[str, str]) -> Answer:
        faults, span = self.faults, self._span(asked)
        if faults.refuse_all or span is None or asked.get("name") != "AccessControlCardRec":
            return Answer(REFUSED, "text/plain", 200 if faults.refuse_word else 400)
        with self.lock:
            found = [record for record in self.log if span[0] <= record.time <= span[1]]
        if not faults.by_number:
            found.sort(key=lambda record: record.time)
        if faults.newest_first:
            found.reverse()
        page = found[: min(int(asked.get("count", "1024")), faults.count_max)]
        told = len(page) + (faults.repeat and bool(page))
        handed = [*page, *page[-1:]] if faults.repeat else page[: len(page) - faults.short]
        if faults.stuck:
            handed = self.log[: faults.stuck]
            told = len(handed)
        lines = [f"found={faults.found or told + faults.count}"]
        if faults.total:
            lines.insert(0, f"totalCount={len(found)}")
        for index, record in enumerate(handed):
            lines += [f"records[{index}].{key}={value}" for key, value in self._fields(record)]
        return Answer(("\r\n".join(lines) + "\r\n").encode(), "text/plain;charset=utf-8")

    def _span(self, asked: dict[str, str]) -> tuple[datetime, datetime] | None:
        """The wall clock asked for; None where this firmware refuses it."""
        faults, given = self.faults, [asked.get("StartTime"), asked.get("EndTime")]
        if faults.ignore_times or given == [None, None]:
            return ALWAYS
        if faults.refuse_times:
            return None
        texts = [bool(re.fullmatch(r"\d+-\d+-\d+ \d+:\d+:\d+", told or "")) for told in given]
        if all(texts):
            first, last = (datetime.fromisoformat(told or "") for told in given)
            return first, last
        if faults.refuse_epoch or any(texts) or None in given:
            return None
        first, last = (ALWAYS[0] + timedelta(seconds=int(told or "0")) for told in given)
        return first + self._shift(), last + self._shift()

    def _shift(self) -> timedelta:
        shift = datetime.now(self.zone).utcoffset()
        return timedelta() if self.faults.local_epoch or shift is None else shift

    def _fields(self, record: Record) -> Iterator[tuple[str, object]]:
        faults = self.faults
        epoch = calendar.timegm((record.time - self._shift()).timetuple())
        time: object = f"{record.time:%Y-%m-%d %H:%M:%S}" if faults.text_times else epoch
        fields: dict[str, object] = {
            "AttendanceState": record.state,
            "CardName": record.name,
            "CardNo": "",
            "CreateTime": "2026-02-31 08:00:00" if record.number in faults.bad_date else time,
            "Door": 0,
            "ErrorCode": record.error,
            "Method": record.method,
            "ReaderID": 1,
            "RecNo": record.number,
            "Status": record.status,
            "Type": "Entry",
            "URL": f"/mnt/appdata1/userpic/{record.number}.jpg",
            "UserID": "" if record.number in faults.nobody else record.user,
        }
        return ((key, value) for key, value in fields.items() if key not in faults.missing)
