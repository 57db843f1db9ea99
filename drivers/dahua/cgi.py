"""The questions put to one terminal, in the dialect it understands: times as epoch, as local text, or none.

Which dialect it is, is found out once in each life: what a firmware refuses, it refuses with 400 or «Error».
"""

from typing import Literal
from urllib.parse import quote_plus

from drivers.base import DeviceOffline, DeviceRefused
from drivers.dahua.lines import Found, found, values
from drivers.dahua.people import People
from drivers.dahua.records import moment, wall_clock
from drivers.http.client import Client, trouble
from drivers.http.line import Answer
from drivers.http.rounds import Identity

SERIAL = "/cgi-bin/magicBox.cgi?action=getSerialNo"
MODEL = "/cgi-bin/magicBox.cgi?action=getDeviceType"
FIRMWARE = "/cgi-bin/magicBox.cgi?action=getSoftwareVersion"
TIME = "/cgi-bin/global.cgi?action=getCurrentTime"
SET_TIME = "/cgi-bin/global.cgi?action=setCurrentTime"
FIND = "/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCardRec"
Dialect = Literal["epoch", "text", "none"]
DIALECTS: tuple[Dialect, ...] = ("epoch", "text", "none")
FAR = 2_145_916_799
"""2037-12-31T23:59:59: nothing a terminal stamps is later."""
SERIAL_MAX = 128


class Cgi:
    """The questions, over one client; shift_s: from UTC to the terminal's wall clock."""

    def __init__(self, client: Client, shift_s: int) -> None:
        self._client = client
        self.people = People(client)
        self.shift_s = shift_s
        self._known: Dialect | None = None

    @property
    def by_time(self) -> bool:
        """It can be asked for records of a time."""
        return self._known != "none"

    def identity(self) -> Identity:
        """Serial number, model and firmware; DeviceRefused for what is no such device."""
        told = values(self._client.want("GET", SERIAL))
        serial = told.get("sn", "")
        if "sn" not in told:
            raise DeviceRefused("foreign_device", f"{SERIAL} tells of no serial number")
        if not serial or not serial.isprintable() or len(serial) > SERIAL_MAX:
            raise DeviceRefused("no_serial", repr(serial)[:80])
        return Identity(serial, self._optional(MODEL, "type"), self._optional(FIRMWARE, "version"))

    def clock(self) -> str | None:
        """Its naive wall clock; None where it does not tell."""
        at = moment(self._optional(TIME, "result"), 0)
        return None if at is None else wall_clock(at)

    def set_clock(self, moment: str) -> bool:
        """Set its wall clock; False where it does not take it."""
        answer = self._client.ask("GET", f"{SET_TIME}&time={moment.replace('T', ' ')}")
        return answer.status == 200 and answer.body.strip().lower() == b"ok"

    def counts(self) -> dict[str, int]:
        """No firmware tells how much it holds."""
        return {}

    def find(self, begin: int, end: int, count: int) -> Found:
        """Records from `begin` to `end` on its wall clock, `count` at most; DeviceRefused for no dialect."""
        for dialect in DIALECTS if self._known is None else (self._known,):
            answer = self._client.ask("GET", f"{FIND}{self._times(dialect, begin, end)}&count={count}")
            if _refuses(answer):
                continue
            if answer.status != 200:
                raise trouble(answer, FIND)
            reply = found(answer.body)
            if reply is None:
                raise DeviceOffline("answer_unreadable", f"{FIND}: {answer.body[:60]!r}")
            self._known = dialect
            return reply
        self._known = None
        raise DeviceRefused("not_supported", f"{FIND}: {answer.status}")

    def _times(self, dialect: Dialect, begin: int, end: int) -> str:
        if dialect == "none":
            return ""
        first, last = begin - self.shift_s, min(end - self.shift_s, FAR)
        if dialect == "epoch":
            return f"&StartTime={max(0, first)}&EndTime={last}"
        shown = (wall_clock(max(0, at)).replace("T", " ") for at in (begin, end))
        return "&StartTime={}&EndTime={}".format(*(quote_plus(text).replace("+", "%20") for text in shown))

    def _optional(self, path: str, key: str) -> str:
        answer = self._client.ask("GET", path)
        return values(answer.body).get(key, "")[:64] if answer.status == 200 else ""


def _refuses(answer: Answer) -> bool:
    return answer.status == 400 or (answer.status == 200 and answer.body.lstrip()[:5].lower() == b"error")
