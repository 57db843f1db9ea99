"""The questions put to one terminal: who it is, its clock, its counts, a page of its log."""

import json
from html import escape
from typing import Any
from uuid import uuid4

from drivers.base import DeviceOffline, DeviceRefused
from drivers.hikvision.documents import Document, Unreadable, decode, part, text, whole
from drivers.hikvision.events import day_before, wall_clock
from drivers.hikvision.page import PAGE_MAX, Page, judge
from drivers.hikvision.people import People
from drivers.hikvision.users import PAGE_MAX as USERS_A_PAGE
from drivers.hikvision.users import Users, users
from drivers.http.client import Client, trouble
from drivers.http.rounds import Identity

INFO = "/ISAPI/System/deviceInfo"
TIME = "/ISAPI/System/time"
USERS = "/ISAPI/AccessControl/UserInfo/Count?format=json"
TOTAL = "/ISAPI/AccessControl/AcsEventTotalNum?format=json"
SEARCH = "/ISAPI/AccessControl/AcsEvent?format=json"
FIND_USERS = "/ISAPI/AccessControl/UserInfo/Search?format=json"
READER = "/ISAPI/AccessControl/CardReaderCfg/1?format=json"
STORAGE = "/ISAPI/AccessControl/AcsEvent/StorageCfg?format=json"
MODES = ("regular", "time", "cycle")
"""What becomes of old events: only `cycle` makes room when the log is full."""
NO_PAUSE = 255
"""Seconds that mean «no pause»."""
JSON = "application/json"
ALWAYS = {"startTime": "1970-01-01T00:00:00+08:00", "endTime": "2037-12-31T23:59:59+08:00"}
"""Of a search by number only where a firmware insists: it may hide what a lost clock stamped."""
ALL: dict[str, Any] = {"major": 0, "minor": 0}
SERIAL_MAX = 128
XMLNS = "http://www.isapi.org/ver20/XMLSchema"


class Isapi:
    """The questions, over one client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.people = People(client)
        self._insists = False
        """It searches only with times."""

    def identity(self) -> Identity:
        """Serial number, model and firmware; DeviceRefused for what is no such device."""
        body = self._client.want("GET", INFO)
        try:
            told = part(decode(body), "DeviceInfo") or part(decode(body), "deviceInfo")
        except Unreadable as error:
            raise DeviceRefused("foreign_device", f"{INFO}: {error}"[:200]) from error
        if not told:
            raise DeviceRefused("foreign_device", f"{INFO} tells of no device")
        serial = text(told.get("serialNumber"))
        if not serial or not serial.isprintable() or len(serial) > SERIAL_MAX:
            raise DeviceRefused("no_serial", repr(serial)[:80])
        return Identity(serial, text(told.get("model"))[:64], text(told.get("firmwareVersion"))[:64])

    def clock(self) -> str | None:
        """Its naive wall clock; None where it does not tell."""
        told = part(self._optional("GET", TIME), "Time")
        return wall_clock(text(told.get("localTime")))

    def set_clock(self, moment: str) -> bool:
        """Set its wall clock, in the zone it shows; False where it refuses, or follows a time server."""
        told = part(self._optional("GET", TIME), "Time")
        zone, shown = text(told.get("timeZone")), text(told.get("localTime"))
        if text(told.get("timeMode")).lower() != "manual":
            return False
        time = {"timeMode": "manual", "localTime": moment + shown[len(moment) :], "timeZone": zone}
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in time.items())
        body = f'<?xml version="1.0" encoding="UTF-8"?><Time version="2.0" xmlns="{XMLNS}">{inner}</Time>'
        return self._client.ask("PUT", TIME, body.encode(), "application/xml").status == 200

    def counts(self) -> dict[str, int]:
        """How many users and events it holds, as far as it tells."""
        users = part(self._optional("GET", USERS), "UserInfoCount").get("userNumber")
        asked = {"AcsEventTotalNumCond": {**ALL, **ALWAYS}}
        events = part(self._optional("POST", TOTAL, asked), "AcsEventTotalNum").get("totalNum")
        told = {"events": whole(events), "users": whole(users)}  # not `logs`: most are no punches
        return {name: number for name, number in told.items() if number is not None and number < 1 << 32}

    def settings(self) -> dict[str, int | None]:
        """Seconds in which a second pass of a person is dropped; whether a full log drops the oldest."""
        reader = part(self._optional("GET", READER), "CardReaderCfg")
        mode = text(part(self._optional("GET", STORAGE), "EventStorageCfg").get("mode")).lower()
        told = [whole(reader.get(name)) for name in ("swipeInterval", "faceRecogizeInterval")]
        pauses = [0 if seconds >= NO_PAUSE else seconds for seconds in told if seconds is not None]
        return {
            "duplicate_period_s": max(pauses, default=None),
            "cyclic_delete": int(mode == "cycle") if mode in MODES else None,
        }

    def users(self, position: int, search: str) -> Users | None:
        """Some of those who are known to it; None where it does not tell."""
        where = {"searchID": search, "searchResultPosition": position, "maxResults": USERS_A_PAGE}
        body = json.dumps({"UserInfoSearchCond": where}).encode()
        answer = self._client.ask("POST", FIND_USERS, body, JSON)
        return users(answer.body, search) if answer.status == 200 else None

    def page(self, begin: int, end: int | None = None) -> Page:
        """Events from number `begin` on, as many as fit; asked again once where the answer is none."""
        numbers = {"beginSerialNo": begin, **({} if end is None else {"endSerialNo": end})}
        return self._again(lambda: self._search({**numbers, "searchResultPosition": 0}, uuid4().hex, begin))

    def place(self, position: int, search: str, since: str) -> Page:
        """Events from a place in the log on, where a terminal cannot be asked by number.

        since: the time of an event as told; the log is looked at from the day before it, "" = all of it.
        """
        window = {**ALWAYS, **({"startTime": day_before(since)} if wall_clock(since) else {})}
        return self._again(lambda: self._search({**window, "searchResultPosition": position}, search, 0))

    def _again(self, ask: Any) -> Page:  # noqa: ANN401
        for _ in range(2):
            page: Page = ask()
            if not page.void:
                return page
        raise DeviceOffline("answer_unreadable", page.fault)

    def _search(self, where: dict[str, Any], search: str, begin: int) -> Page:
        for times in ({}, ALWAYS) if not self._insists else (ALWAYS,):
            asked = {
                "searchID": search,
                "maxResults": PAGE_MAX,
                **ALL,
                **times,
                **where,
                "timeReverseOrder": False,
                "picEnable": False,
            }
            body = json.dumps({"AcsEventCond": asked}).encode()
            answer = self._client.ask("POST", SEARCH, body, JSON)
            if answer.status == 200:
                self._insists = bool(times)
                return judge(answer.body, search, begin)
            if b"arametersLack" not in answer.body and b"badParameters" not in answer.body:
                break
        raise trouble(answer, SEARCH)

    def _optional(self, method: str, path: str, asked: object = None) -> Document:
        """What it tells; nothing where it cannot."""
        body = None if asked is None else json.dumps(asked).encode()
        answer = self._client.ask(method, path, body, JSON if body else "")
        try:
            return decode(answer.body) if answer.status == 200 else {}
        except Unreadable:
            return {}
