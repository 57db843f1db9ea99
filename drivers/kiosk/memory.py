"""What a window must remember over a restart, as a cursor: on disk with each outcome. Pure."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from drivers.evaluation import memory
from drivers.evaluation.session import Desk, Said, Session
from drivers.kiosk.waiting import HELD_MAX, OVER_MAX, UNRATED, Waiting


def written(desk: Desk, paused: bool, waiting: Waiting) -> str:
    """As the text of a cursor."""
    held = [[asdict(each.session), each.at, each.facts["reason"]] for each in waiting.held]
    return memory.written(desk, paused=paused, held=held, over=waiting.over)


def read(cursor: str | None, now_s: float) -> tuple[Desk, bool, Waiting]:
    """What a cursor says; now_s: the clock deadlines are counted on, which a reboot sets back."""
    desk, kept = memory.read(cursor, now_s)
    try:
        return desk, kept.get("paused") is True, _waiting(kept)
    except (ValueError, TypeError, AttributeError, KeyError):
        return Desk(), False, Waiting()


def _waiting(kept: Mapping[str, Any]) -> Waiting:
    held = [
        Said(UNRATED, Session(**session), at, {"reason": reason})
        for session, at, reason in kept.get("held", [])[-HELD_MAX:]
    ]
    return Waiting(tuple(held), tuple(map(str, kept.get("over", [])[-OVER_MAX:])))
