"""Who a Dahua terminal knows: records of cards, on newer firmware users beside them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

DERIVED = ("action", "name", "recno")


@dataclass(slots=True)
class People:
    """cards: RecNo -> fields. users: of newer firmware (AccessUser); None = it knows none of that.

    ignores_filter: a search is about everybody. name_max: longer names are cut without a word.
    """

    cards: dict[int, dict[str, str]] = field(default_factory=dict)
    users: set[str] | None = None
    ignores_filter: bool = False
    name_max: int = 63
    old_updater: bool = True
    newest: int = 0

    def enrol(self, user: str, name: str, card: str, **more: str) -> None:
        """Somebody is enrolled at the terminal itself."""
        self.insert({"UserID": user, "CardName": name, "CardNo": card, "CardStatus": "0", **more})
        if self.users is not None:
            self.users.add(user)

    def insert(self, asked: dict[str, str]) -> str | None:
        """`RecNo=…`, or None where it refuses: a record needs a card, and a card one owner."""
        fields = {key: value for key, value in asked.items() if key not in DERIVED}
        taken = {record["CardNo"] for record in self.cards.values()}
        if not fields.get("CardNo") or fields["CardNo"] in taken:
            return None
        self.newest += 1
        self.cards[self.newest] = self._cut(fields)
        return f"RecNo={self.newest}\r\n"

    def update(self, asked: dict[str, str]) -> str | None:
        """OK, or None where there is no such record."""
        number = int(asked.get("recno", "0"))
        if number not in self.cards:
            return None
        fields = {key: value for key, value in asked.items() if key not in DERIVED}
        self.cards[number] = self._cut({**self.cards[number], **fields})
        return "OK\r\n"

    def remove(self, asked: dict[str, str]) -> str | None:
        """OK, or None where there is no such record."""
        return None if self.cards.pop(int(asked.get("recno", "0")), None) is None else "OK\r\n"

    def find(self, asked: dict[str, str]) -> str:
        """The records, as many as were asked for."""
        user = asked.get("condition.UserID", "")
        found = [
            (number, record)
            for number, record in self.cards.items()
            if self.ignores_filter or not user or record["UserID"] == user
        ][: int(asked.get("count", "1024"))]
        return "".join(f"{line}\r\n" for line in (f"found={len(found)}", *_lines(found)))

    def of_user(self, action: str, user: str) -> str | None:
        """AccessUser: None where it is not known."""
        if self.users is None:
            return None
        if action == "removeMulti":
            self.users.discard(user)
            return "OK\r\n"
        return f"Users[0].UserID={user}\r\n" if user in self.users else "\r\n"

    def _cut(self, fields: dict[str, str]) -> dict[str, str]:
        name = fields.get("CardName", "").encode()[: self.name_max].decode(errors="ignore")
        return {**fields, "CardName": name}


def _lines(found: list[tuple[int, dict[str, str]]]) -> Iterator[str]:
    for index, (number, record) in enumerate(found):
        for key, value in {"RecNo": str(number), "CreateTime": "1700000000", **record}.items():
            yield f"records[{index}].{key}={value}"
