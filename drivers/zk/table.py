"""The user table of a terminal: rows found, changed and made, byte for byte. Pure.

A row is changed only where the order says so: password, privilege, group and zones of a known user stay, and
whatever is enrolled hangs on its uid, which stays too [X]. What does not fit is refused, never cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from drivers.base import Person
from drivers.zk.records import decode_users, text

UID_MAX = 65534
ADMINISTRATOR = 0x0E
WRITES = {"gb18030": "gbk"}
"""What a terminal shows of an encoding: no character of four bytes [X]."""


class Unfit(Exception):
    """It cannot stand in this table: a word of causes, and why."""


class Field(NamedTuple):
    """Where something stands in a row."""

    at: int
    size: int

    def of(self, row: bytes) -> bytes:
        """Its bytes."""
        return row[self.at : self.at + self.size]

    def into(self, row: bytes, value: bytes) -> bytes:
        """The row with these bytes in it, filled up with zeros."""
        return row[: self.at] + value.ljust(self.size, b"\0") + row[self.at + self.size :]


@dataclass(frozen=True, slots=True)
class Shape:
    """One row layout. numeric: its user ids are numbers."""

    size: int
    name: Field
    card: Field
    user: Field
    numeric: bool


UID, PRIVILEGE = Field(0, 2), Field(2, 1)
SHAPES = {
    28: Shape(28, Field(8, 8), Field(16, 4), Field(24, 4), numeric=True),
    72: Shape(72, Field(11, 24), Field(35, 4), Field(48, 24), numeric=False),
}


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a terminal at one moment."""

    shape: Shape
    rows: tuple[bytes, ...]
    encoding: str

    @classmethod
    def parse(cls, data: bytes, count: int, row_size: int, encoding: str) -> "Table":
        """The table as read. count: users by the terminal's counter; row_size: by its log, 0 = unknown."""
        if not data and row_size not in SHAPES:
            raise Unfit("table_empty")
        found = decode_users(data, count, encoding) or []
        size = len(data) // len(found) if found else 0 if data else row_size
        sure = len(found) == count or all(each.user_id for each in found)
        if size not in SHAPES or not sure:
            raise Unfit("table_unreadable", f"{len(data)} bytes, {count} users")
        rows = tuple(data[at : at + size] for at in range(0, len(data), size))
        return cls(SHAPES[size], rows, _spoken(SHAPES[size], rows, encoding))

    def find(self, user: str) -> bytes | None:
        """The row of a user id."""
        return next((row for row in self.rows if self._user(row) == user), None)

    def with_person(self, person: Person) -> bytes:
        """The row to write: that of the known user changed, or a new one; Unfit."""
        row = self.find(person.user) or self._blank(person.user)
        row = self.shape.name.into(row, self._name(person.name))
        return self.shape.card.into(row, _card(person.card)) if person.card else row

    def shows(self, seen: bytes | None, row: bytes) -> bool:
        """Whether a row that was read says what was written: who, name, card."""
        fields = (UID, self.shape.user, self.shape.name, self.shape.card)
        return seen is not None and all(field.of(seen) == field.of(row) for field in fields)

    @staticmethod
    def uid(row: bytes) -> int:
        """What the terminal files this user under."""
        return int.from_bytes(UID.of(row), "little")

    def last_administrator(self, row: bytes) -> bool:
        """Without this user the terminal's menu is open to everybody."""
        others = (each for each in self.rows if each != row)
        return _administers(row) and not any(map(_administers, others))

    def _user(self, row: bytes) -> str:
        told = self.shape.user.of(row)
        return str(int.from_bytes(told, "little")) if self.shape.numeric else text(told, "ascii")

    def _blank(self, user: str) -> bytes:
        """A row of nobody, with a uid that no user has or had lately: old records may name it."""
        uids = {int.from_bytes(UID.of(row), "little") for row in self.rows}
        uid = max(uids, default=0) + 1
        if uid > UID_MAX:
            uid = next((each for each in range(1, UID_MAX + 1) if each not in uids), 0)
        if not uid:
            raise Unfit("users_full", f"{len(uids)}")
        row = UID.into(bytes(self.shape.size), uid.to_bytes(2, "little"))
        return self.shape.user.into(row, self._id(user))

    def _id(self, user: str) -> bytes:
        if self.shape.numeric:
            number = int(user) if user.isdecimal() else 0
            if str(number) != user or not 0 < number <= 0xFFFF_FFFF:
                raise Unfit("user_unfit", f"{user}: 1-4294967295")
            return number.to_bytes(4, "little")
        if len(user) > self.shape.user.size:
            raise Unfit("user_unfit", f"{user}: {len(user)} > {self.shape.user.size}")
        return user.encode("ascii")

    def _name(self, name: str) -> bytes:
        try:
            raw = name.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise Unfit("name_unfit", f"{name[error.start]} {self.encoding}") from error
        if len(raw) > self.shape.name.size:
            raise Unfit("name_too_long", f"{len(raw)} > {self.shape.name.size} bytes")
        return raw


def _card(card: str) -> bytes:
    if int(card) > 0xFFFF_FFFF:
        raise Unfit("card_unfit", f"{card} > 4294967295")
    return int(card).to_bytes(4, "little")


def _spoken(shape: Shape, rows: Sequence[bytes], encoding: str) -> str:
    """The encoding of the names that stand there already, else the configured one."""
    foreign = [raw for row in rows if not (raw := shape.name.of(row).partition(b"\0")[0]).isascii()]
    if foreign and all(map(_is_utf8, foreign)):
        return "utf-8"
    return WRITES.get(encoding.lower().replace("-", ""), encoding)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _administers(row: bytes) -> bool:
    return PRIVILEGE.of(row)[0] & ADMINISTRATOR == ADMINISTRATOR
