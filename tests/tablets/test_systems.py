"""Queue and business systems: `POST /api/invite` and `/api/show`, paired, from the LAN, through the port."""

import json
import time
from typing import Any

import pytest

from edge.windows import Systems
from edge.windows.shown import may_open
from tests.documents.written import text
from tests.hall import until
from tests.sim.tablet import NotPaired, Tablet
from tests.sim.tablet_ws import Tablet as WsTablet
from tests.tablets.conftest import Place

HOSTS = ("pj.example.gov.cn", "pj.example.gov.cn:8443", "http://10.1.2.3", "http://10.1.2.3:8080")
PAGE = "https://pj.example.gov.cn/?u=d2FuZw=="
PROFILE = {"version": 1, "provincial": {"hosts": list(HOSTS)}}


@pytest.fixture
def hall(place: Place) -> Place:
    assert place.evaluations.hall.documents.take("evaluation_profile", text(PROFILE)).ok
    return place


def system(place: Place) -> Tablet:
    """A business system, paired with the hall."""
    code = place.port.commands["pair"]({"device": "@systems", "actor": "li"})
    made = Tablet(place.port_no, "/api/", "@systems")
    assert made.pair(code) == "system"
    return made


def show(place: Place, by: Tablet, **told: Any) -> tuple[int, dict[str, Any]]:
    answer = by.send("POST", "show", {"window_no": "A01", "url": PAGE, "ttl_s": 60, **told})
    assert answer.vouched
    return answer.status, answer.said


def logged_in(tablet: WsTablet) -> bool:
    return until(lambda: tablet.logged_in, 20, 0.02)


def test_an_invitation_of_a_queue_is_asked_at_the_window(hall: Place) -> None:
    queue = system(hall)
    with hall.tablet() as tablet:
        assert logged_in(tablet)
        told = {"window_no": "A01", "project_no": "P-1", "item_code": "I-1", "trigger": "queue"}
        asked = queue.send("POST", "invite", told)
        assert (asked.status, asked.vouched) == (200, True)
        assert until(lambda: tablet.shown.get("session") == asked.said["session_id"], 20, 0.02)
        (invited,) = hall.events("invited")
        assert (invited["trigger"], invited["project_no"], invited["item_code"]) == ("queue", "P-1", "I-1")
        assert queue.send("POST", "cancel", {"window_no": "A01"}).status == 200
        assert until(lambda: "session" not in tablet.shown, 20, 0.02)
        assert hall.events("unrated")[0]["reason"] == "cancelled"


def test_a_page_is_shown_at_once_and_its_address_is_told_to_nobody_else(hall: Place) -> None:
    business = system(hall)
    with hall.tablet() as tablet:
        assert logged_in(tablet)
        status, said = show(hall, business)
        assert status == 200
        assert until(lambda: tablet.shown.get("url") == PAGE, 20, 0.02)
        assert [each["kind"] for each in hall.events()] == ["invited", "handed_over"]
        assert {each["session_id"] for each in hall.events()} == {said["session_id"]}
        assert show(hall, business)[0] == 409, "one at a time"
        assert business.send("POST", "cancel", {"window_no": "A01"}).status == 200
        assert show(hall, business)[0] == 200


def test_where_no_tablet_is_there_the_answer_comes_at_once_and_nothing_is_kept(hall: Place) -> None:
    business = system(hall)
    began = time.monotonic()
    status, said = show(hall, business)
    assert status == 409
    assert "not connected" in said["error"]
    assert time.monotonic() - began < 5
    with hall.tablet() as tablet:
        assert logged_in(tablet)
        time.sleep(0.5)
        assert "url" not in tablet.shown
    assert hall.events() == []
    assert show(hall, business, window_no="A99")[0] == 409


