"""Outcomes that wait for the tablet's word: it may hold an answer to what it has shown. Pure.

An invitation ends unanswered only once the tablet, heard after that, says it holds no answer to it; an answer
it brings before is the outcome. So its silence becomes no verdict, and no session has two outcomes. What
comes for a session that has one is a citizen's own.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

from drivers.evaluation.session import Kind, Said, Session

HELD_MAX, OVER_MAX = 20, 20
UNRATED: Kind = "evaluation.unrated"
NO_RATING: tuple[Kind, ...] = (UNRATED, "evaluation.handed_over")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Of one window. held: what is not said yet, oldest first; over: sessions that ended without a rating."""

    held: tuple[Said, ...] = ()
    over: tuple[str, ...] = ()

    def find(self, session_id: str) -> Session | None:
        """The session whose outcome waits."""
        return next((each.session for each in self.held if each.session.id == session_id), None)


class Step(NamedTuple):
    """What waits from now on, and what may be said."""

    waiting: Waiting
    said: tuple[Said, ...]


def pass_on(waiting: Waiting, said: Collection[Said], shown: str) -> Step:
    """Keep back what the tablet has to be heard about first; shown: the session it was told of last."""
    held = [each for each in said if each.kind == UNRATED and each.session.id == shown]
    now = tuple(each for each in said if each not in held)
    kept = (*waiting.held, *held)
    return _said(replace(waiting, held=kept[-HELD_MAX:]), (*kept[:-HELD_MAX], *now))


def heard(waiting: Waiting, holds: Collection[str]) -> Step:
    """The tablet tells to which sessions it holds an answer, or is being given one."""
    kept = tuple(each for each in waiting.held if each.session.id in holds)
    return _said(replace(waiting, held=kept), tuple(each for each in waiting.held if each not in kept))


def ended(waiting: Waiting, said: Said) -> Step:
    """The tablet brings the outcome of a session that waits for it."""
    kept = tuple(each for each in waiting.held if each.session.id != said.session.id)
    return _said(replace(waiting, held=kept), (said,))


def _said(waiting: Waiting, said: tuple[Said, ...]) -> Step:
    names = tuple(each.session.id for each in said if each.kind in NO_RATING)
    return Step(replace(waiting, over=(*waiting.over, *names)[-OVER_MAX:]), said)
