"""People on one terminal: looked up, written or removed, and looked up again; its own word is the answer.

A known person is only given another name (Modify), so that rights and what is enrolled stay; a new one is
SetUp [X]. Nothing here asks for a face or a fingerprint. A search is held against its own answers: a firmware
that ignores whom it was asked for is read through.
"""

import json
from typing import Any
from uuid import uuid4

from drivers.base import DeviceOffline, Person
from drivers.hikvision.documents import Document, Unreadable, decode, objects, part, text, whole
from drivers.http.client import Client
from drivers.http.line import Answer

PEOPLE = "/ISAPI/AccessControl/UserInfo"
CARDS = "/ISAPI/AccessControl/CardInfo"
JSON = "application/json"
FORMAT = "?format=json"
PAGE, PAGES_MAX = 30, 1000
NAME_BYTES, USER_MAX, CARD_MAX = 128, 32, 20
"""Where its capabilities do not tell."""
VALID = {
    "enable": True,
    "beginTime": "2000-01-01T00:00:00",
    "endTime": "2037-12-31T23:59:59",
    "timeType": "local",
}
RIGHTS = {"doorRight": "1", "RightPlan": [{"doorNo": 1, "planTemplateNo": "1"}]}
AS_TOLD = ("userType", "Valid", "doorRight", "RightPlan")
"""What a firmware may want to hear again of a person it knows."""
UNKNOWN_WORDS = frozenset(("notSupport", "methodNotAllowed", "invalidOperation"))
DEVICE_BUSY = 2


class Missing(Exception):
    """This firmware does not know the call."""


class People:
    """Those of one terminal, over one client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._limits: tuple[int, int] | None = None

    def push(self, person: Person) -> str:
        """See `drivers/http/rounds.py`."""
        if unfit := self._unfit(person):
            return unfit
        known = self._find(person.user)
        refused = self._rename(person, known) if known else self._add(person)
        refused = refused or (self._give_card(person) if person.card else "")
        if refused:
            return refused
        seen = self._find(person.user)
        return "ok" if seen and text(seen.get("name")) == person.name else "staff_not_seen"

    def revoke(self, user: str) -> str:
        """See `drivers/http/rounds.py`."""
        if self._find(user) is None:
            return "absent"
        named = {"EmployeeNoList": [{"employeeNo": user}]}  # an empty list would be everybody
        self._tried(("PUT", f"{CARDS}/Delete", {"CardInfoDelCond": named}))
        refused = self._tried(
            ("PUT", f"{PEOPLE}/Delete", {"UserInfoDelCond": named}),
            ("PUT", f"{PEOPLE}Detail/Delete", {"UserInfoDetail": {"mode": "byEmployeeNo", **named}}),
        )
        return refused or ("ok" if self._find(user) is None else "busy: still there")

    def _add(self, person: Person) -> str:
        told = {"UserInfo": {**_named(person), "userType": "normal", "Valid": VALID, **RIGHTS}}
        return self._tried(("PUT", f"{PEOPLE}/SetUp", told), ("POST", f"{PEOPLE}/Record", told))

    def _rename(self, person: Person, known: Document) -> str:
        path, told = f"{PEOPLE}/Modify", _named(person)
        refused = self._tried(("PUT", path, {"UserInfo": told}))
        if "arameter" not in refused:
            return refused
        again = {name: known[name] for name in AS_TOLD if name in known}
        return self._tried(("PUT", path, {"UserInfo": {**told, **again}}))

    def _give_card(self, person: Person) -> str:
        card = {"employeeNo": person.user, "cardNo": person.card, "cardType": "normalCard"}
        told = {"CardInfo": card}
        refused = self._tried(("PUT", f"{CARDS}/SetUp", told), ("POST", f"{CARDS}/Record", told))
        return refused.replace("staff_refused", "card_refused")

    def _find(self, user: str) -> Document | None:
        """Whom it knows under this number."""
        search, position = uuid4().hex, 0
        for _ in range(PAGES_MAX):
            asked = {
                "searchID": search,
                "searchResultPosition": position,
                "maxResults": PAGE,
                "EmployeeNoList": [{"employeeNo": user}],
            }
            page = part(self._asked(f"{PEOPLE}/Search", {"UserInfoSearchCond": asked}), "UserInfoSearch")
            found = objects(page.get("UserInfo"))
            for each in found:
                if text(each.get("employeeNo")) == user:
                    return each
            position += len(found)
            if not found or position >= (whole(page.get("totalMatches")) or 0):
                return None
        raise DeviceOffline("answer_unreadable", f"{PEOPLE}/Search does not end")

    def _unfit(self, person: Person) -> str:
        """Why this person cannot stand there, or ""."""
        users, names = self._limits = self._limits or self._told_limits()
        if len(person.user) > users:
            return f"user_unfit: {len(person.user)} > {users}"
        if (size := len(person.name.encode())) > names:
            return f"name_too_long: {size} > {names} bytes"
        return f"card_unfit: {len(person.card)} > {CARD_MAX}" if len(person.card) > CARD_MAX else ""

    def _told_limits(self) -> tuple[int, int]:
        answer = self._client.ask("GET", f"{PEOPLE}/capabilities{FORMAT}")
        told = part(_document(answer), "UserInfo") if answer.status == 200 else {}
        users, names = (whole(part(told, name).get("@max")) for name in ("employeeNo", "name"))
        return users or USER_MAX, names or NAME_BYTES

    def _asked(self, path: str, document: Document) -> Document:
        body = json.dumps(document).encode()
        answer = self._client.want("POST", path + FORMAT, body, JSON)
        try:
            return decode(answer)
        except Unreadable as error:
            raise DeviceOffline("answer_unreadable", f"{path}: {error}"[:200]) from error

    def _tried(self, *calls: tuple[str, str, dict[str, Any]]) -> str:
        """The first of these calls that it knows: why it refuses, or ""."""
        for method, path, document in calls:
            body = json.dumps(document, ensure_ascii=False).encode()
            try:
                return _refusal(self._client.ask(method, path + FORMAT, body, JSON))
            except Missing:
                continue
        return "staff_unsupported"


def _named(person: Person) -> dict[str, str]:
    return {"employeeNo": person.user, "name": person.name}


def _document(answer: Answer) -> Document:
    try:
        told = decode(answer.body)
    except Unreadable:
        return {}
    return part(told, "ResponseStatus") or told


def _refusal(answer: Answer) -> str:
    """Why a change was not made, or ""; Missing."""
    told = _document(answer)
    code, why = whole(told.get("statusCode")), text(told.get("subStatusCode"))[:64]
    if answer.status == 200 and code in (None, 1):
        return ""
    if answer.status in (404, 405, 501) or why in UNKNOWN_WORDS:
        raise Missing
    word = "busy" if code == DEVICE_BUSY or answer.status >= 500 else "staff_refused"
    return f"{word}: {answer.status} {why}".rstrip()
