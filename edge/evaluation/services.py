"""Which services were rated, kept some weeks beside the database: a second rating of one is its 追评.

One line a rating, written before the rating is; one that then cannot be stored comes again with its session,
and so under its number. It is not forced to disk: a power cut may cost a number, never a rating. In memory a
rating is two hashes of 8 bytes: a hall gathers a hundred thousand.
"""

import logging
import threading
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from hashlib import blake2b
from itertools import chain
from pathlib import Path

import msgspec

from edge.whole import as_line, read_lines, write_whole

LOG = logging.getLogger(__name__)
FILE = "rated-services.jsonl"
KEPT = timedelta(days=60)
LINES_MAX, UNWRITTEN_MAX = 100_000, 1_000
NUMBER_MAX = 2
"""首次, 追评: there is no third."""


class Rated(msgspec.Struct, frozen=True, array_like=True):
    """One rating of a service, on a day (ISO)."""

    day: str
    project_no: str
    session_id: str


class Services:
    """Of one hall; may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        self._path, self._alone = folder / FILE, threading.Lock()
        self._unwritten: list[Rated] = []
        self._torn = self._path.exists()
        self._enter_all(self._written())

    def times(self, project_no: str) -> int:
        """How often it was rated."""
        with self._alone:
            return len(self._of(_hash(project_no)))

    def number(self, project_no: str, session_id: str, day: date) -> tuple[int, bool]:
        """1 or 2 for a session's rating, always the same; and whether there were two before it."""
        project, session = _hash(project_no), _hash(session_id)
        with self._alone:
            known = self._of(project)
            if session not in known:
                known.append(session)
                self._enter(project, session)
                self._keep(Rated(day.isoformat(), project_no, session_id), day)
            place = known.index(session) + 1
            return min(place, NUMBER_MAX), place > NUMBER_MAX

    def _of(self, project: int) -> list[int]:
        """The sessions that rated it, in their order."""
        found, place = list[int](), -1
        while True:
            try:
                place = self._projects.index(project, place + 1)
            except ValueError:
                return list(dict.fromkeys(found))
            found.append(self._sessions[place])

    def _enter(self, project: int, session: int) -> None:
        self._projects.append(project)
        self._sessions.append(session)

    def _enter_all(self, rated: Iterable[Rated]) -> None:
        self._projects, self._sessions = array("Q"), array("Q")
        for each in rated:
            self._enter(_hash(each.project_no), _hash(each.session_id))

    def _written(self) -> Iterator[Rated]:
        return read_lines(self._path, Rated, "ratings of a service are counted anew")

    def _keep(self, rated: Rated, day: date) -> None:
        """A line that cannot be written costs the number of a rating after a restart, not the rating."""
        self._unwritten.append(rated)
        try:
            if self._torn or len(self._projects) > LINES_MAX:
                self._begin_anew(day)
            else:
                with self._path.open("ab") as file:
                    self._torn = True
                    file.write(as_line(rated))
            self._torn = False
            self._unwritten.clear()
        except OSError as error:
            del self._unwritten[:-UNWRITTEN_MAX]
            LOG.error("%s cannot be written: %s", self._path, error)

    def _begin_anew(self, day: date) -> None:
        """The file without what is old, or was torn."""
        oldest = (day - KEPT).isoformat()
        known = (each for each in chain(self._written(), self._unwritten) if each.day >= oldest)
        kept = deque(known, maxlen=LINES_MAX // 2)
        write_whole(self._path, b"".join(map(as_line, kept)))
        self._enter_all(kept)


def _hash(name: str) -> int:
    return int.from_bytes(blake2b(name.encode("utf-8", "replace"), digest_size=8).digest())
