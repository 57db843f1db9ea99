"""People on a terminal that pushes: the words it gets, in its encoding, and what its codes mean."""

from collections.abc import Callable

import pytest

from drivers.adms import Adms, people
from drivers.base import Order, Person
from tests.drivers.adms_site import commands, driver, link, request
from tests.drivers.memory_link import MemoryLink

ZHANG = Person("o1", "1001", "张伟", "12345678")
GREETING = "cdata?options=all&pushver=2.4.1&language={}"


class Desk:
    """A driver, its Link, and a terminal that asks and answers."""

    def __init__(self, language: str = "83", cursor: str | None = None, **options: object) -> None:
        self.driver: Adms = driver(**options)
        self.link: MemoryLink = link(cursor)
        self.answers: list[str] = []
        if language:
            assert self.driver.handle(request(GREETING.format(language)), self.link).status == 200

    def give(self, name: str, person: Person | None = ZHANG) -> None:
        self.link.waiting.append(Order(name, self.answers.append, person=lambda: person))

    def asks(self) -> bytes:
        """What it is told about people; questions about its log apart."""
        body = self.driver.handle(request("getrequest"), self.link).body
        rows = [
            row for row in body.splitlines(keepends=True) if b"ATTLOG" not in row and row.startswith(b"C:")
        ]
        return b"".join(rows)

    def says(self, name: str, code: int) -> None:
        self.driver.handle(request("devicecmd", f"ID={name}&Return={code}&CMD=DATA\n".encode()), self.link)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets so many seconds pass for the driver."""
    past = [0.0]
    clock = people_clock()
    monkeypatch.setattr("drivers.adms.driver.monotonic", lambda: clock() + past[0])

    def pass_by(seconds: float) -> None:
        past[0] += seconds

    return pass_by


def people_clock() -> Callable[[], float]:
    import time

    return time.monotonic


def test_a_push_names_what_the_order_says_in_the_terminals_encoding_and_is_answered_once() -> None:
    for language, encoding in (("83", "gbk"), ("69", "utf-8")):
        desk = Desk(language)
        desk.give("staff_push")
        said = desk.asks()
        ((name, text),) = commands(said.decode(encoding).encode())
        assert text == "DATA UPDATE USERINFO PIN=1001\tName=张伟\tCard=12345678"
        assert desk.asks() == b"", "it is given once, while the answer is awaited"
        desk.says(name, 0)
        desk.says(name, 0)
        assert desk.answers == ["ok"]


def test_after_a_crash_the_same_order_has_the_same_number_and_the_language_is_known() -> None:
    before = Desk()
    before.give("staff_push")
    ((name, _text),) = commands(before.asks().decode("gbk").encode())
    after = Desk("", before.link.cursor)
    after.says(name, 0)
    assert after.answers == [], "nobody waits yet"
    after.give("staff_push")
    ((again, text),) = commands(after.asks().decode("gbk").encode())
    assert (again, "张伟" in text) == (name, True)
    after.give("staff_push")
    assert after.asks() == b"", "handed over once more it keeps its place"
    after.says(name, 0)
    assert after.answers == ["ok"]


def test_a_command_without_an_answer_is_given_again(later: Callable[[float], None]) -> None:
    desk = Desk()
    desk.give("staff_revoke")
    first = desk.asks()
    assert b"DATA DELETE USERINFO PIN=1001" in first
    later(people.AGAIN_S + 1)
    assert desk.asks() == first
    assert desk.answers == []


@pytest.mark.parametrize(
    ("code", "pushed", "revoked"),
    [
        (0, "ok", "ok"),
        (-10, "staff_refused: -10", "absent"),
        (-1001, "users_full: -1001", "users_full: -1001"),
        (-1005, "busy: -1005", "busy: -1005"),
        (-3, "staff_refused: -3", "staff_refused: -3"),
    ],
)
def test_codes_have_their_meaning(code: int, pushed: str, revoked: str) -> None:
    for order, answer in (("staff_push", pushed), ("staff_revoke", revoked)):
        desk = Desk()
        desk.give(order)
        ((name, _text),) = commands(desk.asks().decode("gbk").encode())
        desk.says(name, code)
        assert desk.answers == [answer]


def test_firmware_that_does_not_know_the_words_hears_the_older_ones_then_refuses() -> None:
    desk = Desk()
    desk.give("staff_revoke")
    texts = []
    for _ in range(2):
        ((name, text),) = commands(desk.asks())
        texts.append(text)
        desk.says(name, -1002)
    assert texts == ["DATA DELETE USERINFO PIN=1001", "DATA DEL_USER PIN=1001"]
    assert desk.answers == ["staff_refused: -1002"]


def test_a_name_waits_until_the_terminal_has_told_its_language() -> None:
    desk = Desk("")
    desk.give("staff_push")
    ((_name, text),) = commands(desk.asks())
    assert text == "CHECK"
    assert desk.asks() == b""
    desk.driver.handle(request(GREETING.format("83")), desk.link)
    assert "张伟".encode("gbk") in desk.asks()
    by_hand = Desk("", encoding="utf-8")
    by_hand.give("staff_push")
    assert "张伟".encode() in by_hand.asks()


@pytest.mark.parametrize(
    ("person", "answer"),
    [
        (Person("o", "1", "买买提·阿不都热合曼·司马义"), "name_too_long: 28 > 24 bytes"),
        (Person("o", "1", "张𬱖"), "name_unfit: 𬱖 gbk"),
        (Person("o", "1", "Li\nC:1:CLEAR LOG"), "name_unfit: control character"),
        (Person("o", "1 2", "Li"), "user_unfit: 1 2"),
        (Person("o", "1", "Li", "99999999999"), "card_unfit: 99999999999 > 4294967295"),
        (None, "void"),
    ],
)
def test_what_does_not_fit_or_no_longer_stands_is_never_said(person: Person | None, answer: str) -> None:
    desk = Desk()
    desk.give("staff_push", person)
    assert desk.asks() == b""
    assert desk.answers == [answer]
