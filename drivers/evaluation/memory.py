"""What a window must remember over a restart, as a cursor: on disk with each outcome. Pure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from drivers.evaluation.session import Desk, Ended, Session


def written(desk: Desk, **beside: object) -> str:
    """As the text of a cursor, with what a family keeps beside."""
    session = asdict(desk.session) if desk.session else None
    return json.dumps({**beside, "session": session, "last": desk.last})


def read(cursor: str | None, now_s: float) -> tuple[Desk, Mapping[str, Any]]:
    """Desk, and what is beside; now_s: the clock deadlines are counted on, which a reboot sets back."""
    try:
        kept = json.loads(cursor or "{}")
        session = Session(**kept["session"]) if kept.get("session") else None
        last = Ended(*kept["last"]) if kept.get("last") else None
    except (ValueError, TypeError, AttributeError):
        return Desk(), {}
    if session:
        session = replace(session, began_s=min(session.began_s, now_s))
    if last:
        last = last._replace(at_s=min(last.at_s, now_s))
    return Desk(session, last), kept