def test_what_is_no_order_is_refused(hall: Place) -> None:
    business = system(hall)
    wrong: tuple[dict[str, Any], ...] = (
        {"ttl_s": 121},
        {"ttl_s": 0},
        {"url": 5},
        {"window_no": "a b"},
        {"more": 1},
        {"url": f"{PAGE}{'x' * 3000}"},
    )
    for told in wrong:
        status, said = show(hall, business, **told)
        assert status == 400, told
        assert "d2FuZw" not in said["error"]


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        (PAGE, True),
        ("https://pj.example.gov.cn:8443/a", True),
        ("http://10.1.2.3/a", True),
        ("http://10.1.2.3:8080/a", True),
        ("http://pj.example.gov.cn/", False),
        ("https://10.1.2.3/", False),
        ("https://pj.example.gov.cn:444/", False),
        ("https://pj.example.gov.cn.evil.cn/", False),
        ("https://evil.cn/pj.example.gov.cn", False),
        ("https://pj.example.gov.cn@evil.cn/", False),
        ("https://evil.cn@pj.example.gov.cn/", False),
        ("https://evil.cn\\@pj.example.gov.cn/", False),
        ("https://pj.example.gov.cn\\.evil.cn/", False),
        ("https://pj.example.gov.cn /", False),
        ("https://pj.example.gov.cn/\n", False),
        ("https://pj.example.gov.cn:x/", False),
        ("https://[::1/", False),
        ("javascript://pj.example.gov.cn/%0aalert(1)", False),
        ("//pj.example.gov.cn/", False),
        ("", False),
    ],
)
def test_only_hosts_of_the_list_are_opened(url: str, fits: bool) -> None:
    assert may_open(url, HOSTS) is fits
    assert may_open(url, ()) is False


def test_a_page_elsewhere_is_refused_in_words(hall: Place) -> None:
    with hall.tablet() as tablet:
        assert logged_in(tablet)
        status, said = show(hall, system(hall), url="https://evil.cn/?u=d2FuZw==")
        assert status == 409
        assert "evil.cn" not in said["error"]
        assert "url" not in tablet.shown


def test_who_is_not_paired_as_a_system_is_not_heard(hall: Place) -> None:
    business = system(hall)
    body = json.dumps({"window_no": "A01", "url": PAGE}).encode()
    assert business.call("POST", "/api/show", body, {})[0] == 401, "unsigned"
    signed = business.signed("POST", "/api/show", b"{}")
    assert business.call("POST", "/api/show", body, signed)[0] == 401, "signed for something else"
    again = business.signed("POST", "/api/invite", b"{}")
    business.send("POST", "invite", {})
    again = business.signed("POST", "/api/invite", b"{}")
    assert business.call("POST", "/api/invite", b"{}", again)[0] == 400
    assert business.call("POST", "/api/invite", b"{}", again)[0] == 409, "sent again, byte for byte"
    stranger = Tablet(hall.port_no, "/api/", "@systems")
    with pytest.raises(NotPaired):
        stranger.pair("AAAA-AAAA-AAAA-AAAA")
    (listed,) = [
        each for each in json.loads(hall.port.commands["pairings"]({})) if each["device_id"] == "@systems"
    ]
    assert listed["parts"] == ["system"]
    hall.port.commands["unpair"]({"key": listed["keys"][0][0]})
    assert business.send("POST", "invite", {"window_no": "A01"}).status == 401
    assert any(
        each.cause == "forged_requests" and each.subject == "@systems" for each in hall.port.attention()
    )


def test_only_the_halls_networks_are_heard(hall: Place) -> None:
    systems = hall.port.desk._windows.systems  # type: ignore[union-attr]
    assert isinstance(systems, Systems)
    for peer, near in (
        ("192.168.1.7", True),
        ("::ffff:10.0.0.1", True),
        ("8.8.8.8", False),
        ("2001:db8::1", False),
    ):
        assert systems.near(peer) is near
    hall.port.desk._windows.systems = Systems(hall.evaluations.hall, [], {}, ())  # type: ignore[union-attr]
    systems.near = lambda _peer: False  # type: ignore[method-assign]
    hall.port.desk._windows.systems = systems  # type: ignore[union-attr]
    assert Tablet(hall.port_no, "/api/", "@systems").call("POST", "/api/invite", b"{}", {})[0] == 403
