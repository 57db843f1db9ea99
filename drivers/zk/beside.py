"""What a terminal is asked beside its log: operations that matter, who is enrolled how, two settings.

From the second round of a contact on, again when its counts change, and every hour. All of it is tolerant: a
firmware that does not know a question costs the answer, never the contact. Templates are never asked for:
whether somebody has a fingerprint is told only where the terminal counts none at all.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from time import monotonic

from drivers.base import EMIT_MAX, Link, Reading
from drivers.enrolment import Enrolled, gone, statements
from drivers.zk.commands import Commands
from drivers.zk.dataset import dataset
from drivers.zk.frames import Cmd
from drivers.zk.operations import decode, readings
from drivers.zk.reader import ALL_USERS, USERS_MAX
from drivers.zk.records import Sizes, User, decode_users
from drivers.zk.wire import Denied, Wire

EVERY_S = 3600.0
OPERATIONS_MAX = 1 << 20
"""More bytes than that are no operation log: published firmware keeps a quarter of it."""
DUPLICATE_MINUTES = "AlarmReRec"
"""Minutes in which a second punch of a person is dropped by the terminal itself; 0 = none is."""
CYCLIC_DELETE = "DelRecord"
"""How many of the oldest records a full log drops, 0 = it takes no more; named so in firmware source only."""

SILENT_MAX = 3
"""Contacts in a row that may end at a question before the terminal is not asked it again."""
_SILENT: Counter[tuple[str, int]] = Counter()
"""Of a serial number and a question; outlives a contact. One cable pulled then says nothing yet."""


class Beside:
    """The questions of one contact."""

    def __init__(self, wire: Wire, commands: Commands, link: Link, serial: str, encoding: str) -> None:
        self._wire, self._commands, self._link = wire, commands, link
        self._serial, self._encoding = serial, encoding
        self._asked_at: float | None = None
        self._counts: tuple[int, int | None, int | None] | None = None
        self._seen: set[str] = set()
        self.settings: Mapping[str, int | None] = {}

    def look(self, sizes: Sizes | None, clock: Callable[[], str | None], now: bool = False) -> None:
        """Ask what is due; `now`: whether it is or not."""
        counts = (sizes.users, sizes.fingers, sizes.faces) if sizes else None
        due = self._asked_at is None or monotonic() - self._asked_at >= EVERY_S
        if not (due or now or counts != self._counts):
            return
        self._asked_at, self._counts = monotonic(), counts
        self.settings = self._settings()
        users = self._users(sizes.users if sizes else 0)
        self._emit(
            readings(self._serial, decode(self._operations(), {u.uid: u.user_id for u in users or ()}))
        )
        if users is not None and (moment := clock()):
            self._emit(statements(self._serial, moment, self._enrolled(users, sizes)))

    def _settings(self) -> Mapping[str, int | None]:
        minutes, oldest = self._commands.number(DUPLICATE_MINUTES), self._commands.number(CYCLIC_DELETE)
        return {
            "duplicate_period_s": None if minutes is None else minutes * 60,
            "cyclic_delete": None if oldest is None else int(oldest > 0),
        }

    def _enrolled(self, users: list[User], sizes: Sizes | None) -> list[Enrolled]:
        nobody = [count == 0 for count in ((sizes.fingers, sizes.faces) if sizes else (None, None))]
        finger, face = (False if none else None for none in nobody)
        found = [Enrolled(user.user_id, finger, face, user.card) for user in users if user.user_id]
        now = {each.user for each in found}
        left, self._seen = self._seen - now, now
        return [*found, *map(gone, sorted(left))]

    def _users(self, count: int) -> list[User] | None:
        """The user table; None where the terminal hands out none, not all of it, or none that is sure."""
        data = self._set(Cmd.USERS, ALL_USERS, USERS_MAX)
        if data is None or (count and not data):
            return None
        return decode_users(data, count, self._encoding)

    def _operations(self) -> bytes:
        return self._set(Cmd.OPERATIONS, 0, OPERATIONS_MAX) or b""

    def _set(self, command: Cmd, function: int, most: int) -> bytes | None:
        """A whole set; None where there is none of it, less than was said, or more than can be."""
        question = (self._serial, command)
        if _SILENT[question] >= SILENT_MAX:
            return None
        _SILENT[question] += 1
        found = self._asked(command, function, most)
        del _SILENT[question]
        return found

    def _asked(self, command: Cmd, function: int, most: int) -> bytes | None:
        try:
            with dataset(self._wire, command, function) as found:
                return found.all(most)
        except Denied:
            return None

    def _emit(self, found: list[Reading]) -> None:
        for first in range(0, len(found), EMIT_MAX):
            self._link.emit(found[first : first + EMIT_MAX], self._link.cursor)
