"""Every session has one outcome, every rating counts once, wherever the tablet was when its time was over."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import Observation, Order, Request
from drivers.kiosk import Kiosk, driver
from tests.drivers.memory_link import ZONE, MemoryLink
from tests.kiosk.conftest import rating

NOW = datetime(2026, 11, 20, 12, tzinfo=ZONE)
OUTCOMES = {"submitted", "unrated", "handed_over"}


@dataclass
class Scene:
    """A window, its tablet and its desk, on a clock that a test moves. page: as the profile says."""

    page: str = "local"
    clock_s: float = 1000.0
    link: MemoryLink = field(default_factory=MemoryLink)
    queue: list[dict[str, object]] = field(default_factory=list)
    said: list[dict[str, object]] = field(default_factory=list)
    asked: dict[str, str] | None = None
    answered: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.link.observed(Observation("kiosk-A01"))
        self.restart()

    def restart(self) -> None:
        self.kiosk = Kiosk(Kiosk.Options("A01"))

    def call(self, part: str, word: str, **values: object) -> dict[str, object]:
        at = NOW + timedelta(seconds=self.clock_s)
        path = f"/{'w' if part == 'desk' else 'k'}/A01/{word}"
        body, told = json.dumps(values).encode(), {"page": self.page}
        reply = self.kiosk.handle(Request("POST", path, told, {}, body, "", at, part=part), self.link)
        assert reply.status == 200, reply.body
        answer: dict[str, object] = json.loads(reply.body)
        return answer

    def invite(self, project: str = "") -> str:
        told = {"project_no": project} if project else {}
        return str(self.call("desk", "invite", **told)["session_id"])

    def look(self) -> None:
        """The tablet calls, and shows what it is told."""
        holds = [each["session"]["id"] for each in self.queue if each["session"]]  # type: ignore[index]
        told = self.call("tablet", "state", version="x", queue=len(self.queue), holds=holds)
        session: dict[str, str] | None = told["session"]  # type: ignore[assignment]
        self.asked = session if session and session["id"] not in self.answered else None

    def tap(self, **more: object) -> None:
        """A citizen answers what the tablet shows; it is sent later."""
        asked = {key: self.asked[key] for key in ("id", "at")} if self.asked else None
        self.said.append(rating(len(self.said) + 1, session=asked, **more))
        self.queue.append(self.said[-1])
        self.answered |= {asked["id"]} if asked else set()
        self.asked = None

    def upload(self) -> None:
        for each in self.queue:
            self.call("tablet", "rate", **each)
        self.queue = []

    def order(self, name: str, **about: str) -> str:
        answers: list[str] = []
        self.link.waiting.append(Order(name, answers.append, about={"window": "A01", **about}))
        self.kiosk.ordered(self.link)
        return answers[0]

    def events(self) -> list[tuple[str, str]]:
        """(kind, session) of every different fact, as the store keeps them."""
        facts = dict.fromkeys(
            (each.kind.partition(".")[2], str(each.facts["session_id"])) for each in self.link.readings
        )
        keys = {(each.kind, each.key) for each in self.link.readings}
        assert len(keys) == len(facts), "one session has one key"
        return list(facts)

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events()]


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return staged(monkeypatch)


def staged(monkeypatch: pytest.MonkeyPatch, page: str = "local") -> Scene:
    made = Scene(page)
    monkeypatch.setattr(driver, "time", SimpleNamespace(monotonic=lambda: made.clock_s))
    return made


def test_an_answer_given_in_time_and_brought_later_is_the_outcome(scene: Scene) -> None:
    session = scene.invite("P1")
    scene.look()
    scene.tap(dwell_ms=5_000)
    scene.clock_s += 86_400
    scene.call("desk", "desk")
    assert scene.kinds() == ["invited"], "nobody has heard the tablet: nothing is known of its answer"
    scene.look()
    scene.upload()
    scene.look()
    assert scene.events() == [("invited", session), ("submitted", session)]
    facts = scene.link.readings[-1].facts
    assert (facts["project_no"], facts["dwell_ms"]) == ("P1", 5_000)


def test_a_tablet_that_holds_no_answer_says_so_and_what_comes_then_is_another_session(scene: Scene) -> None:
    session = scene.invite()
    scene.look()
    scene.tap()
    late, scene.queue = scene.queue, []
    scene.clock_s += 100
    scene.call("desk", "desk")
    ended = NOW + timedelta(seconds=scene.clock_s)
    scene.clock_s += 500
    scene.look()
    assert scene.events() == [("invited", session), ("unrated", session)]
    assert scene.link.readings[-1].device_time == ended.replace(tzinfo=None).isoformat()
    for _ in range(2):
        scene.queue = list(late)
        scene.upload()
        scene.restart()
    (own,) = {name for kind, name in scene.events() if kind == "submitted"}
    assert own != session
    assert scene.kinds() == ["invited", "unrated", "invited", "submitted"]


def test_who_cancels_while_the_tablet_is_away_hides_no_answer(scene: Scene) -> None:
    session = scene.invite()
    scene.look()
    scene.tap()
    scene.call("desk", "cancel")
    scene.restart()
    second = scene.invite()
    scene.look()
    assert scene.asked is not None
    assert scene.asked["id"] == second
    scene.upload()
    assert scene.events() == [("invited", session), ("invited", second), ("submitted", session)]


def test_what_the_tablet_never_showed_ends_at_once(scene: Scene) -> None:
    scene.invite()
    scene.call("desk", "cancel")
    scene.invite()
    scene.clock_s += 100
    scene.call("desk", "desk")
    assert scene.kinds() == ["invited", "unrated"] * 2


def test_the_provinces_page_takes_over_what_it_was_opened_for(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = staged(monkeypatch, "provincial")
    first = scene.invite()
    scene.look()
    scene.clock_s += 100
    second = scene.invite("P2")
    scene.call("tablet", "handed", session=first)
    assert scene.events() == [("invited", first), ("invited", second), ("handed_over", first)]
    scene.call("tablet", "handed", session=first)
    assert scene.kinds().count("handed_over") == 1, "the other one is still asked"
    scene.call("tablet", "handed", session=second)
    assert scene.events()[-1] == ("handed_over", second)


def test_a_tablet_with_our_own_page_hands_nothing_over_that_nobody_asked(scene: Scene) -> None:
    scene.call("tablet", "handed", session=None)
    assert scene.events() == []


def test_the_queue_asks_anew_once_the_time_is_over_and_not_while_paused(scene: Scene) -> None:
    first = scene.order("invite")
    assert scene.order("invite") == first
    scene.clock_s += 100
    assert scene.order("invite") not in (first, "")
    scene.call("desk", "pause", on=True)
    assert scene.order("invite") == "paused"


STEPS = st.lists(
    st.sampled_from(
        ["invite", "other", "look", "tap", "tap", "upload", "again", "cancel", "wait", "desk", "restart"]
    ),
    max_size=40,
)


@settings(max_examples=150)
@given(STEPS)
def test_whatever_happens_in_whatever_order(steps: list[str]) -> None:
    """The tablet sends a rating again now and then, and the daemon begins anew now and then."""
    with pytest.MonkeyPatch.context() as patch:
        scene = staged(patch)
        for number, step in enumerate([*steps, "look", "upload", "wait", "desk", "look", "again"]):
            match step:
                case "invite":
                    scene.invite()
                case "other":
                    scene.invite(f"P{number}")
                case "look" | "tap" | "upload" | "restart":
                    getattr(scene, step)()
                case "again":
                    for each in scene.said:
                        if each not in scene.queue:
                            scene.call("tablet", "rate", **each)
                case "cancel" | "desk":
                    scene.call("desk", step)
                case "wait":
                    scene.clock_s += 100
        outcomes = Counter(session for kind, session in scene.events() if kind in OUTCOMES)
        assert set(outcomes.values()) <= {1}
        assert set(outcomes) == {session for kind, session in scene.events() if kind == "invited"}
        assert scene.kinds().count("submitted") == len(scene.said)
