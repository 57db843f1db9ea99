"""A citizen's own page at a tablet with our page: in memory alone, for one session and so many seconds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.evaluation.door import Evaluator
from drivers.kiosk import Kiosk
from drivers.kiosk.personal import Personal
from tests.hall import until
from tests.kiosk.conftest import Window
from tests.sim.tablet import Tablet

PAGE = "https://pj.example.gov.cn/?u=d2FuZw=="
STATE = {"version": "x", "queue": 0}


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    made = Window(tmp_path)
    yield made
    made.close()


def show(window: Window, ttl_s: int = 60) -> str | None:
    return window.receiver.in_turn(
        lambda own, link: own.show(PAGE, ttl_s, link) if isinstance(own, Evaluator) else ""
    )


def personal(window: Window) -> Personal:
    listener = window.receiver.listener
    assert isinstance(listener, Kiosk)
    return listener._personal


def shown(tablet: Tablet) -> dict[str, object]:
    session = tablet.send("POST", "state", STATE).said["session"]
    return dict(session) if isinstance(session, dict) else {}


def test_the_tablet_is_told_the_page_with_its_session_and_nobody_else_is(window: Window) -> None:
    assert show(window) == "away"
    tablet, desk = window.client("tablet"), window.client("desk")
    shown(tablet)
    session = show(window)
    told = shown(tablet)
    assert (told["id"], told["url"], told["page"]) == (session, PAGE, "provincial")
    assert 0 < int(str(told["left_s"])) <= 60
    assert show(window) == "busy"
    assert "url" not in str(desk.send("POST", "desk", {}).said)
    assert tablet.send("POST", "handed", {"session": session}).status == 200
    assert shown(tablet) == {}
    assert [(each["kind"], each.get("trigger")) for each in window.events()] == [
        ("invited", "business_system"),
        ("handed_over", "business_system"),
    ]
    cursor = window.receiver.link.cursor if window.receiver.link else ""
    assert "example" not in f"{cursor} {window.events()}"


def test_it_ends_with_its_session_or_its_time(window: Window) -> None:
    tablet, desk = window.client("tablet"), window.client("desk")
    shown(tablet)
    show(window)
    assert PAGE in str(vars(personal(window)))
    desk.send("POST", "cancel", {})
    assert shown(tablet) == {}
    assert PAGE not in str(vars(personal(window))), "not even in memory"
    show(window, ttl_s=3)
    assert until(lambda: shown(tablet) == {}, 20, 0.2)
    assert [each["kind"] for each in window.events("handed_over")] == []


def test_a_restart_knows_no_page_and_asks_nobody_to_open_it(window: Window) -> None:
    tablet = window.client("tablet")
    shown(tablet)
    show(window)
    window.down()
    window.up()
    assert shown(tablet) == {}
    shown(tablet)
    assert [each["reason"] for each in window.events("unrated")] == ["device_error"]


def test_a_paused_window_shows_nothing(window: Window) -> None:
    tablet, desk = window.client("tablet"), window.client("desk")
    shown(tablet)
    desk.send("POST", "pause", {"on": True})
    assert show(window) == "paused"


def test_what_is_over_is_not_in_memory_any_more() -> None:
    personal = Personal()
    personal.put("s1", PAGE, 60)
    assert personal.of("s2") == {}
    assert personal.of("s1")["url"] == PAGE
    personal.put("s1", PAGE, 1)
    assert until(lambda: PAGE not in str(vars(personal)), 20)
