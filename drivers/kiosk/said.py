"""What the pages may say, as shapes; whatever else they send is `Nonsense`. Pure.

A rating brings its own id, made by the page, and the tablet's clock at the answer and at the sending, so that
ours can be reckoned from it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from drivers.base import Fact
from drivers.evaluation.comment import comment_of
from drivers.evaluation.levels import LEVELS, STARS, Level, Trigger

ID = re.compile(r"[0-9a-f]{32}")
SESSION = re.compile(r"[0-9A-Za-z-]{1,64}")
TAG = re.compile(r"[1-5]\d\d")
WORD = re.compile(r"[0-9A-Za-z_.-]{1,64}")
TAGS_MAX = 20
TIMEOUT_MIN, TIMEOUT_MAX = 3, 600
SET_BACK, AGO_MAX = timedelta(minutes=1), timedelta(days=31)
"""A tablet's clock that went back by more, or a rating that lay longer: its clock was set meanwhile."""
ASKING: dict[str, tuple[Trigger, ...]] = {
    "desk": ("staff",),
    "system": ("queue", "business_system"),
    "order": ("staff", "queue", "business_system"),
}
"""Who may say that who asked; the first is the usual. Nobody asks in the name of the citizen."""


class Nonsense(ValueError):
    """It is nothing a page of ours says."""


@dataclass(frozen=True, slots=True)
class Rating:
    """A citizen's answer. session, session_at: the invitation it answers, "" = nobody asked.

    at: the tablet's clock at the answer; ago: how long before the sending that was. doubtful: that cannot be
    known, since the clock was set in between.
    """

    id: str
    session: str
    session_at: str
    at: str
    ago: timedelta
    doubtful: bool
    level: Level
    tags: tuple[str, ...]
    tag_dict_version: str | None
    comment: str | None
    dwell_ms: int | None

    def facts(self) -> dict[str, Fact]:
        """As facts of `evaluation.submitted`."""
        return {
            "level": self.level,
            "stars": STARS[self.level],
            "scale": 5,
            "channel": "hall_tablet",
            "raw_code": self.level,
            "tags": self.tags,
            "tag_dict_version": self.tag_dict_version,
            "comment": self.comment,
            "dwell_ms": self.dwell_ms,
            "quality_flags": ("clock_suspect",) if self.doubtful else (),
        }


@dataclass(frozen=True, slots=True)
class State:
    """What the tablet says of itself. clock: its own; None where it makes no sense.

    holds: the sessions it holds an answer to, or is being given one; None where it does not tell.
    """

    version: str
    queue: int
    battery: int | None
    clock: datetime | None
    holds: tuple[str, ...] | None


def told(body: bytes) -> dict[str, Any]:
    """A JSON object; Nonsense."""
    try:
        said = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise Nonsense("no JSON") from None
    if not isinstance(said, dict):
        raise Nonsense("no object")
    return said


def rating(body: bytes) -> Rating:
    """A rating; Nonsense."""
    said = told(body)
    session = said.get("session") or {}
    level, tags = said.get("level"), said.get("tags")
    if level not in LEVELS or not isinstance(session, dict) or not isinstance(tags, list):
        raise Nonsense("no rating")
    stars = str(STARS[level])
    fitting = tuple(dict.fromkeys(tag for tag in tags if isinstance(tag, str) and TAG.fullmatch(tag)))
    at, sent = moment(said.get("at")), moment(said.get("sent"))
    if at is None:
        raise Nonsense("no time")
    ago = (sent or at) - at
    doubtful = not -SET_BACK < ago < AGO_MAX
    return Rating(
        id=_matching(ID, said.get("id")),
        session=_matching(SESSION, session["id"]) if session else "",
        session_at=(moment(session.get("at")) or at).isoformat(timespec="seconds") if session else "",
        at=at.isoformat(timespec="seconds"),
        ago=timedelta(0) if doubtful else max(timedelta(0), ago),
        doubtful=doubtful,
        level=level,
        tags=tuple(tag for tag in fitting if tag[0] == stars)[:TAGS_MAX],
        tag_dict_version=_word(said.get("tag_dict_version")),
        comment=comment_of(said.get("comment")),
        dwell_ms=_number(said.get("dwell_ms"), 86_400_000),
    )


def state(body: bytes) -> State:
    """What a tablet says of itself; Nonsense."""
    said = told(body)
    return State(
        version=_word(said.get("version")) or "",
        queue=_number(said.get("queue"), 1_000_000) or 0,
        battery=_number(said.get("battery"), 100),
        clock=moment(said.get("clock")),
        holds=_sessions(said.get("holds")),
    )


def over(body: bytes) -> str:
    """The session that the province's page took over, as the tablet tells it; "" = nobody had asked."""
    session = told(body).get("session")
    return session if isinstance(session, str) and SESSION.fullmatch(session) else ""


def trigger_of(told: object, who: str) -> Trigger:
    """Who asked, as far as `who` (desk, system, order) may say it."""
    return next((each for each in ASKING[who] if each == told), ASKING[who][0])


def wall_clock(at: datetime) -> str:
    """A moment as the hall's clock on the wall shows it, in whole seconds."""
    return at.replace(tzinfo=None).isoformat(timespec="seconds")


def moment(value: object) -> datetime | None:
    """A naive wall clock in whole seconds, or None."""
    if not isinstance(value, str) or len(value) != len("2026-11-20T08:25:00"):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is None and found.year >= 1970 else None


def service(about: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Number and item of the service an invitation is about."""
    return _word(about.get("project_no")), _word(about.get("item_code"))


def timeout(*wanted: object) -> int:
    """The first that is a timeout in seconds; 60 where none is."""
    for each in wanted:
        if isinstance(each, int | str) and str(each).isdecimal() and TIMEOUT_MIN <= int(each) <= TIMEOUT_MAX:
            return int(each)
    return 60


def _matching(shape: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise Nonsense("no id")
    return value


def _sessions(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(each for each in value if isinstance(each, str) and SESSION.fullmatch(each))


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and WORD.fullmatch(value) else None


def _number(value: object, most: int) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
    return value if fits and isinstance(value, int) else None
