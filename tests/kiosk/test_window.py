"""What tablet, desk and queue may say at one window, without a browser: exactly once, over restarts too."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from edge.office import Accounts, passwords
from edge.ports import server
from tests.gate import say
from tests.kiosk.conftest import Window, rating


def test_an_invitation_is_answered_once_and_names_who_is_on_duty(window: Window) -> None:
    desk, tablet = window.client("desk"), window.client("tablet")
    asked = desk.send("POST", "invite", {"project_no": "P1"}).said["session_id"]
    shown = tablet.send("POST", "state", {"version": "x", "queue": 0}).said["session"]
    assert isinstance(shown, dict)
    assert shown["id"] == asked
    said = rating(1, "very_dissatisfied", session=shown, tags=["115", "517", "x"], comment="等太久\x07")
    assert tablet.send("POST", "rate", said).said == {"state": "taken"}
    assert tablet.send("POST", "rate", said).said == {"state": "late"}
    tablet.send("POST", "state", {"version": "x", "queue": 0})
    assert window.receiver.link._told.observation.counts["late"] == 1  # type: ignore[union-attr]
    (stored,) = window.events("submitted")
    assert (stored["session_id"], stored["staff_no"], stored["dept_code"]) == (asked, "1001", "D1")
    assert (stored["level"], stored["stars"], stored["tags"]) == ("very_dissatisfied", 1, ["115"])
    assert (stored["time_quality"], stored["quality_flags"]) == ("synced", ["too_fast"])
    assert (stored["comment"], stored["channel"], stored["project_no"]) == ("等太久", "hall_tablet", "P1")
    assert window.events("unrated") == []


def test_the_desk_cannot_rate_and_is_never_told_a_level(window: Window) -> None:
    desk, tablet, queue = window.client("desk"), window.client("tablet"), window.client("system")
    for part, words in (
        (desk, ("rate", "state", "handed")),
        (queue, ("rate", "state", "pause", "desk", "hall")),
    ):
        for word in words:
            assert part.send("POST", word, rating(1)).status == 403, word
    assert tablet.send("POST", "invite", {}).status == 403
    assert tablet.send("POST", "sign-on", {}).status == 403
    assert queue.send("POST", "invite", {"trigger": "business_system"}).status == 200
    assert queue.send("POST", "cancel", {}).status == 200
    assert desk.send("POST", "invite", {"trigger": "citizen"}).status == 200
    assert [each["trigger"] for each in window.events("invited")] == ["business_system", "staff"]
    tablet.send("POST", "rate", rating(1, "very_dissatisfied"))
    told = str(desk.send("POST", "desk", {}).said) + str(desk.send("POST", "hall", {}).said)
    assert "level" not in told
    assert "dissatisfied" not in told


def test_cancel_pause_and_time_end_an_invitation_unrated(window: Window) -> None:
    desk, tablet = window.client("desk"), window.client("tablet")
    desk.send("POST", "invite", {})
    desk.send("POST", "cancel", {})
    desk.send("POST", "invite", {})
    desk.send("POST", "pause", {"on": True})
    assert desk.send("POST", "invite", {}).status == 400
    state = tablet.send("POST", "state", {"version": "x", "queue": 0}).said
    assert (state["session"], state["paused"]) == (None, True)
    window.down()
    window.up()
    assert tablet.send("POST", "state", {"version": "x", "queue": 0}).said["paused"] is True
    assert [each["reason"] for each in window.events("unrated")] == ["cancelled", "cancelled"]
    assert window.events("submitted") == []


@pytest.mark.parametrize(
    "many", [60, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]
)
def test_repeated_submissions_from_eight_threads_are_stored_once(window: Window, many: int) -> None:
    tablet = window.client("tablet")
    tablet.send("POST", "state", {"version": "x", "queue": 0})
    clients = [window.client("tablet") for _ in range(8)]
    for each in clients:
        each.send("POST", "state", {"version": "x", "queue": 0})
    wanted = list(range(many)) + [number for number in range(many) if number % 10 < 3]

    def submit(place: int) -> int:
        return sum(
            clients[place].send("POST", "rate", rating(number)).status == 200 for number in wanted[place::8]
        )

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(submit, range(8))) == len(wanted)
    stored = window.events("submitted")
    assert len(stored) == many
    assert len({each["session_id"] for each in stored}) == many
    figures = {"sent": len(wanted), "different": many, "stored": len(stored)}
    say("E1", **figures)


def test_what_was_stored_and_never_answered_is_not_counted_again_after_a_restart(window: Window) -> None:
    desk, tablet = window.client("desk"), window.client("tablet")
    desk.send("POST", "invite", {})
    session = tablet.send("POST", "state", {"version": "x", "queue": 0}).said["session"]
    said = rating(7, session=session)
    tablet.send("POST", "rate", said)
    tablet.send("POST", "rate", rating(8))
    window.down()
    window.up()
    for again in (said, rating(8), said):
        assert tablet.send("POST", "rate", again).status == 200
    assert len(window.events("submitted")) == 2


def test_an_invitation_outlives_a_restart(window: Window) -> None:
    desk, tablet = window.client("desk"), window.client("tablet")
    asked = desk.send("POST", "invite", {}).said["session_id"]
    window.down()
    window.up()
    session = tablet.send("POST", "state", {"version": "x", "queue": 0}).said["session"]
    assert isinstance(session, dict)
    assert session["id"] == asked
    tablet.send("POST", "rate", rating(1, session=session))
    assert [each["kind"] for each in window.events()] == ["invited", "submitted"]


def test_a_day_old_rating_bears_the_time_of_the_answer_by_our_clock(window: Window) -> None:
    tablet = window.client("tablet")
    said = rating(1, at="2020-01-01T09:00:00", sent="2020-01-02T09:00:00")
    assert tablet.send("POST", "rate", said).said == {"state": "taken"}
    (stored,) = window.events("submitted")
    ago = window.clock.now() - datetime.fromisoformat(str(stored["time"]))
    assert abs(ago.total_seconds() - 86_400) < 60, "the tablet's clock was six years off"
    assert stored["replayed"] is True


@pytest.mark.parametrize("at", ["1970-01-02T00:00:00", "2026-11-20T09:05:00", "9998-01-01T00:00:00"])
def test_a_clock_that_was_set_meanwhile_makes_no_odd_time_and_is_flagged(window: Window, at: str) -> None:
    tablet = window.client("tablet")
    sent = "9999-01-01T00:00:00" if at.startswith("9") else "2026-11-20T09:00:00"
    assert tablet.send("POST", "rate", rating(1, at=at, sent=sent)).said == {"state": "taken"}
    (stored,), (asked,) = window.events("submitted"), window.events("invited")
    for each in (stored, asked):
        ago = window.clock.now() - datetime.fromisoformat(str(each["time"]))
        assert abs(ago.total_seconds()) < 60
    assert "clock_suspect" in str(stored["quality_flags"])


def test_a_page_is_answered_at_once_and_says_nothing_long(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SURPLUS_S", 60.0)
    tablet = window.client("tablet")
    assert tablet.send("POST", "rate", rating(1)).status == 200, "it counts its bodies well"
    assert tablet.call("POST", "/k/A01/rate", b"x" * (server.SMALL_MAX + 1), {})[0] == 413


@pytest.mark.parametrize(
    "wrong",
    [{"level": "best"}, {"id": "x"}, {"tags": None}, {"at": "yesterday"}, {"session": {"id": "'; --"}}],
)
def test_what_makes_no_sense_is_put_aside_and_blocks_nothing(
    window: Window, wrong: dict[str, object]
) -> None:
    tablet = window.client("tablet")
    sent = {**rating(1), **wrong}
    assert tablet.send("POST", "rate", sent).said == {"state": "rejected"}
    assert (window.events("submitted"), window.rejected()) == ([], 1)
    (raw,) = window.kept_raw()
    told = json.loads(raw)
    assert {key: told[key] for key in sent} == sent


def test_signing_on_takes_staff_number_and_pin(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "COST", (6, 8, 1))
    accounts = Accounts(window.folder, window.clock.text)
    pin = accounts.commands["account-add"]({"name": "1002", "role": "window"})
    desk, tablet = window.client("desk"), window.client("tablet")
    assert desk.send("POST", "sign-on", {"staff_no": "1002", "pin": "000000"}).status == 403
    assert desk.send("POST", "sign-on", {"staff_no": "\x1b[2J", "pin": "000000"}).status == 403
    assert desk.send("POST", "sign-on", {"staff_no": "1002", "pin": pin}).status == 200
    assert tablet.send("POST", "hall", {}).said["card"] == {
        "staff_no": "1002",
        "name": "李二",
        "post": "综合受理",
    }
    tablet.send("POST", "rate", rating(1, at=window.clock.text()[:19], sent=window.clock.text()[:19]))
    assert desk.send("POST", "sign-off", {}).status == 200
    assert [each["staff_no"] for each in window.events("submitted")] == ["1002"]
    answers = [desk.send("POST", "sign-on", {"staff_no": "1002", "pin": "111112"}).said for _ in range(7)]
    assert "稍后再试" in str(answers[-1]), "who guesses waits"
    assert window.audits("sign-on") == 7, "and fills no log"


def test_pictures_are_for_the_paired_tablet_alone_and_no_other_file(window: Window) -> None:
    desk, tablet = window.client("desk"), window.client("tablet")
    assert tablet.send("POST", "hall", {}).said["pictures"] == {"photo": None, "issued": None}
    assert tablet.send("POST", "picture", {"of": "photo"}).status == 404
    window.shows("photo.png", "issued.png")
    stamps = tablet.send("POST", "hall", {}).said["pictures"]
    assert isinstance(stamps, dict)
    for of in ("photo", "issued"):
        assert tablet.send("POST", "picture", {"of": of}).said["stamp"] == stamps[of]
    for wrong in ("roster.json", "../edge.db", ""):
        assert tablet.send("POST", "picture", {"of": wrong}).status == 404
    assert desk.send("POST", "picture", {"of": "photo"}).status == 403
    assert "pictures" not in desk.send("POST", "hall", {}).said
    assert tablet.call("POST", "/k/A01/picture", b'{"of": "photo"}', {})[0] == 401
    (window.told / "photo.png").write_bytes(b"no picture")
    assert tablet.send("POST", "picture", {"of": "photo"}).status == 404
