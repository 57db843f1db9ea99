"""People on one terminal: records of card, name and user id; looked up, written or removed, looked up again.

Older firmware knows people by these records alone, so that nobody can be put there without a card; newer ones
also keep users (AccessUser), who are removed there too. Of a known record only name and card change [X].
Nothing here asks for a face or a fingerprint.
"""

from collections.abc import Mapping
from urllib.parse import quote

from drivers.base import DeviceOffline, Person
from drivers.dahua.lines import found, values
from drivers.http.client import Client, trouble
from drivers.http.line import Answer

FIND = "/cgi-bin/recordFinder.cgi?action=find&name=AccessControlCard"
UPDATER = "/cgi-bin/recordUpdater.cgi?action={}&name=AccessControlCard"
USERS = "/cgi-bin/AccessUser.cgi?action={}&UserIDList[0]={}"
COUNT, COUNT_ALL = 100, 25_600
"""Asked for where the firmware looks for the user, and where it ignores whom it was asked for."""
NAME_BYTES, CARD_MAX = 63, 31


class People:
    """Those of one terminal, over one client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def push(self, person: Person) -> str:
        """See `drivers/http/rounds.py`."""
        known = self._find(person.user)
        if unfit := _unfit(person, bool(known)):
            return unfit
        card = person.card or known[0].get("CardNo", "")
        fields = {"CardNo": card, "CardName": person.name, "UserID": person.user}
        if known:
            refused = self._change("update", {"recno": known[0]["RecNo"], **fields})
        else:
            refused = self._change("insert", {**fields, "CardStatus": "0", "Doors[0]": "0"})
        if refused:
            return refused
        seen = any(_says(each, fields) for each in self._find(person.user))
        return "ok" if seen else "staff_not_seen"

    def revoke(self, user: str) -> str:
        """See `drivers/http/rounds.py`."""
        records, kept = self._find(user), self._keeps(user)
        for record in records:
            if refused := self._change("remove", {"recno": record["RecNo"]}):
                return refused
        if kept and (refused := _refusal(self._client.ask("GET", USERS.format("removeMulti", quote(user))))):
            return refused
        if not records and not kept:
            return "absent"
        return "busy: still there" if self._find(user) or self._keeps(user) else "ok"

    def _find(self, user: str) -> list[dict[str, str]]:
        """The records of a user."""
        records = self._records(user, COUNT)
        if any(each.get("UserID") != user for each in records):
            records = self._records(user, COUNT_ALL)
        return [each for each in records if each.get("UserID") == user and each.get("RecNo")]

    def _records(self, user: str, count: int) -> tuple[dict[str, str], ...]:
        answer = self._client.ask("GET", f"{FIND}&condition.UserID={quote(user)}&count={count}")
        if answer.status != 200:
            raise trouble(answer, FIND)
        reply = found(answer.body)
        if reply is None:
            raise DeviceOffline("answer_unreadable", f"{FIND}: {answer.body[:60]!r}")
        return reply.records

    def _keeps(self, user: str) -> bool:
        """Whether a newer firmware keeps this user beside its records."""
        answer = self._client.ask("GET", USERS.format("list", quote(user)))
        told = values(answer.body) if answer.status == 200 else {}
        return any(key.endswith(".UserID") and value == user for key, value in told.items())

    def _change(self, action: str, fields: Mapping[str, str]) -> str:
        """Why it refuses, or ""."""
        told = "".join(f"&{name}={quote(value, safe='')}" for name, value in fields.items())
        return _refusal(self._client.ask("GET", UPDATER.format(action) + told))


def _refusal(answer: Answer) -> str:
    if answer.status == 200 and answer.body.lstrip()[:5].lower() != b"error":
        return ""
    word = "busy" if answer.status >= 500 else "staff_refused"
    return f"{word}: {answer.status}"


def _unfit(person: Person, known: bool) -> str:
    """Why this person cannot stand there, or ""."""
    if (size := len(person.name.encode())) > NAME_BYTES:
        return f"name_too_long: {size} > {NAME_BYTES} bytes"
    if len(person.card) > CARD_MAX:
        return f"card_unfit: {len(person.card)} > {CARD_MAX}"
    return "" if known or person.card else "card_needed"


def _says(record: Mapping[str, str], fields: Mapping[str, str]) -> bool:
    return all(record.get(name) == value for name, value in fields.items())
