"""Who is enrolled on a device, and how: booleans alone, told as a statement of this moment. Pure.

A driver states what it saw; only what differs from the last statement becomes an event
(`edge/guard/enrolled.py`). No template, picture, password or card number is part of it, or is ever asked for.
"""

from collections.abc import Iterable
from typing import NamedTuple

from drivers.base import Reading

KIND = "enrollment.changed"
_LETTER = {None: "?", False: "-", True: "+"}


class Enrolled(NamedTuple):
    """One user of a device, by the device's own user id; None = this look does not tell."""

    user: str
    fingerprint: bool | None = None
    face: bool | None = None
    card: bool | None = None

    def also(self, other: "Enrolled") -> "Enrolled":
        """Both of two statements about one user; what the later one tells holds."""
        ways = zip(self[1:], other[1:], strict=True)
        return Enrolled(self.user, *(before if now is None else now for before, now in ways))


def gone(user: str) -> Enrolled:
    """A user who is no longer there."""
    return Enrolled(user, False, False, False)


def merged(found: Iterable[Enrolled]) -> list[Enrolled]:
    """One statement a user."""
    users: dict[str, Enrolled] = {}
    for each in found:
        users[each.user] = users[each.user].also(each) if each.user in users else each
    return list(users.values())


def statements(serial: str, clock: str, found: Iterable[Enrolled]) -> list[Reading]:
    """Readings of what was seen when the device's clock showed `clock`."""
    return [
        Reading(
            KIND,
            serial,
            f"{clock}|{each.user}|{''.join(_LETTER[way] for way in each[1:])}",
            clock,
            {
                "device_user_id": each.user,
                **{name: way for name, way in zip(WAYS, each[1:], strict=True) if way is not None},
            },
        )
        for each in merged(found)
    ]


WAYS = ("has_fingerprint", "has_face", "has_card")
