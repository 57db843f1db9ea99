"""What a phone gets by a window's code, and what it does not: one opening, one rating, of that window."""

import http.client
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from edge.phones import marks, phones
from edge.store.recent import Recents
from tests.gate import say
from tests.kiosk.conftest import Window, rating


class Phone:
    """A phone that scanned what is printed."""

    def __init__(self, window: Window, path: str = "", address: str = "127.0.0.1") -> None:
        self.window, self.path, self.address = window, path or window.printed(), address

    def call(self, method: str, name: str = "", said: object = None) -> tuple[int, Any]:
        line = http.client.HTTPConnection(
            "127.0.0.1", self.window.port_no, timeout=20, source_address=(self.address, 0)
        )
        try:
            line.request(method, self.path + name, None if said is None else json.dumps(said))
            reply = line.getresponse()
            body = reply.read()
            told = reply.headers["content-type"] == "application/json"
            return reply.status, json.loads(body) if told else body.decode()
        finally:
            line.close()

    def open(self) -> str:
        status, told = self.call("POST", "open", {})
        assert status == 200, told
        return str(told["ticket"])

    def rate(self, ticket: str, level: str = "satisfied", number: int = 1, **more: object) -> int:
        return self.call("POST", "rate", {**rating(number, level), "ticket": ticket, **more})[0]


def test_a_phone_nobody_asked_rates_as_a_citizen_of_its_own(window: Window) -> None:
    phone = Phone(window)
    status, page = phone.call("GET")
    assert status == 200
    assert "phone.js" in page
    status, told = phone.call("POST", "open", {})
    assert (status, told["hall"], told["page"]) == (200, "测试大厅", "local")
    assert "card" not in told
    assert "张一" not in str(told), "who is on duty is not told to everybody on the Wi-Fi"
    odd = {"at": "1970-01-01T00:00:00", "tags": ["214", "517"]}
    assert phone.rate(told["ticket"], "dissatisfied", comment="慢", **odd) == 200
    asked, said = window.events()
    assert (asked["kind"], asked["trigger"], asked["page"]) == ("invited", "citizen", "local")
    assert (said["channel"], said["stars"], said["tags"], said["comment"]) == ("qr", 2, ["214"], "慢")
    assert (said["window_no"], said["device_id"], said["staff_no"]) == ("A01", "phones", "1001")
    assert said["quality_flags"] == ["uninvited"]
    assert said["session_id"] == asked["session_id"] == told["ticket"].split(".")[0]


def test_one_opening_has_one_rating_however_often_and_from_wherever_it_is_sent(window: Window) -> None:
    phone = Phone(window)
    first, second = phone.open(), phone.open()
    with ThreadPoolExecutor(8) as pool:
        sent = [*pool.map(lambda n: phone.rate(first, "satisfied", n), range(8))]
    assert set(sent) == {200}
    window.down()
    window.up()
    assert phone.rate(first, "very_dissatisfied", 99) == 200, "what was said first has counted"
    assert phone.rate(second) == 200
    assert [each["stars"] for each in window.events("submitted")] == [4, 4]
    assert len(window.events("invited")) == 2


def test_a_code_of_another_window_or_a_changed_one_gets_one_plain_page(window: Window) -> None:
    path = window.printed()
    mark = path.split("/")[3]
    for wrong in (f"/q/A02/{mark}/", f"/q/A01/{mark[::-1]}/", "/q/A01/x/", f"/q/A01/{mark.upper()}/"):
        for method, name in (("GET", ""), ("POST", "open"), ("POST", "rate"), ("GET", "s/0/phone.js")):
            status, told = Phone(window, wrong).call(method, name, {} if method == "POST" else None)
            assert status == 404, wrong
            assert "二维码无效" in told
            assert "not valid" in told
            assert mark not in told
    assert window.events() == []


def test_a_new_key_makes_every_printed_code_and_open_page_void(window: Window) -> None:
    old = Phone(window)
    ticket = old.open()
    assert "作废" in window.codes["qr-renew"]({"actor": "li"})
    assert old.rate(ticket) == 404
    assert old.call("GET")[0] == 404
    new = Phone(window)
    assert new.path != old.path
    assert new.rate(ticket) == 410, "a ticket of the old key"
    assert new.rate(new.open()) == 200
    (told,) = [each.data for each in Recents(window.store.path).of(["edge.audit"], 0, 9)]
    assert (told["actor"], told["action"], told["target"]) == ("li", "codes.renew", "A01")


