"""What a Hikvision terminal remembers and says: its log with rising numbers, users, clock."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from tests.sim.isapi.beside import Beside
from tests.sim.isapi.faults import Faults
from tests.sim.isapi.people import People
from tests.sim.isapi.pushing import Push
from tests.sim.isapi.search import search, told
from tests.sim.web import Answer, WebDevice

VER20 = "http://www.isapi.org/ver20/XMLSchema"
OLD = "http://www.hikvision.com/ver20/XMLSchema"
CARD, FINGER, FACE, DENIED, UNKNOWN_FACE, DOOR = 1, 38, 75, 8, 76, 21
PASSES = (CARD, FINGER, FACE)
TAMPER, CLOCK_SET, NTP, RESTORED = (1, 1028), (3, 1028), (3, 1029), (3, 1034)
"""Major and minor: the case was opened; the clock set from afar, by NTP; settings restored at the menu."""
LACK = {
    "statusCode": 6,
    "statusString": "Invalid Content",
    "subStatusCode": "MessageParametersLack",
    "errorCode": 1610612761,
    "errorMsg": "MessageParametersLack",
}


class Event(NamedTuple):
    """One line of the log; state as the key pressed (0 in … 5 overtime out, -1 none)."""

    number: int
    major: int
    minor: int
    time: datetime
    user: str = ""
    state: int = -1
    name: str = ""
    card: str = ""
    front: int | None = None


@dataclass(kw_only=True, eq=False, repr=False)
class Terminal(WebDevice):
    """One simulated terminal. cyclic_delete: oldest events dropped when full; 0: it records no more."""

    serial: str = "DS-K1T341AM20220210V030230ENSIM000001"
    model: str = "DS-K1T341AM"
    realm: str = "DS-K1T341AM"
    namespace: str = VER20
    offset: str = "+08:00"
    """What its times end in, right or wrong."""
    capacity: int = 150_000
    cyclic_delete: int = 3000
    users: int = 12
    people: People = field(default_factory=People)
    time_mode: str = "manual"
    faults: Faults = field(default_factory=Faults)
    beside: Beside = field(default_factory=Beside)
    push: Push | None = None
    """Where it pushes its events to."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.log: list[Event] = []
        self.searches: list[dict[str, Any]] = []
        self.stuck_page: list[Event] = []
        self._newest = 0
        self.event(2, 1024, self.clock())

    def event(self, major: int, minor: int, at: datetime, user: str = "", **other: Any) -> bool:
        """Record an event; False when the log is full."""
        with self.lock:
            if len(self.log) >= self.capacity:
                if not self.cyclic_delete:
                    return False
                del self.log[: self.cyclic_delete]
            front, self._newest = self._newest, self._newest + 1
            self.log.append(Event(self._newest, major, minor, at, user, front=front, **other))
            if self.push:
                self._push_event(self.push, self.log[-1])
        return True

    def _push_event(self, push: Push, event: Event) -> None:
        item = told(self, event)
        time = item.pop("time")
        inner = {"majorEventType": item.pop("major"), "subEventType": item.pop("minor"), **item}
        push.tell(self.host, time, "AccessControllerEvent", {"AccessControllerEvent": inner})

    def beat(self) -> None:
        """A heartbeat, as it sends every half minute."""
        if self.push:
            self.push.tell(self.host, self.clock().isoformat() + self.offset, "heartBeat", {})

    def start(self) -> None:
        """See `WebDevice`."""
        super().start()
        if self.push:
            self.push.start()

    def stop(self) -> None:
        """See `WebDevice`."""
        if self.push:
            self.push.stop()
        super().stop()

    def punch(
        self, user: str, *, at: datetime | None = None, state: int = -1, minor: int = FACE, uid: int = 0
    ) -> bool:
        """A person passes at `at` (default: its own clock now)."""
        name = f"员工{user}"
        done = self.event(5, minor, at or self.clock(), user, state=state, name=name, card=str(90_000 + uid))
        self.emitted += done
        return done

    def load(self, punches: Iterable[tuple[str, datetime, int]]) -> None:
        """A past: (user, time, state), methods in turn, with a door event after every tenth."""
        for turn, (user, at, state) in enumerate(punches):
            self.punch(user, at=at, state=state, minor=PASSES[turn % 3])
            if turn % 10 == 9:
                self.event(5, DOOR, at + timedelta(seconds=1))

    @property
    def punches(self) -> list[Event]:
        """The events of the log that are a punch."""
        return [event for event in self.log if event.major == 5 and event.minor in PASSES]

    def clear(self) -> None:
        """Somebody clears the log; numbers go on."""
        with self.lock:
            self.log.clear()

    def reset(self) -> None:
        """Factory reset: the log is gone and numbers begin anew."""
        with self.lock:
            self.log.clear()
            self._newest = 0
            self.event(2, 1024, self.clock())

    def tamper(self) -> None:
        """Somebody opens its case."""
        self.event(*TAMPER, self.clock())

    def prune(self, count: int) -> None:
        """The oldest events make room."""
        with self.lock:
            del self.log[:count]

    def move_zone(self, hours: int, offset: str) -> None:
        """Somebody sets another zone: the clock and every time in the log are shown in it."""
        with self.lock:
            self.offset = offset
            self.log = [event._replace(time=event.time + timedelta(hours=hours)) for event in self.log]
            self.clock_offset_s += hours * 3600

    def answer(self, method: str, path: str, query: str, body: bytes) -> Answer:
        """See `WebDevice`."""
        if path in self.faults.unsupported:
            return self._told({"ResponseStatus": {"statusString": "notSupport"}}, status=403)
        if path == "/ISAPI/System/deviceInfo":
            info = {"deviceName": "Access Controller", "model": self.model, "serialNumber": self.serial}
            return self._xml({"DeviceInfo": {**info, "firmwareVersion": self.firmware}})
        if path == "/ISAPI/System/time":
            if method == "PUT":
                wanted = re.search(r"<localTime>(.{19})", body.decode())
                if wanted is None or "<timeZone>CST-8:00:00<" not in body.decode():
                    return self._told({"statusCode": 6}, status=400)
                self.set_clock((datetime.fromisoformat(wanted[1]) - self.true_time()).total_seconds())
                self.event(*CLOCK_SET, self.clock())
                return self._xml({"ResponseStatus": {"statusCode": 1, "statusString": "OK"}})
            shown = self.clock().isoformat() + self.offset
            return self._xml(
                {"Time": {"timeMode": self.time_mode, "localTime": shown, "timeZone": "CST-8:00:00"}}
            )
        if (told := self.beside.answer(method, path, body)) is not None:
            return self._told(told)
        if path == "/ISAPI/AccessControl/UserInfo/Count":
            known = len(self.people.known) + len(self.beside.enrolled)
            return self._told({"UserInfoCount": {"userNumber": self.users + known}})
        with self.lock:
            if (about := self.people.answer(method, path, body)) is not None:
                self.after_people(path)
                return self._told(about[1], status=about[0])
        if path == "/ISAPI/AccessControl/AcsEventTotalNum":
            return self._told({"AcsEventTotalNum": {"totalNum": len(self.log)}})
        if path == "/ISAPI/AccessControl/AcsEvent" and method == "POST":
            asked = json.loads(body)["AcsEventCond"]
            self.searches.append(asked)
            if self.faults.need_times and "startTime" not in asked:
                return self._told(LACK, status=400)
            with self.lock:
                return self._told({"AcsEvent": search(self, asked)})
        return self._told({"statusCode": 4, "subStatusCode": "notSupport"}, status=404)

    def _told(self, document: dict[str, Any], status: int = 200) -> Answer:
        if self.faults.xml and len(document) == 1:
            return self._xml(document)._replace(status=status)
        return Answer(json.dumps(document, ensure_ascii=False).encode(), status=status)

    def _xml(self, document: dict[str, Any]) -> Answer:
        ((name, inner),) = document.items()
        text = f'<{name} version="2.0" xmlns="{self.namespace}">{_elements(inner)}</{name}>'
        return Answer(b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode(), "application/xml")


def _elements(inner: Any) -> str:
    if isinstance(inner, dict):
        return "".join(f"<{name}>{_elements(value)}</{name}>" for name, value in inner.items())
    if isinstance(inner, list):
        return "".join(f"<Info>{_elements(each)}</Info>" for each in inner)
    return escape(str(inner))
