"""The state machine of a window: random orders of everything, and the rules one by one."""

from collections import Counter
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.evaluation import session as machine
from drivers.evaluation.session import LATE_S, Answer, Desk, Said, Session, Step

TIMEOUT_S = 10
OUTCOMES = {"evaluation.submitted", "evaluation.unrated", "evaluation.handed_over"}
MOVES = st.one_of(
    st.tuples(
        st.just("invite"), st.sampled_from([None, "P1", "P2"]), st.sampled_from(["local", "provincial"])
    ),
    st.tuples(st.just("answer"), st.sampled_from(["open", "last", "any"]), st.integers(1, 5)),
    st.tuples(st.sampled_from(["cancel", "fail", "tick", "hand_over"])),
)
STORY = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 3.0, TIMEOUT_S, LATE_S, 60.0]), MOVES), max_size=40)


def opened(name: str, now_s: float = 0.0, **more: object) -> Session:
    return replace(Session(name, "A01", f"at {now_s}", now_s, TIMEOUT_S), **more)  # type: ignore[arg-type]


def given_answer(now_s: float, name: str = "own", session_id: str | None = None, stars: int = 5) -> Answer:
    return Answer(f"at {now_s}", now_s, opened(name, now_s), {"stars": stars}, session_id)


def kinds(said: tuple[Said, ...]) -> list[str]:
    return [each.kind.removeprefix("evaluation.") for each in said]


def moved(desk: Desk, move: tuple[object, ...], now_s: float, name: str) -> Step:
    """One move of a story; `name`: of the session that may begin with it."""
    at = f"at {now_s}"
    match move:
        case ("invite", project, page):
            return machine.invite(desk, opened(name, now_s, project_no=project, page=page))
        case ("answer", whose, stars):
            named = {
                "open": desk.session.id if desk.session else None,
                "last": desk.last.id if desk.last else None,
            }
            return machine.answer(desk, given_answer(now_s, name, named.get(str(whose)), int(str(stars))))
        case ("cancel",):
            return machine.end(desk, "cancelled", at, now_s)
        case ("fail",):
            return machine.end(desk, "device_error", at, now_s)
        case ("hand_over",):
            return machine.hand_over(desk, at, now_s)
    return machine.tick(desk, at, now_s)


@settings(max_examples=150)
@given(STORY)
def test_every_session_has_exactly_one_outcome_in_any_order(
    story: list[tuple[float, tuple[object, ...]]],
) -> None:
    desk, told, now_s, answers, names = Desk(), list[Said](), 0.0, 0, count()
    for pause, move in [*story, (0.0, ("fail",))]:
        now_s += pause
        answers += move[0] == "answer"
        desk, said = moved(desk, move, now_s, f"s{next(names)}")
        told += said
    invited = [each.session.id for each in told if each.kind == "evaluation.invited"]
    outcomes = Counter(each.session.id for each in told if each.kind in OUTCOMES)
    assert len(set(invited)) == len(invited)
    assert outcomes == Counter(invited), "one outcome for each invitation, and none without"
    submitted = [each for each in told if each.kind == "evaluation.submitted"]
    assert len(submitted) + desk.late == answers, "every answer counts once, or is counted as late"
    order = [each.session.id for each in told]
    for each in told:
        if each.kind in OUTCOMES:
            assert order.index(each.session.id) < len(order) - 1 - order[::-1].index(each.session.id)
    assert {each.facts["reason"] for each in told if each.kind == "evaluation.unrated"} <= {
        "timeout",
        "cancelled",
        "device_error",
    }


def test_the_first_answer_wins_and_the_next_is_counted_as_late() -> None:
    desk, _ = machine.invite(Desk(), opened("s1"))
    desk, said = machine.answer(desk, given_answer(2.0, stars=1))
    assert kinds(said) == ["submitted"]
    assert said[0].facts == {"stars": 1, "dwell_ms": 2000}
    for moment, name in ((2.1, None), (2.0 + LATE_S - 0.1, None), (500.0, "s1")):
        desk, said = machine.answer(desk, given_answer(moment, session_id=name))
        assert said == ()
    assert desk.late == 3


def test_a_timeout_is_no_rating_and_an_answer_after_it_is_a_citizens_own() -> None:
    desk, _ = machine.invite(Desk(), opened("s1"))
    assert machine.tick(desk, "x", TIMEOUT_S - 0.01) == (desk, ())
    desk, said = machine.answer(desk, given_answer(TIMEOUT_S + 0.5, "s2"))
    assert [(each.session.id, each.kind.split(".")[1]) for each in said] == [
        ("s1", "unrated"),
        ("s2", "invited"),
        ("s2", "submitted"),
    ]
    assert said[0].facts == {"reason": "timeout"}
    assert said[1].facts["trigger"] == "citizen"
    assert "dwell_ms" not in said[2].facts, "nobody asked, so nothing was waited for"


def test_cancelling_at_the_last_moment_keeps_no_rating_away() -> None:
    desk, _ = machine.invite(Desk(), opened("s1"))
    desk, said = machine.end(desk, "cancelled", "x", 3.0)
    assert kinds(said) == ["unrated"]
    _desk, said = machine.answer(desk, given_answer(3.2, "s2"))
    assert kinds(said) == ["invited", "submitted"]


def test_asked_twice_for_one_service_is_one_session_and_another_service_ends_it() -> None:
    desk, _ = machine.invite(Desk(), opened("s1", project_no="P1"))
    assert machine.invite(desk, opened("s2", 1.0, project_no="P1")) == (desk, ())
    desk, said = machine.invite(desk, opened("s3", 2.0, project_no="P2"))
    assert kinds(said) == ["unrated", "invited"]
    assert (said[0].session.id, said[0].facts) == ("s1", {"reason": "cancelled"})
    assert desk.session is not None
    assert desk.session.id == "s3"


def test_the_provinces_page_takes_over_at_once_and_nothing_is_waited_for() -> None:
    desk, said = machine.invite(Desk(), opened("s1", page="provincial", trigger="queue"))
    assert kinds(said) == ["invited", "handed_over"]
    assert desk.session is None
    assert machine.tick(desk, "x", 1e6)[1] == ()


def test_an_answer_that_names_another_session_leaves_the_open_one_alone() -> None:
    desk, _ = machine.invite(Desk(), opened("s1"))
    after, said = machine.answer(desk, given_answer(1.0, "s9", session_id="old"))
    assert kinds(said) == ["invited", "submitted"]
    assert after.session == desk.session
    _after, said = machine.answer(after, given_answer(2.0))
    assert said[0].session.id == "s1"


@pytest.mark.parametrize("kind", ["evaluation.invited", "evaluation.submitted"])
def test_a_reading_is_named_by_its_session_and_bears_its_own_time(kind: machine.Kind) -> None:
    made = opened("s1", project_no="P1", item_code="I1")
    read = machine.reading(Said(kind, made, "2026-11-23T09:14:07", {"stars": 4}), "PAD1")
    assert (read.key, read.device_time, read.serial) == ("at 0.0|s1", "2026-11-23T09:14:07", "PAD1")
    assert read.facts["session_id"] == "s1"
    assert read.facts.get("project_no") == (None if kind == "evaluation.invited" else "P1")
