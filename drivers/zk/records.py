"""What stands inside ZK data: attendance records, users, live events, sizes, time. Pure.

    record  8      <HB I B         uid, verify, time, state
            ma300  <HBB I          uid, verify, state, time
            16     <I I BB 2x 4x   user id, time, verify, state, workcode
            40     <H 24s B I B 8x uid, user id, verify, time, state
            49     40 + 9          mask and temperature
    user    28     <HB5s8sIxBhI    uid, privilege, password, name, card, group, zones, user id
            72     <HB8s24sIx7sx24s
    live    12 <IBB6s, 32 <24sBB6s, 36, 37, 52 = 32 + 4, 5, 20: user id, verify, state, Y M D h m s
    time    ((y-2000)*372 + (m-1)*31 + d-1) * 86400 + seconds of the day

Source: protocols §2.4. A record that makes no sense is set aside by itself; the rest flows on.
Passwords and cards stand in these bytes and are never taken out, but for whether there is a card; `table`
writes a card on order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple

DAY = 86_400
_MINUTES = tuple(f"T{n // 60:02}:{n % 60:02}:" for n in range(1440))
_SECONDS = tuple(f"{n:02}" for n in range(60))


class Record(NamedTuple):
    """One punch as the terminal holds it. `user` names the person there; `time` is its naive clock."""

    time: str
    user: str
    verify: int
    state: int


class Bad(NamedTuple):
    """A record that makes no sense, and why."""

    reason: str
    raw: bytes


class User(NamedTuple):
    """One line of the user table; card: whether there is one."""

    uid: int
    user_id: str
    name: str
    card: bool = False


class Sizes(NamedTuple):
    """What a terminal counts, and how much it holds; faces: None where it does not say."""

    users: int
    records: int
    users_max: int
    records_max: int
    fingers: int | None = None
    faces: int | None = None


def text(raw: bytes, encoding: str) -> str:
    """A zero-terminated text: UTF-8 if it is, else in the terminal's own encoding."""
    raw = raw.partition(b"\0")[0]
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode(encoding, "replace")


