"""What a window must remember over a restart, as a cursor: on disk with each outcome. Pure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from drivers.evaluation.session import Desk, Ended, Said, Session
from drivers.kiosk.waiting import HELD_MAX, OVER_MAX, UNRATED, Waiting


def written(desk: Desk, paused: bool, waiting: Waiting) -> str:
    """As the text of a cursor."""
    session = asdict(desk.session) if desk.session else None
    held = [[asdict(each.session), each.at, each.facts["reason"]] for each in waiting.held]
    told = {"session": session, "last": desk.last, "paused": paused, "held": held, "over": waiting.over}
    return json.dumps(told)


def read(cursor: str | None, now_s: float) -> tuple[Desk, bool, Waiting]:
    """What a cursor says; now_s: the clock deadlines are counted on, which a reboot sets back."""
    try:
        kept = json.loads(cursor or "{}")
        session = Session(**kept["session"]) if kept.get("session") else None
        last = Ended(*kept["last"]) if kept.get("last") else None
        paused, waiting = kept.get("paused") is True, _waiting(kept)
    except (ValueError, TypeError, AttributeError, KeyError):
        return Desk(), False, Waiting()
    if session:
        session = replace(session, began_s=min(session.began_s, now_s))
    if last:
        last = last._replace(at_s=min(last.at_s, now_s))
    return Desk(session, last), paused, waiting


def _waiting(kept: Mapping[str, Any]) -> Waiting:
    held = [
        Said(UNRATED, Session(**session), at, {"reason": reason})
        for session, at, reason in kept.get("held", [])[-HELD_MAX:]
    ]
    return Waiting(tuple(held), tuple(map(str, kept.get("over", [])[-OVER_MAX:])))
