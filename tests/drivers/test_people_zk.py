"""People on a ZK terminal: byte for byte what the order says, read back by pyzk, and nothing else touched."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from zk import ZK

from drivers.base import Order, Person
from drivers.zk.table import Table, Unfit
from tests.drivers.memory_link import MemoryLink, running
from tests.drivers.zk_site import driver, history
from tests.sim.zk import Faults, Terminal
from tests.sim.zk.layouts import User

USER_WRITE, DELETE_USER, DISABLE = 8, 18, 1003
ZHANG = Person("o1", "1001", "张伟", "12345678")


@contextmanager
def at_work(terminal: Terminal, poll_s: float = 0.1) -> Iterator["Desk"]:
    link = MemoryLink()
    with running(driver(terminal, poll_s), link) as work:
        yield Desk(link, work)


class Desk:
    """Gives orders to a driver at work, and waits for their answers."""

    def __init__(self, link: MemoryLink, work: object) -> None:
        self.link, self.work, self.answers = link, work, list[str]()

    def order(self, name: str, person: Person | None) -> str:
        before = len(self.answers)
        self.link.waiting.append(Order(name, self.answers.append, person=lambda: person))
        self.work.until(lambda: len(self.answers) > before)  # type: ignore[attr-defined]
        return self.answers[-1]

    def push(self, person: Person) -> str:
        return self.order("staff_push", person)

    def revoke(self, user: str) -> str:
        return self.order("staff_revoke", Person("o", user))


def seen_by_pyzk(terminal: Terminal, encoding: str = "gbk") -> dict[str, tuple[int, str, int, int, str]]:
    """user id -> uid, name, privilege, card, password, as another program reads them."""
    other = ZK(terminal.host, terminal.port, timeout=5, ommit_ping=True, encoding=encoding).connect()
    try:
        users = other.get_users()
    finally:
        other.disconnect()
    return {each.user_id: (each.uid, each.name, each.privilege, each.card, each.password) for each in users}


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # pyzk leaks its sockets
def test_a_new_person_is_read_by_pyzk_and_a_second_time_is_the_same_person() -> None:
    with Terminal(clients=2) as terminal:
        terminal.add_user(7, "1000", "李".encode("gbk"), privilege=14, password=b"secret")
        with at_work(terminal) as desk:
            assert desk.push(ZHANG) == "ok"
            assert desk.push(ZHANG) == "ok"
            assert seen_by_pyzk(terminal) == {
                "1000": (7, "李", 14, 0, "secret"),
                "1001": (8, "张伟", 0, 12345678, ""),
            }
        assert terminal.commands.count(USER_WRITE) == 1
        assert terminal.enabled
        assert DISABLE not in terminal.commands
        assert 88 not in terminal.commands, "no template is asked for"


def test_a_known_person_keeps_all_but_name_and_card() -> None:
    before = User(9, "1001", b"Zhang", 14, b"4711", 5, 2, (1, 2, 3, 4))
    with Terminal() as terminal:
        terminal.enrol(before)
        terminal.enrolled[9] = 3
        with at_work(terminal) as desk:
            assert desk.push(ZHANG._replace(card="")) == "ok"
            assert desk.push(ZHANG) == "ok"
        assert terminal.users == [
            User(9, "1001", "张伟".encode("gbk"), 14, b"4711", 12345678, 2, (1, 2, 3, 4))
        ]
        assert terminal.enrolled == {9: 3}


def test_a_uid_that_was_freed_is_not_given_away_below_the_highest() -> None:
    with Terminal() as terminal:
        terminal.add_user(1, "5")
        terminal.add_user(40_000, "6")
        with at_work(terminal) as desk:
            assert desk.revoke("5") == "ok"
            assert desk.push(ZHANG) == "ok"
            assert desk.revoke("6") == "ok", "also where pyzk's own call cannot pack the number"
        assert [(each.uid, each.user_id) for each in terminal.users] == [(40_001, "1001")]


def test_a_leaver_is_gone_with_what_was_enrolled_and_nobody_else() -> None:
    with Terminal() as terminal:
        terminal.add_user(1, "1001", privilege=14)
        terminal.add_user(2, "1002")
        terminal.enrolled.update({1: 2, 2: 2})
        with at_work(terminal) as desk:
            assert desk.revoke("1001") == "ok: last administrator"
            assert desk.revoke("1001") == "absent"
            assert desk.revoke("100") == "absent"
        assert [each.user_id for each in terminal.users] == ["1002"]
        assert terminal.enrolled == {2: 2}


@pytest.mark.parametrize("size", [16, 8])
def test_the_log_is_read_before_a_leaver_goes_and_old_terminals_take_numbers(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.zk.contact.SLICE_S", 0.05)
    with Terminal(record_size=size, user_size=28) as terminal:
        terminal.add_user(1, "1001", b"Zhang")
        terminal.load(history(40, people=1))
        with at_work(terminal, poll_s=60) as desk:
            desk.work.until(lambda: desk.link.facts)  # type: ignore[attr-defined]
            terminal.punch("1001", uid=1, live=False)
            assert desk.revoke("1001") == "ok"
            punches = [each for each in desk.link.readings if each.kind == "attendance.punch"]
            assert len({each.key for each in punches}) == 41
            last = max(punches, key=lambda reading: reading.device_time)
            assert last.facts["device_user_id"] == "1001", "the punch is heard under the leaver's number"
            assert desk.push(Person("o", "007", "Li")).startswith("user_unfit")
            assert desk.push(Person("o", "A7", "Li")).startswith("user_unfit")
            assert desk.push(Person("o", "1001", "张伟", "9")) == "ok"
        assert [(each.user_id, each.name) for each in terminal.users] == [("1001", "张伟".encode("gbk"))]


@pytest.mark.parametrize(
    ("person", "answer"),
    [
        (Person("o", "1", "买买提·阿不都热合曼·司马义"), "name_too_long: 28 > 24 bytes"),
        (Person("o", "1", "张𬱖"), "name_unfit: 𬱖 gbk"),
        (Person("o", "1", "张", "4294967296"), "card_unfit: 4294967296 > 4294967295"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(person: Person, answer: str) -> None:
    with Terminal() as terminal:
        terminal.add_user(1, "1000", b"Li")
        with at_work(terminal) as desk:
            assert desk.push(person) == answer
        assert USER_WRITE not in terminal.commands


def test_names_go_in_the_encoding_of_those_that_stand_there() -> None:
    with Terminal() as terminal:
        terminal.add_user(1, "1000", "李娜".encode())
        with at_work(terminal) as desk:
            assert desk.push(ZHANG) == "ok"
        assert terminal.users[1].name == "张伟".encode()


def test_the_word_of_the_terminal_is_held_against_its_table() -> None:
    with Terminal(faults=Faults(name_max=3)) as terminal:
        terminal.add_user(1, "1000", b"Li")
        with at_work(terminal) as desk:
            assert desk.push(ZHANG) == "staff_not_seen"


def test_a_terminal_that_refuses_or_tells_nothing_says_so() -> None:
    with Terminal(faults=Faults(unsupported={USER_WRITE, DELETE_USER})) as terminal:
        terminal.add_user(1, "1000", b"Li")
        with at_work(terminal) as desk:
            assert desk.push(ZHANG) == "staff_refused: 65535"
            assert desk.revoke("1000") == "staff_refused: 65535"
            assert desk.order("staff_push", None) == "void", "what no longer stands is not carried out"
        assert [each.user_id for each in terminal.users] == ["1000"]
    with Terminal() as empty, at_work(empty) as desk:
        assert desk.push(ZHANG) == "table_empty"
        empty.load(history(3))
        desk.work.until(lambda: desk.link.facts)  # type: ignore[attr-defined]
        assert desk.push(ZHANG) == "ok", "the log shows the format"


def test_a_line_that_breaks_before_the_answer_is_no_answer() -> None:
    with Terminal() as terminal:
        terminal.add_user(1, "1000", b"Li")
        terminal.faults.after_change = terminal.reboot
        link, answers = MemoryLink(), list[str]()
        with running(driver(terminal, poll_s=0.1), link) as work:
            work.until(lambda: link.observations)
            link.waiting.append(Order("staff_push", answers.append, person=lambda: ZHANG))
            work.ended()
        assert answers == ["failed"]


@pytest.mark.parametrize("size", [72, 28])
def test_a_table_that_makes_no_sense_is_left_alone(size: int) -> None:
    with pytest.raises(Unfit, match="table_unreadable"):
        Table.parse(bytes(size * 3 + 1), 3, size, "gbk")
    with pytest.raises(Unfit, match="table_unreadable"):
        Table.parse(bytes(size * 3), 5, size, "gbk")
    with pytest.raises(Unfit, match="table_unreadable"):
        Table.parse(b"1" * 504, 5, size, "gbk")


def test_over_udp_what_is_lost_and_doubled_is_one_person() -> None:
    faults = Faults(udp_lose={17}, udp_duplicate=lambda number: number % 3 == 0)
    with Terminal(transport="udp", faults=faults) as terminal:
        terminal.add_user(1, "1000", b"Li")
        with at_work(terminal) as desk:
            assert desk.push(ZHANG) == "ok"
            assert desk.revoke("1000") == "ok"
        assert [(each.uid, each.user_id) for each in terminal.users] == [(2, "1001")]