@lru_cache(maxsize=8192)
def _day_text(day: int) -> str | None:
    try:
        return date(2000 + day // 372, day % 372 // 31 + 1, day % 31 + 1).isoformat()
    except ValueError:
        return None


def time_text(value: int) -> str | None:
    """A time of the log as `YYYY-MM-DDTHH:MM:SS`; None for a date that no calendar has."""
    day = _day_text(value // DAY)
    second = value % DAY
    return day and day + _MINUTES[second // 60] + _SECONDS[second % 60]


@lru_cache(maxsize=8192)
def _text_id(raw: bytes) -> str:
    """A user id of the 24-byte field; "" when there is none. Leading zeros and letters matter."""
    user = raw.partition(b"\0")[0].decode("ascii", "replace")
    return user if user.isprintable() and user.isascii() else ""


@lru_cache(maxsize=8192)
def _number_id(number: int) -> str:
    return str(number) if number else ""


@lru_cache(maxsize=8192)
def _uid_id(uid: int) -> str:
    return f"uid:{uid}" if uid else ""


@dataclass(frozen=True, slots=True)
class Layout:
    """One record layout. `pick` takes (user, verify, time, state) out of the unpacked fields.

    user: what names the person, as text. has_user: it is the user id, not the terminal's internal uid.
    """

    name: str
    struct: Struct
    pick: Callable[[Any], tuple[Any, ...]]
    user: Callable[[Any], str]
    has_user: bool = True

    @property
    def size(self) -> int:
        """Bytes of one record."""
        return self.struct.size


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout("40", Struct("<2x24sBIB8x"), itemgetter(0, 1, 2, 3), _text_id),
        Layout("49", Struct("<2x24sBIB17x"), itemgetter(0, 1, 2, 3), _text_id),
        Layout("16", Struct("<IIBB6x"), itemgetter(0, 2, 1, 3), _number_id),
        Layout("8", Struct("<HBIB"), itemgetter(0, 1, 2, 3), _uid_id, has_user=False),
        Layout("ma300", Struct("<HBBI"), itemgetter(0, 1, 3, 2), _uid_id, has_user=False),
    )
}
"""By name; of two that fit equally, the first is believed."""


def decode(layout: Layout, data: bytes) -> tuple[list[Record], list[Bad]]:
    """The records of whole `data`, in order, and those that make no sense."""
    records: list[Record] = []
    bad: list[Bad] = []
    size, user_of, keep, make = layout.size, layout.user, records.append, tuple.__new__
    rows = map(layout.pick, layout.struct.iter_unpack(data))
    for number, (named, verify, value, state) in enumerate(rows):
        day, user, second = _day_text(value // DAY), user_of(named), value % DAY
        if day and user:
            time = day + _MINUTES[second // 60] + _SECONDS[second % 60]
            keep(make(Record, (time, user, verify, state)))
        else:
            raw = data[number * size : (number + 1) * size]
            bad.append(Bad("impossible_date" if user else "no_user", raw))
    return records, bad


_LIVE_NUMBER = {12: Struct("<IBB6s")}
_LIVE_TEXT = {n: Struct(f"<24sBB6s{n - 32}x") for n in (32, 36, 37, 52)}


def decode_live(layout: Layout, body: bytes) -> Record | None:
    """A live event as the log will tell it, or None where only the log can tell.

    Bodies of 10 and 14 bytes name the uid, not the user; a number is no text id ("007" is not 7). What
    names a person otherwise than the log does says only that there is news: two keys would count twice.
    """
    number, word = _LIVE_NUMBER.get(len(body)), _LIVE_TEXT.get(len(body))
    if number and layout.name == "16":
        named, verify, state, clock = number.unpack(body)
        user = _number_id(named)
    elif word and layout.has_user:
        named, verify, state, clock = word.unpack(body)
        user = as_logged(layout, _text_id(named))
    else:
        return None
    try:
        time = datetime(2000 + clock[0], *clock[1:]).isoformat()  # noqa: DTZ001 - the terminal's naive clock
    except ValueError:
        return None
    return Record(time, user, verify, state) if user else None


def as_logged(layout: Layout, user: str) -> str:
    """A user id given as text, as the log of this layout names it; "" where it cannot."""
    if layout.name != "16":
        return user
    return _number_id(int(user)) if user.isdecimal() else ""


_USER_28, _USER_72 = Struct("<HB5s8sIxBhI"), Struct("<HB8s24sIx7sx24s")


def decode_users(data: bytes, count: int, encoding: str) -> list[User] | None:
    """The user table; `count` = users by the terminal's own counter, 0 if it does not say.

    Seven long rows are as many bytes as eighteen short ones: None where the counter speaks for neither. Long
    rows cut short may be ten short ones: None, too, where it does not speak for them and two share a uid.
    """
    tables = [_users_72(data, encoding), _users_28(data, encoding)]
    if all(tables) and count not in (0, *map(len, tables)):
        return None
    best = max(tables, key=lambda users: (count == len(users) > 0, _named_share(users)))
    return best if len(best) == count or _sound(best) else None


def _sound(users: list[User]) -> bool:
    """Whether each row has a number of its own, as every terminal gives them; 0 is none."""
    return len({user.uid for user in users} - {0}) == len(users)


def _users_28(data: bytes, encoding: str) -> list[User]:
    if len(data) % _USER_28.size:
        return []
    rows = _USER_28.iter_unpack(data)
    return [User(row[0], _number_id(row[7]), text(row[3], encoding), row[4] != 0) for row in rows]


def _users_72(data: bytes, encoding: str) -> list[User]:
    if len(data) % _USER_72.size:
        return []
    rows = _USER_72.iter_unpack(data)
    return [User(row[0], _text_id(row[6]), text(row[3], encoding), row[4] != 0) for row in rows]


def _named_share(users: list[User]) -> float:
    return sum(bool(user.user_id) for user in users) / len(users) if users else 0.0


WITH_FACES = 92
"""Bytes of an answer that counts faces too."""


def decode_sizes(data: bytes) -> Sizes | None:
    """The answer to «sizes», 80 bytes or more; None when it is shorter."""
    if len(data) < 80:
        return None
    places = (16, 32, 60, 64, 24, *([80] if len(data) >= WITH_FACES else []))
    return Sizes(*(int.from_bytes(data[at : at + 4], "little") for at in places))