def test_what_brings_no_ticket_of_ours_is_no_rating(window: Window) -> None:
    phone = Phone(window)
    ticket = phone.open()
    session, at, proof = ticket.split(".")
    for wrong in ("", "x", f"{'0' * 32}.{at}.{proof}", f"{session}.{at}.{'0' * 64}"):
        assert phone.rate(wrong) == 410
    assert phone.call("POST", "rate", {"ticket": ticket, "level": "best"})[0] == 400
    assert phone.call("POST", "rate", ["x"])[0] == 410
    assert phone.call("POST", "rate", {"ticket": ticket, "comment": "x" * 20_000})[0] == 413
    for part, name in (("k", "rate"), ("w", "invite"), ("k", "state")):
        own = Phone(window, f"/{part}/A01/")
        assert own.call("POST", name, {**rating(1), "ticket": ticket})[0] == 401
    assert window.events() == []
    assert phone.rate(ticket) == 200, "what made no sense has not used it up"


def test_everybody_may_open_but_not_without_end_and_who_was_let_in_rates(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phones, "PER_WINDOW", 3)
    phone = Phone(window)
    tickets = [phone.open() for _ in range(3)]
    assert phone.call("POST", "open", {})[0] == 429
    assert [phone.rate(ticket, number=n) for n, ticket in enumerate(tickets)] == [200] * 3
    assert len(window.events("submitted")) == 3
    again = [phone.rate(tickets[0]) for _ in range(phones.SENT_MAX)]
    assert again[-1] == 429, "one page does not hammer the disk"
    assert len(window.events("submitted")) == 3


def test_a_tablet_that_asks_is_not_answered_by_a_phone(window: Window) -> None:
    desk, tablet, phone = window.client("desk"), window.client("tablet"), Phone(window)
    asked = desk.send("POST", "invite", {}).said["session_id"]
    assert phone.rate(phone.open(), "very_dissatisfied") == 200
    shown = tablet.send("POST", "state", {"version": "x", "queue": 0}).said["session"]
    assert isinstance(shown, dict)
    assert shown["id"] == asked, "the invitation still stands"
    tablet.send("POST", "rate", rating(1, session=shown))
    assert {each["session_id"] for each in window.events("submitted")} > {asked}
    assert "level" not in str(desk.send("POST", "desk", {}).said)


def test_phones_are_no_device_that_can_fall_silent_or_be_paired(window: Window) -> None:
    window.phones.supervise()
    assert (window.phones.health.state, window.phones.health.cause) == ("online", "ok")
    assert "phones" not in window.port.commands["pairings"]({})


@pytest.mark.parametrize(
    "many", [40, pytest.param(1_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_of_many_phones_each_counts_once_and_what_is_forged_or_replayed_never(
    window: Window, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """From eight phones at once: a rating each, sent again with other words, and as many forgeries."""
    monkeypatch.setattr(phones, "PER_WINDOW", many)
    path = window.printed()
    key = window.came.keys.have("")

    def citizen(number: int) -> tuple[int, int, int]:
        phone = Phone(window, path, f"127.0.6.{1 + number % 200}")
        ticket = phone.open()
        session, at, _ = ticket.split(".")
        forged = marks.ticket(b"x" * 32, "A01", marks.Opened(session, at))
        foreign = marks.ticket(key, "A02", marks.Opened(session, at))
        wrong = (phone.rate(forged, number=number), phone.rate(foreign, number=number))
        good = phone.rate(ticket, "satisfied", number)
        return good, phone.rate(ticket, "very_satisfied", number + many), min(wrong)

    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(citizen, range(many)))
    assert answers == {(200, 200, 410): many}
    stored = window.events("submitted")
    figures = {"phones": many, "replayed": many, "forged": 2 * many, "stored": len(stored)}
    say("phones", **figures)
    assert len({each["session_id"] for each in stored}) == len(stored) == many
    assert {each["level"] for each in stored} == {"satisfied"}
