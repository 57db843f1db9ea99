"""What evaluators say, for tests: a rating with its facts, and the device it comes from."""

from datetime import datetime, timedelta, timezone

from drivers.base import Fact, Reading
from drivers.evaluation.levels import level_of
from edge.events import Origin

ZONE = timezone(timedelta(hours=8))
NOW = datetime(2026, 11, 23, 9, 14, 10, tzinfo=ZONE)
TIME = "2026-11-23T09:14:05"
ORIGIN = Origin("pads-1f", "keypad", ZONE, 500, True)


def rating(stars: int, session: str = "s1", window: str = "A03", time: str = TIME, **facts: Fact) -> Reading:
    """A submitted rating; `facts` take the place of its own."""
    own: dict[str, Fact] = {
        "session_id": session,
        "window_no": window,
        "level": level_of(stars),
        "stars": stars,
        "scale": 5,
        "channel": "hall_terminal",
        "raw_code": str(stars),
    }
    return Reading("evaluation.submitted", "PAD1", f"{time}|{session}", time, {**own, **facts})
