"""What a person asks of staff on terminals, checked before anything is written down. Pure.

What stands in a name goes to terminals as it is: so nothing that could be a second field, line or command.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from edge.commands import Refused
from edge.staff.orders import ROLES, Kind, Role

USER = re.compile(r"[0-9A-Za-z_-]{1,24}")
CARD = re.compile(r"[0-9]{1,20}")
ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
NAME_MAX = 64
DAYS: dict[Kind, int] = {"staff.push": 7, "staff.revoke": 90}
"""How long an order stands that nobody can carry out; a leaver must not be forgotten soon."""
DAYS_MAX = 365


class Asked(NamedTuple):
    """An order as asked for. devices: of which terminals; id: "" = any."""

    kind: Kind
    user: str
    devices: tuple[str, ...]
    actor: str
    days: int
    id: str = ""
    name: str = ""
    card: str = ""
    role: Role = "technician"


def understood(kind: Kind, arguments: Mapping[str, str], keeping: Sequence[str]) -> Asked:
    """The order, checked; Refused. keeping: the terminals that take people."""
    user, card, given = (arguments.get(key, "") for key in ("person", "card", "id"))
    if not USER.fullmatch(user):
        raise Refused(f"{user!r}: 用户号只能是 / a user number is 1-24 of A-Z a-z 0-9 _ -")
    if card and not CARD.fullmatch(card):
        raise Refused(f"{card!r}: 卡号只能是 / a card number is 1-20 digits")
    if given and not ID.fullmatch(given):
        raise Refused(f"{given!r}: 指令编号只能是 / the id of an order is 1-64 of A-Z a-z 0-9 _ -")
    name = _name(arguments.get("name", "")) if kind == "staff.push" else ""
    devices, days = _devices(arguments.get("devices", ""), keeping), _days(arguments.get("days", ""), kind)
    role = next((each for each in ROLES if each == arguments.get("role")), ROLES[0])
    return Asked(kind, user, devices, arguments.get("actor", "?"), days, given, name, card, role)


def _name(told: str) -> str:
    name = told.strip()
    if not 0 < len(name) <= NAME_MAX or not name.isprintable():
        raise Refused(f"姓名要一行，1–{NAME_MAX} 字，无控制字符 / the name takes one line of 1–{NAME_MAX}")
    return name


def _devices(told: str, keeping: Sequence[str]) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(filter(None, (each.strip() for each in told.split(",")))))
    for device in named:
        if device not in keeping:
            raise Refused(
                f"{device}: 没有这台设备、已在配置中停用，或这类设备不存人员"
                f" / no such device, or disabled, or its kind keeps no people; there is {', '.join(keeping)}"
            )
    if not keeping:
        raise Refused("没有能存人员的终端 / no terminal here keeps people")
    return named or tuple(keeping)


def _days(told: str, kind: Kind) -> int:
    if not told:
        return DAYS[kind]
    if not told.isascii() or not told.isdecimal() or not 1 <= int(told) <= DAYS_MAX:
        raise Refused(f"{told!r}: 有效天数只能是 / days must be 1-{DAYS_MAX}")
    return int(told)
