"""What a terminal is asked beside its log: who is enrolled how, and two settings; one question a round.

At the first contact, when its count of users changes, and some times a day. A firmware that does not answer
is not asked again in this life. Templates and pictures are never asked for.
"""

from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING
from uuid import uuid4

from drivers.base import Link
from drivers.enrolment import gone, statements

if TYPE_CHECKING:
    from drivers.hikvision.isapi import Isapi

EVERY_S = 6 * 3600.0
USERS_MAX = 100_000


class Beside:
    """The questions of one life."""

    def __init__(self, isapi: "Isapi", link: Link, serial: str) -> None:
        self._isapi, self._link, self._serial = isapi, link, serial
        self._begun_at: float | None = None
        self._counted: int | None = None
        self._position: int | None = None
        self._search = ""
        self._refused = False
        self._before: set[str] = set()
        self._now: set[str] = set()
        self.settings: Mapping[str, int | None] = {}

    def look(self, count: int | None, clock: str | None) -> None:
        """The next question, if one is due. count: users, as the terminal counts them; clock: its own."""
        if self._position is None and self._due(count):
            self._begun_at, self._counted, self._position = monotonic(), count, 0
            self._search, self._now = uuid4().hex, set()
            self.settings = self._isapi.settings()
        elif self._position is not None and clock:
            self._page(self._position, clock)

    def _due(self, count: int | None) -> bool:
        late = self._begun_at is None or monotonic() - self._begun_at >= EVERY_S
        return late or (not self._refused and count != self._counted)

    def _page(self, position: int, clock: str) -> None:
        page = None if self._refused else self._isapi.users(position, self._search)
        if page is None:
            self._refused, self._position = True, None
            return
        self._link.emit(statements(self._serial, clock, page.found), self._link.cursor)
        self._now |= {each.user for each in page.found}
        if page.more and page.size and position < USERS_MAX:
            self._position = position + page.size
            return
        self._position = None
        if page.more or position + page.size < page.total:
            self._before |= self._now  # cut short: who was not named need not be gone
            return
        left, self._before = sorted(self._before - self._now), self._now
        self._link.emit(statements(self._serial, clock, map(gone, left)), self._link.cursor)
