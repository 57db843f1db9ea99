"""Which statements about enrolled people are news: those that differ from the last one told of that person.

What was told last is read from the log of events once, at the first statement of a terminal; a purged one is
told again, which does no harm.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from drivers.base import Fact, Reading
from drivers.enrolment import KIND, WAYS
from edge.store.books import Books

Ways = dict[str, Fact]


class Enrolments:
    """Those of one Link; one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, dict[str, Ways]] = {}

    def news(self, readings: Sequence[Reading]) -> list[Reading]:
        """The readings without statements that say nothing new; the others whole, with what is known."""
        return [told for reading in readings if (told := self._told(reading)) is not None]

    def keep(self, readings: Sequence[Reading]) -> None:
        """They are stored."""
        for reading in readings:
            if reading.kind == KIND:
                user = str(reading.facts["device_user_id"])
                self._of(reading.serial)[user] = _ways(reading.facts)

    def _told(self, reading: Reading) -> Reading | None:
        if reading.kind != KIND:
            return reading
        user = str(reading.facts.get("device_user_id", ""))
        before = self._of(reading.serial).get(user, {})
        now = {**before, **_ways(reading.facts)}
        return None if now == before else reading._replace(facts={**reading.facts, **now})

    def _of(self, serial: str) -> dict[str, Ways]:
        if serial not in self._known:
            with closing(Books(self._path)) as books:
                told = [json.loads(data) for data in books.of_kind(serial, KIND)]
            self._known[serial] = {each["device_user_id"]: _ways(each) for each in told}
        return self._known[serial]


def _ways(facts: Mapping[str, Fact]) -> Ways:
    return {name: facts[name] for name in WAYS if name in facts}
