"""A vendor's tablet on its line, through the real port: login, rating, invitation, and what breaks."""

import socket
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from drivers.tablet_ws import WsTablet
from edge.commands import Refused
from tests.hall import until
from tests.tablets.conftest import Place


def logged_in(tablet: object) -> bool:
    return until(lambda: tablet.logged_in, 20, 0.02)  # type: ignore[attr-defined]


def test_a_rating_is_on_disk_before_it_is_thanked_for(place: Place) -> None:
    with place.tablet() as tablet:
        assert logged_in(tablet)
        tablet.rate(2, evalDetail="207", projectNo="P-1", writingEvaluation="慢")
        assert until(lambda: not tablet.waiting, 20, 0.02)
        (rated,) = place.events("submitted")
        assert (rated["level"], rated["staff_no"], rated["project_no"]) == ("dissatisfied", "1001", "P-1")
        assert rated["comment"] == "慢"
        assert "tags" not in rated, "its own codes mean nothing without a map"
        assert rated["time_quality"] == "synced", "its heartbeat tells its clock"
        assert "王某" not in str(rated)
        assert until(lambda: place.receiver.health.state == "online", 20)


def test_a_wrong_clock_of_the_tablet_moves_neither_ratings_nor_invitations(place: Place) -> None:
    tablet = place.tablet()
    tablet.clock_offset_s = -600
    with tablet:
        assert logged_in(tablet)
        assert until(lambda: place.receiver.health.cause == "clock_off", 20)
        session = place.commands["invite"]({"window": "A01"})
        assert until(lambda: tablet.shown.get("session") == session, 20, 0.02)
        tablet.rate(4)
        assert until(lambda: not tablet.waiting, 20, 0.02)
        now = place.clock.now()
        for each in place.events():
            assert each["time_quality"] == "corrected"
            assert abs(datetime.fromisoformat(each["time"]) - now) < timedelta(seconds=60)
            assert now.replace(tzinfo=None) - datetime.fromisoformat(each["device_time"]) > timedelta(
                minutes=9
            )
        assert [each["session_id"] for each in place.events()] == [session, session]


def test_an_invitation_reaches_the_tablet_and_its_answer_is_of_it(place: Place) -> None:
    with place.tablet() as tablet:
        assert logged_in(tablet)
        session = place.commands["invite"]({"window": "A01", "trigger": "queue", "project_no": "P-2"})
        assert until(lambda: tablet.shown.get("session") == session, 20, 0.02)
        tablet.rate(5)
        assert until(lambda: not tablet.waiting, 20, 0.02)
        invited, rated = place.events()
        assert (invited["kind"], invited["trigger"], invited["session_id"]) == ("invited", "queue", session)
        assert (rated["session_id"], rated["project_no"]) == (session, "P-2")
        assert rated["dwell_ms"] >= 0


def test_without_an_echo_a_rating_answers_who_is_asked_and_a_copy_answers_nobody(place: Place) -> None:
    with place.tablet() as tablet:
        tablet.faults.no_echo, tablet.faults.repeat = True, 1.0
        assert logged_in(tablet)
        session = place.commands["invite"]({"window": "A01"})
        assert until(lambda: "session" in tablet.shown, 20, 0.02)
        tablet.rate(4)
        assert until(lambda: not tablet.waiting, 20, 0.02)
        assert [each["session_id"] for each in place.events("submitted")] == [session]
        place.commands["invite"]({"window": "A01", "project_no": "P-3"})
        tablet.say(
            {"code": 50200, "data": {"id": "old", "satisfaction": "1", "assessTime": "2026-11-20 09:00:00"}}
        )
        assert until(lambda: len(place.events("submitted")) == 2, 20, 0.02)
        assert place.events("submitted")[-1]["session_id"] != session
        assert place.events("invited")[-1]["trigger"] == "citizen", "it was made before anybody was asked"


def test_an_invitation_that_nobody_answers_is_unrated_and_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.tablet_ws.driver.BRING_S", 0.0)
    place = Place(tmp_path, timeout_s=3)
    try:
        with place.tablet() as tablet:
            assert logged_in(tablet)
            place.commands["invite"]({"window": "A01"})
            assert until(lambda: place.events("unrated"), 20)
            assert place.events("unrated")[0]["reason"] == "timeout"
            assert until(lambda: "session" not in tablet.shown, 20)
            assert place.events("submitted") == []
    finally:
        place.close()


def test_nobody_is_asked_where_no_tablet_is_connected(place: Place) -> None:
    with pytest.raises(Refused):
        place.commands["invite"]({"window": "A01"})
    with place.tablet() as tablet:
        assert logged_in(tablet)
    assert until(lambda: _away(place), 20)
    with pytest.raises(Refused, match="not connected"):
        place.commands["invite"]({"window": "A01"})
    assert place.events() == []


def test_the_card_of_who_is_on_duty_comes_and_changes(place: Place) -> None:
    with place.tablet() as tablet:
        assert until(lambda: "card" in tablet.shown, 15)
        assert tablet.shown["card"]["work_no"] == "1001"
        assert set(tablet.shown["card"]) <= {"work_no", "name", "post"}


def test_a_code_nobody_knows_is_refused_and_put_aside(place: Place) -> None:
    with place.tablet() as tablet:
        tablet.faults.unmapped = 1
        assert logged_in(tablet)
        tablet.rate()
        assert until(lambda: not tablet.waiting, 20, 0.02)
        assert place.rejected() == 1
        assert place.events() == []
        tablet.say({"code": 40000, "data": None})
        assert until(lambda: place.receiver.health.cause == "level_unknown", 20)


