"""People on Hikvision and Dahua terminals: added, renamed, removed, and looked up again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from drivers.base import Driver, Observation, Order, Person
from tests.drivers.dahua_site import driver as dahua_driver
from tests.drivers.hikvision_site import driver as hikvision_driver
from tests.drivers.memory_link import MemoryLink, Running, running
from tests.sim import dahua, isapi

ZHANG = Person("o1", "1001", "张伟 & Co", "12345678")


class Desk:
    """Gives orders to a driver at work, and waits for their answers."""

    def __init__(self, link: MemoryLink, work: Running) -> None:
        self.link, self.work, self.answers = link, work, list[str]()

    def order(self, name: str, person: Person | None) -> str:
        before = len(self.answers)
        self.link.waiting.append(Order(name, self.answers.append, person=lambda: person))
        self.work.until(lambda: len(self.answers) > before)
        return self.answers[-1]

    def push(self, person: Person = ZHANG) -> str:
        return self.order("staff_push", person)

    def revoke(self, user: str = "1001") -> str:
        return self.order("staff_revoke", Person("o", user))


@contextmanager
def at_work(driver: Driver) -> Iterator[Desk]:
    link = MemoryLink()
    with running(driver, link) as work:
        yield Desk(link, work)


def asked_for_biometrics(paths: list[str]) -> list[str]:
    return [path for path in paths if any(word in path.lower() for word in ("face", "finger", "fdlib"))]


def test_hikvision_a_person_is_added_renamed_and_removed_with_the_card() -> None:
    with isapi.Terminal() as terminal, at_work(hikvision_driver(terminal)) as desk:
        people = terminal.people
        people.keeps_cards = True
        people.enrol("1000", "李")
        assert desk.push() == "ok"
        assert (people.known["1001"]["name"], people.cards) == ("张伟 & Co", {"12345678": "1001"})
        people.enrolled["1001"] = 2
        people.known["1001"]["Valid"] = {"enable": True, "endTime": "2027-01-01T00:00:00"}
        assert desk.push(ZHANG._replace(name="张玮", card="")) == "ok"
        assert people.known["1001"]["Valid"]["endTime"] == "2027-01-01T00:00:00"
        assert (people.known["1001"]["name"], people.enrolled["1001"]) == ("张玮", 2)
        assert people.writes == ["UserInfo/SetUp", "CardInfo/SetUp", "UserInfo/Modify"]
        assert desk.revoke() == "ok"
        assert (list(people.known), people.cards) == (["1000"], {})
        assert desk.revoke() == "absent"
        assert desk.order("staff_push", None) == "void"
        assert asked_for_biometrics(terminal.paths) == []


def test_hikvision_a_firmware_that_ignores_whom_it_is_asked_for_removes_nobody_else() -> None:
    with isapi.Terminal() as terminal, at_work(hikvision_driver(terminal)) as desk:
        people = terminal.people
        people.ignores_filter = True
        for number in range(70):
            people.enrol(str(2000 + number), "某")
        assert desk.revoke() == "absent"
        people.enrol("1001", "张")
        assert desk.push(ZHANG._replace(card="")) == "ok"
        assert people.writes == ["UserInfo/Modify"], "known, though on the third page"
        assert desk.revoke() == "ok"
        assert len(people.known) == 70


def test_hikvision_variants_of_firmware() -> None:
    with isapi.Terminal() as terminal, at_work(hikvision_driver(terminal)) as desk:
        people = terminal.people
        people.unsupported = {"UserInfo/SetUp", "CardInfo/SetUp", "UserInfo/Delete", "CardInfo/Delete"}
        people.needs_all = True
        assert desk.push() == "ok"
        assert desk.push(ZHANG._replace(name="张玮")) == "ok"
        assert people.known["1001"]["Valid"]["enable"] is True
        people.lingers = 1
        assert desk.revoke() == "busy: still there", "it deletes in its own time"
        assert desk.revoke() == "absent"
        assert people.cards == {}


def test_hikvision_what_does_not_fit_or_is_refused_is_told() -> None:
    with isapi.Terminal() as terminal, at_work(hikvision_driver(terminal)) as desk:
        people = terminal.people
        people.told_max = 32
        assert desk.push(ZHANG._replace(name="张" * 11)) == "name_too_long: 33 > 32 bytes"
        assert desk.push(ZHANG._replace(user="1" * 33)) == "user_unfit: 33 > 32"
        assert people.known == {}
        people.cards["12345678"] = "1000"
        assert desk.push() == "card_refused: 400 cardNoAlreadyExist"
        people.name_max = 3
        assert desk.push(ZHANG._replace(card="")) == "staff_not_seen"
        people.busy = 1
        assert desk.push(ZHANG._replace(card="")).startswith("busy: 400 deviceBusy")
        people.unsupported = {"UserInfo/Delete", "UserInfoDetail/Delete"}
        assert desk.revoke() == "staff_unsupported"


def test_dahua_a_person_is_added_renamed_and_removed() -> None:
    with dahua.Terminal() as terminal, at_work(dahua_driver(terminal)) as desk:
        people = terminal.people
        people.enrol("1000", "李", "555")
        assert desk.push(ZHANG._replace(card="")) == "card_needed"
        assert desk.push() == "ok"
        people.cards[2] |= {"Password": "4711", "ValidDateEnd": "20270101 000000"}
        assert desk.push(ZHANG._replace(name="张玮=1&CardNo=9", card="")) == "ok"
        record = people.cards[2]
        assert (record["CardName"], record["CardNo"]) == ("张玮=1&CardNo=9", "12345678")
        assert (record["Password"], record["ValidDateEnd"]) == ("4711", "20270101 000000")
        assert desk.revoke() == "ok"
        assert [each["UserID"] for each in people.cards.values()] == ["1000"]
        assert desk.revoke() == "absent"
        assert asked_for_biometrics(terminal.paths) == []


def test_dahua_variants_and_refusals() -> None:
    with dahua.Terminal() as terminal, at_work(dahua_driver(terminal)) as desk:
        people = terminal.people
        people.users, people.ignores_filter = {"1001"}, True
        for number in range(120):
            people.enrol(str(2000 + number), "某", str(number))
        people.enrol("1001", "张", "900")
        people.enrol("1001", "张", "901")
        assert desk.revoke() == "ok", "with both cards, and as a user of newer firmware"
        assert (len(people.cards), "1001" in people.users) == (120, False)
        people.users.add("1001")
        assert desk.revoke() == "ok", "known without a card"
        assert desk.push(ZHANG._replace(card="7")) == "staff_refused: 400", "the card is another one's"
        people.name_max = 3
        assert desk.push() == "staff_not_seen"
        assert desk.push(ZHANG._replace(name="张" * 22)) == "name_too_long: 66 > 63 bytes"
        people.old_updater = False
        assert desk.revoke() == "staff_refused: 400"


@pytest.mark.parametrize("family", ["hikvision", "dahua"])
def test_a_line_that_breaks_before_the_answer_is_no_answer(family: str) -> None:
    terminal: isapi.Terminal | dahua.Terminal = (
        isapi.Terminal() if family == "hikvision" else dahua.Terminal()
    )
    with terminal:
        terminal.after_people = lambda path: setattr(terminal.http, "cut", 50) or terminal.drop()
        driver = (
            hikvision_driver(terminal) if isinstance(terminal, isapi.Terminal) else dahua_driver(terminal)
        )
        link, answers = MemoryLink(), list[str]()
        with running(driver, link) as work:
            work.until(lambda: link.observations)
            link.waiting.append(Order("staff_push", answers.append, person=lambda: ZHANG))
            work.ended()
        assert answers == ["failed"]


class Watched(MemoryLink):
    """Tells when the device was observed."""

    def __init__(self) -> None:
        super().__init__()
        self.on_observed: Callable[[], object] = lambda: None

    def observed(self, observation: Observation) -> None:
        super().observed(observation)
        self.on_observed()


def test_another_device_that_takes_the_place_in_the_middle_of_a_round_gets_no_order() -> None:
    with isapi.Terminal() as terminal:
        link, answers = Watched(), list[str]()

        def swap() -> None:
            if link.completes and not link.waiting:  # the order was taken, its round has begun
                terminal.serial = "ANOTHER"
                terminal.drop()

        with running(hikvision_driver(terminal), link) as work:
            work.until(lambda: link.completes)
            link.waiting.append(Order("staff_push", answers.append, person=lambda: ZHANG))
            link.on_observed = swap
            work.ended()
        assert answers == ["failed"]
        assert terminal.people.writes == []
