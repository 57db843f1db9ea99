"""Byte layouts of records, users, live events, times and counters, written by hand from their description.

Records: 8 `<HB4sB`, "ma300" `<HBB4s`, 16 `<I4sBB2sI`, 40 `<H24sB4sB8s`, 49 = 40 + `ff "255"` and five zeros.
Users: 28 `<HB5s8sIxBhI`, 72 `<HB8s24sIB4H24s`. Live: 10 `<HBB6s`, 12 `<IBB6s`, 32 `<24sBB6s`, others padded.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

RecordSize = int | str
FACE_TAIL = b"\xff255" + bytes(5)


@dataclass(frozen=True, slots=True)
class Punch:
    """One record of the log. `time` is the terminal's wall clock (naive); `uid` 0 = look it up."""

    user_id: str
    time: datetime
    state: int = 0
    verify: int = 1
    uid: int = 0
    workcode: int = 0


@dataclass(frozen=True, slots=True)
class User:
    """One row of the user table; `name` and `password` as the terminal stores them, in any encoding."""

    uid: int
    user_id: str
    name: bytes = b""
    privilege: int = 0
    password: bytes = b""
    card: int = 0
    group: int = 0
    zones: tuple[int, int, int, int] = (0, 0, 0, 0)


def pack_time(time: datetime) -> int:
    """A wall-clock time as the terminal's u32: months of 31 days, years of 12 such months from 2000."""
    days = ((time.year - 2000) * 12 + time.month - 1) * 31 + time.day - 1
    return ((days * 24 + time.hour) * 60 + time.minute) * 60 + time.second


def unpack_time(value: int) -> datetime:
    """The wall-clock time of a u32; ValueError for an impossible date such as 31 February."""
    days, seconds = divmod(value, 86_400)
    months, day = divmod(days, 31)
    year, month = divmod(months, 12)
    text = f"{2000 + year:04d}-{month + 1:02d}-{day + 1:02d}"
    hour, rest = divmod(seconds, 3600)
    return datetime.fromisoformat(f"{text} {hour:02d}:{rest // 60:02d}:{rest % 60:02d}")


def _six(time: datetime) -> bytes:
    return bytes([time.year - 2000, time.month, time.day, time.hour, time.minute, time.second])


def _record_8(punch: Punch, uid: int) -> bytes:
    return struct.pack("<HBIB", uid, punch.verify, pack_time(punch.time), punch.state)


def _record_ma300(punch: Punch, uid: int) -> bytes:
    return struct.pack("<HBBI", uid, punch.verify, punch.state, pack_time(punch.time))


def _record_16(punch: Punch, _: int) -> bytes:
    time = pack_time(punch.time)
    return struct.pack("<IIBB2xI", int(punch.user_id), time, punch.verify, punch.state, punch.workcode)


def _record_40(punch: Punch, uid: int) -> bytes:
    name = punch.user_id.encode()
    return struct.pack("<H24sBIB8x", uid, name, punch.verify, pack_time(punch.time), punch.state)


def _record_49(punch: Punch, uid: int) -> bytes:
    return _record_40(punch, uid) + FACE_TAIL


RECORD: Mapping[RecordSize, Callable[[Punch, int], bytes]] = {
    8: _record_8,
    "ma300": _record_ma300,
    16: _record_16,
    40: _record_40,
    49: _record_49,
}
"""Encoder of a punch and its uid, by record size."""


def record_length(size: RecordSize) -> int:
    """Bytes of one record of this layout."""
    return 8 if size == "ma300" else int(size)


def user_28(user: User) -> bytes:
    """A user row of a black-and-white terminal; only numeric ids fit."""
    return struct.pack(
        "<HB5s8sIxBhI",
        user.uid,
        user.privilege,
        user.password,
        user.name,
        user.card,
        user.group,
        user.zones[0],
        int(user.user_id),
    )


def user_72(user: User) -> bytes:
    """A user row of a colour terminal."""
    head = (user.uid, user.privilege, user.password, user.name, user.card, user.group)
    return struct.pack("<HB8s24sIB4H24s", *head, *user.zones, user.user_id.encode())


USER: Mapping[int, Callable[[User], bytes]] = {28: user_28, 72: user_72}
"""Encoder of a user, by row size."""


def parse_user(row: bytes) -> User:
    """A user row a client writes, 28 or 72 bytes; ValueError for any other length."""
    if len(row) == 28:
        uid, privilege, password, name, card, group, zone, number = struct.unpack("<HB5s8sIxBhI", row)
        return User(uid, str(number), _text(name), privilege, _text(password), card, group, (zone, 0, 0, 0))
    if len(row) == 72:
        uid, privilege, password, name, card, group, *zones, told = struct.unpack("<HB8s24sIB4H24s", row)
        four = (zones[0], zones[1], zones[2], zones[3])
        return User(uid, _text(told).decode(), _text(name), privilege, _text(password), card, group, four)
    raise ValueError(f"user row of {len(row)} bytes")


def _text(field: bytes) -> bytes:
    return field.split(b"\0", 1)[0]


def live_event(punch: Punch, uid: int, size: int) -> bytes:
    """The body of a live event: 10 and 14 bytes carry the uid, 12 a number, the others the id as text."""
    if size in (10, 14):
        body = struct.pack("<HBB", uid, punch.verify, punch.state)
    elif size == 12:
        body = struct.pack("<IBB", int(punch.user_id), punch.verify, punch.state)
    else:
        body = struct.pack("<24sBB", punch.user_id.encode(), punch.verify, punch.state)
    return (body + _six(punch.time)).ljust(size, b"\0")[:size]


def operation(time: datetime, code: int, who: int = 0, about: int = 0) -> bytes:
    """An entry of the operation log: who (uid), what, when, what it concerned; 16 bytes."""
    return struct.pack("<HBxI4H", who, code, pack_time(time), about, 0, 0, 0)


def free_sizes(
    users: int, records: int, capacity: int, payload: int = 92, fingers: int = 0, faces: int = 0
) -> bytes:
    """The counters of command 50: twenty u32, three more for faces at 92 bytes, five more unknown at 112."""
    numbers = [0] * 28
    numbers[4], numbers[6], numbers[8], numbers[20] = users, fingers, records, faces
    numbers[14:17] = [3000, 10_000, capacity]
    numbers[17:20] = [3000, 10_000 - users, capacity - records]
    numbers[22] = 3000
    return struct.pack("<28I", *(max(0, number) for number in numbers))[:payload]