def test_who_has_not_the_key_is_not_heard(place: Place) -> None:
    with place.tablet(key="wrong") as tablet:
        tablet.rate(1)
        assert until(lambda: tablet.heard[40001] >= 2, 20, 0.02)
        tablet.say(
            {"code": 50200, "data": {"id": "1", "satisfaction": "1", "assessTime": "2026-11-20 09:00:00"}}
        )
        assert until(lambda: "auth_failed" in place.receiver.claims(), 20)
        assert not tablet.logged_in
    assert place.events() == []


def test_another_address_or_path_is_not_spoken_with(place: Place) -> None:
    for given in ({"source": "127.0.0.9"}, {"path": "/other"}):
        with place.tablet(**given) as tablet:
            assert until(lambda tablet=tablet: tablet.lines >= 2, 20)
            assert not tablet.logged_in
            assert not tablet.heard
    assert {each.address for each in place.port.turned_away()} == {"127.0.0.9", "127.0.0.1"}


def test_a_line_that_is_half_open_is_found_and_the_new_one_counts(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edge.ports import talks

    dead_s, ping_s = talks.DEAD_S, talks.PING_S
    assert dead_s + 2 <= 30
    talks.DEAD_S, talks.PING_S = 2.5, 0.3
    try:
        with place.tablet() as tablet:
            assert logged_in(tablet)
            assert not until(lambda: tablet.lines > 1, 3.0), "pings keep a line that says nothing"
            tablet.faults.deaf = True
            assert until(lambda: _away(place), 20)
            place.receiver.supervise()
            assert place.receiver.health.state == "online", "not yet"
            monkeypatch.setattr(WsTablet, "patience_s", 0.2)
            assert until(lambda: place.receiver.supervise() or place.receiver.health.state == "offline", 20)
            assert place.receiver.health.cause == "line_down"
            tablet.faults.deaf = False
            assert until(lambda: tablet.lines == 2 and tablet.logged_in, 20)
            assert until(lambda: place.receiver.health.state == "online", 20)
    finally:
        talks.DEAD_S, talks.PING_S = dead_s, ping_s


def _away(place: Place) -> bool:
    """Whether the tablet is known not to be there."""
    try:
        place.commands["welcome"]({"window": "A01"})
    except Refused:
        return True
    return False


def test_a_second_login_ends_the_line_before(place: Place) -> None:
    with place.tablet(seed=1) as first:
        assert logged_in(first)
        with place.tablet(seed=2) as second:
            assert logged_in(second)
            assert until(lambda: first.lines >= 2, 20), "it was hung up on"


def test_a_line_that_says_nothing_of_itself_is_ended(place: Place) -> None:
    from edge.ports import talks

    usual, talks.LOGIN_S = talks.LOGIN_S, 0.5
    try:
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", place.port_no), 20) as line:
            line.sendall(
                b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            line.settimeout(20)
            whole = b""
            while data := line.recv(4096):
                whole += data
        assert whole.startswith(b"HTTP/1.1 101")
        assert time.monotonic() - began < talks.DEAD_S / 2, "not only because it is dead"
    finally:
        talks.LOGIN_S = usual


def test_what_is_no_handshake_is_answered_and_ends(place: Place) -> None:
    head = ["GET /ws HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade"]
    head += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
    for lacks in ("Upgrade", "Connection", "Sec-WebSocket-Version", "Sec-WebSocket-Key"):
        sent = "\r\n".join(each for each in head if not each.startswith(lacks)) + "\r\n\r\n"
        with socket.create_connection(("127.0.0.1", place.port_no), 20) as line:
            line.sendall(sent.encode())
            line.settimeout(20)
            assert line.recv(4096).startswith(b"HTTP/1.1 4"), lacks


def test_a_restart_keeps_who_is_asked_and_counts_no_copy(place: Place) -> None:
    with place.tablet() as tablet:
        assert logged_in(tablet)
        session = place.commands["invite"]({"window": "A01", "timeout_s": "60"})
        assert until(lambda: "session" in tablet.shown, 20, 0.02)
        place.down()
        place.up()
        number = tablet.rate(3)
        assert until(lambda: not tablet.waiting, 20, 0.05)
        assert [each["session_id"] for each in place.events("submitted")] == [session]
        place.down()
        place.up()
        assert until(lambda: tablet.logged_in, 20)
        tablet.waiting[number] = {"id": number, "satisfaction": "3", "assessTime": "2026-11-20 09:00:00"}
        assert until(lambda: not tablet.waiting, 20, 0.05)


def test_a_stop_while_lines_are_open_is_quiet(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    with place.tablet() as tablet:
        for _ in range(3):
            assert logged_in(tablet)
            tablet.rate()
            place.down()
            assert until(lambda: not tablet.logged_in, 20)
            place.up()
    assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == []


def test_too_much_at_once_or_nonsense_ends_the_line_and_nothing_else(place: Place) -> None:
    with place.tablet() as tablet:
        for number, bad in enumerate((b"\x81\xff" + b"\xff" * 8, b"\x83\x00", b"GET / HTTP/1.1\r\n\r\n"), 2):
            assert logged_in(tablet)
            tablet.send(bad)
            assert until(lambda number=number: tablet.lines >= number, 20)
        assert logged_in(tablet)
        tablet.say(b"{")
        assert until(lambda: tablet.heard[40002] >= 1, 20)
        for _ in range(24):
            tablet.say(b"{")
        assert until(lambda: tablet.lines >= 5, 20)
        assert logged_in(tablet)
        tablet.rate(5)
        assert until(lambda: not tablet.waiting, 20)
    assert len(place.events("submitted")) == 1
