"""Which services were rated, kept some weeks beside the database: a second rating of one is its 追评.

One line a rating, written before the rating is; one that then cannot be stored comes again with its session,
and so under its number. It is not forced to disk: a power cut may cost a number, never a rating.
"""

import logging
import threading
from datetime import date, timedelta
from pathlib import Path

import msgspec

from edge.whole import as_line, read_lines, write_whole

LOG = logging.getLogger(__name__)
FILE = "rated-services.jsonl"
KEPT = timedelta(days=60)
LINES_MAX = 100_000
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
        self._sessions: dict[str, list[str]] = {}
        self._lines = list(read_lines(self._path, Rated, "ratings of a service are counted anew"))
        self._torn = self._path.exists()
        for each in self._lines:
            self._enter(each)

    def times(self, project_no: str) -> int:
        """How often it was rated."""
        return len(self._sessions.get(project_no, ()))

    def number(self, project_no: str, session_id: str, day: date) -> tuple[int, bool]:
        """1 or 2 for a session's rating, always the same; and whether there were two before it."""
        with self._alone:
            known = self._sessions.get(project_no, [])
            if session_id not in known:
                rated = Rated(day.isoformat(), project_no, session_id)
                self._enter(rated)
                self._keep(rated, day)
                known = self._sessions[project_no]
            place = known.index(session_id) + 1
            return min(place, NUMBER_MAX), place > NUMBER_MAX

    def _enter(self, rated: Rated) -> None:
        sessions = self._sessions.setdefault(rated.project_no, [])
        if rated.session_id not in sessions:
            sessions.append(rated.session_id)

    def _keep(self, rated: Rated, day: date) -> None:
        """A line that cannot be written costs the number of a rating after a restart, not the rating."""
        self._lines.append(rated)
        try:
            if self._torn or len(self._lines) > LINES_MAX:
                oldest = (day - KEPT).isoformat()
                self._lines = [each for each in self._lines if each.day >= oldest][-LINES_MAX // 2 :]
                write_whole(self._path, b"".join(map(as_line, self._lines)))
            else:
                with self._path.open("ab") as file:
                    self._torn = True
                    file.write(as_line(rated))
            self._torn = False
        except OSError as error:
            LOG.error("%s cannot be written: %s", self._path, error)
