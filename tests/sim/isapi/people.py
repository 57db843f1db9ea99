"""Who a terminal knows, and its answers about them, in JSON; cruel where the protocol allows it."""

import json
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]
OK: Document = {"statusCode": 1, "statusString": "OK", "subStatusCode": "ok"}
ROOT = "/ISAPI/AccessControl/"
PAGE = 30
NEEDED = ("Valid", "userType")


def refused(why: str, code: int = 6) -> tuple[int, Document]:
    """A refusal."""
    return 400, {"statusCode": code, "statusString": "Invalid Operation", "subStatusCode": why}


@dataclass(slots=True)
class People:
    """The person table. known: number -> person as written; cards: card -> number; enrolled: how many faces.

    ignores_filter: every search is about everybody. needs_all: Modify wants rights too. lingers: so many
    searches after a deletion still show the person. keeps_cards: they outlive their owner. name_max: longer
    names are cut without a word.
    """

    known: dict[str, Document] = field(default_factory=dict)
    cards: dict[str, str] = field(default_factory=dict)
    enrolled: dict[str, int] = field(default_factory=dict)
    ignores_filter: bool = False
    needs_all: bool = False
    lingers: int = 0
    keeps_cards: bool = False
    name_max: int = 128
    told_max: int = 128
    busy: int = 0
    unsupported: set[str] = field(default_factory=set)
    writes: list[str] = field(default_factory=list)
    _leaving: set[str] = field(default_factory=set)

    def enrol(self, number: str, name: str, faces: int = 1, **more: Any) -> None:
        """Somebody is enrolled at the terminal itself."""
        self.known[number] = {"employeeNo": number, "name": name, "userType": "normal", "Valid": {}, **more}
        self.enrolled[number] = faces

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Document] | None:
        """Status and document; None where the path is none of these."""
        name = path.removeprefix(ROOT)
        calls = {
            ("GET", "UserInfo/capabilities"): self._capabilities,
            ("POST", "UserInfo/Search"): self._search,
            ("PUT", "UserInfo/SetUp"): self._set_up,
            ("POST", "UserInfo/Record"): self._record,
            ("PUT", "UserInfo/Modify"): self._modify,
            ("PUT", "UserInfo/Delete"): self._delete,
            ("PUT", "UserInfoDetail/Delete"): self._delete_all_of,
            ("PUT", "CardInfo/SetUp"): self._card,
            ("POST", "CardInfo/Record"): self._card,
            ("PUT", "CardInfo/Delete"): self._drop_cards,
        }
        call = calls.get((method, name))
        if call is None or name in self.unsupported:
            return None if call is None else refused("notSupport", 4)
        asked = json.loads(body) if body else {}
        if method != "GET" and not name.endswith("Search"):
            self.writes.append(name)
            if self.busy:
                self.busy -= 1
                return refused("deviceBusy", 2)
        return call(asked)

    def _capabilities(self, _asked: Document) -> tuple[int, Document]:
        limits = {"employeeNo": {"@min": 1, "@max": 32}, "name": {"@min": 1, "@max": self.told_max}}
        return 200, {"UserInfo": limits}

    def _search(self, asked: Document) -> tuple[int, Document]:
        where = asked["UserInfoSearchCond"]
        numbers = [each["employeeNo"] for each in where.get("EmployeeNoList", ())]
        found = [
            person
            for number, person in self.known.items()
            if self.ignores_filter or not numbers or number in numbers
        ]
        self._leave(numbers)
        first = int(where["searchResultPosition"])
        page = found[first : first + min(PAGE, int(where["maxResults"]))]
        told = [{**person, "numOfFace": self.enrolled.get(person["employeeNo"], 0)} for person in page]
        more = first + len(page) < len(found)
        status = "MORE" if more else "OK" if page else "NO MATCH"
        answer = {
            "searchID": where["searchID"],
            "responseStatusStrg": status,
            "numOfMatches": len(page),
            "totalMatches": len(found),
        }
        return 200, {"UserInfoSearch": {**answer, **({"UserInfo": told} if told else {})}}

    def _set_up(self, asked: Document) -> tuple[int, Document]:
        number = asked["UserInfo"]["employeeNo"]
        self.enrolled.pop(number, None)  # whoever sets up a known person loses what was enrolled
        return self._write({}, asked)

    def _record(self, asked: Document) -> tuple[int, Document]:
        if asked["UserInfo"]["employeeNo"] in self.known:
            return refused("employeeNoAlreadyExist")
        return self._write({}, asked)

    def _modify(self, asked: Document) -> tuple[int, Document]:
        before = self.known.get(asked["UserInfo"]["employeeNo"])
        if before is None:
            return refused("employeeNoNotExist")
        if self.needs_all and not all(name in asked["UserInfo"] for name in NEEDED):
            return refused("MessageParametersLack")
        return self._write(before, asked)

    def _write(self, before: Document, asked: Document) -> tuple[int, Document]:
        person = {**before, **asked["UserInfo"]}
        person["name"] = person["name"].encode()[: self.name_max].decode(errors="ignore")
        self.known[person["employeeNo"]] = person
        return 200, OK

    def _delete(self, asked: Document) -> tuple[int, Document]:
        return self._remove(asked["UserInfoDelCond"]["EmployeeNoList"])

    def _delete_all_of(self, asked: Document) -> tuple[int, Document]:
        return self._remove(asked["UserInfoDetail"]["EmployeeNoList"])

    def _remove(self, listed: list[Document]) -> tuple[int, Document]:
        for number in [each["employeeNo"] for each in listed] or list(self.known):
            if self.lingers:
                self._leaving.add(number)
            else:
                self._gone(number)
        return 200, OK

    def _leave(self, numbers: list[str]) -> None:
        for number in self._leaving & set(numbers):
            self.lingers -= 1
            if self.lingers <= 0:
                self._leaving.discard(number)
                self._gone(number)

    def _gone(self, number: str) -> None:
        self.known.pop(number, None)
        self.enrolled.pop(number, None)
        if not self.keeps_cards:
            self.cards = {card: owner for card, owner in self.cards.items() if owner != number}

    def _card(self, asked: Document) -> tuple[int, Document]:
        card = asked["CardInfo"]
        if card["employeeNo"] not in self.known:
            return refused("employeeNoNotExist")
        if self.cards.get(card["cardNo"], card["employeeNo"]) != card["employeeNo"]:
            return refused("cardNoAlreadyExist")
        self.cards[card["cardNo"]] = card["employeeNo"]
        return 200, OK

    def _drop_cards(self, asked: Document) -> tuple[int, Document]:
        numbers = {each["employeeNo"] for each in asked["CardInfoDelCond"]["EmployeeNoList"]}
        self.cards = {card: owner for card, owner in self.cards.items() if owner not in numbers}
        return 200, OK
