"""What a driver cannot know of a rating, put in between `emit` and store: staff, department, number, flags.

The Link calls it for each reading; another than of an evaluation passes untouched. Called again for the same
session (a driver emits again what was not stored) it says the same number, and counts nothing twice.
"""

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime

from drivers.base import Fact, Reading
from edge.catalogue.carried import TimeQuality
from edge.documents.hall import Hall
from edge.documents.shapes import Oddities
from edge.evaluation.flags import Before, Seen, flags
from edge.evaluation.services import Services
from edge.evaluation.tags import in_force

DOMAIN = "evaluation."
RATING = "evaluation.submitted"
KEPT = 200
"""Ratings of one window remembered for judging what looks odd: twice the highest `burst_count`."""


class Completing:
    """Of one hall; `complete` may be called from any thread."""

    def __init__(
        self, hall: Hall, services: Services, open_at: Callable[[datetime], bool | None] = lambda _at: None
    ) -> None:
        """open_at: whether the hall is open at a moment; None where no timetable is known."""
        self._hall, self._services, self._open_at = hall, services, open_at
        self._alone = threading.Lock()
        self._recent: dict[str, deque[Before]] = {}

    def complete(self, reading: Reading, at: datetime, quality: TimeQuality) -> Reading:
        """The reading with what the hall knows of that moment `at` (with zone)."""
        window, session = reading.facts.get("window_no"), reading.facts.get("session_id")
        if not reading.kind.startswith(DOMAIN) or not isinstance(window, str) or not isinstance(session, str):
            return reading
        duty = self._hall.on_duty(window, at)
        known: dict[str, Fact] = {**reading.facts, "staff_no": duty.staff_no}
        if reading.kind == RATING:
            staff = self._hall.documents.held.staff.get(duty.staff_no or "")
            known["dept_code"] = (staff.dept_code or None) if staff else None
            known["assess_number"], repeated = self._number(known, session, at)
            dwell, before = known.get("dwell_ms"), self._before(window, session, at.timestamp())
            dwell_ms = dwell if isinstance(dwell, int) else None
            seen = Seen(at.timestamp(), dwell_ms, duty.why, quality, before, self._open_at(at), repeated)
            told = known.get("quality_flags")
            known["quality_flags"] = flags(seen, self._oddities(), told if isinstance(told, tuple) else ())
            if known.get("tags") and not known.get("tag_dict_version"):
                known["tag_dict_version"] = in_force(self._hall.documents.held.profile).version
        return reading._replace(facts=known)

    def _number(self, facts: dict[str, Fact], session: str, at: datetime) -> tuple[int, bool]:
        project = facts.get("project_no")
        if isinstance(project, str) and project:
            return self._services.number(project, session, at.date())
        told = facts.get("assess_number")
        return (told if isinstance(told, int) else 1), False

    def _before(self, window: str, session: str, at_s: float) -> list[Before]:
        """The other ratings at that window; this one is remembered, once."""
        with self._alone:
            recent = self._recent.setdefault(window, deque(maxlen=KEPT))
            if all(each.session_id != session for each in recent):
                recent.append(Before(session, at_s))
            return [each for each in recent if each.session_id != session]

    def _oddities(self) -> Oddities:
        profile = self._hall.documents.held.profile
        return profile.oddities if profile else Oddities()
