"""Orders about staff: each answered once, through crashes, absences, swaps and a disk that takes nothing."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from drivers.base import Driver, Link, Observation, Order
from edge.causes import CAUSES
from edge.clock.clock import WallClock
from edge.commands import Refused
from edge.device.runner import Runner
from edge.duty.guardian import Guardian
from edge.guard.register import Register
from edge.payloads import Audit, CommandResult
from edge.settings.settings import Device, DeviceKeys
from edge.staff import Book, Staff, duty, orders
from edge.staff.asked import understood
from edge.staff.orders import Part, StaffOrder
from edge.staff.overview import attention
from edge.store.books import Books
from tests.hall import until
from tests.store.halls import ZONE, open_store

PUSH = {"person": "1001", "name": "张伟", "actor": "li.wei"}
REVOKE = {"person": "1001", "actor": "li.wei"}


class Clock(WallClock):
    """One that a test may put forward."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead

    def text(self) -> str:
        return self.now().isoformat(timespec="seconds")


class Terminal:
    """Makes drivers that keep the orders they get, for the test to answer."""

    def __init__(self, serial: str) -> None:
        self.serial, self.held, self.away = serial, list[Order](), threading.Event()

    def __call__(self) -> Driver:
        return Keeper(self)


class Keeper(Driver):
    takes_people = True

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(None)
        self._terminal = terminal

    def run(self, link: Link) -> None:
        link.observed(Observation(self._terminal.serial))
        while not link.stop.wait(0.005):
            if order := link.orders(0):
                self._terminal.held.append(order)


class Hall:
    """Two terminals and the duty; `crash` forgets all that is not on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.store = folder, Clock(ZONE, "system"), open_store(folder)
        self.terminals = {"fp-1": Terminal("SN1"), "fp-2": Terminal("SN2")}
        self.runners: list[Runner] = []
        self.begin()

    def begin(self) -> None:
        self.guardian = Guardian(self.store, self.clock, Register(self.folder))
        self.runners = [
            Runner(
                Device(name, DeviceKeys(driver="x"), terminal, takes_people=True),
                self.store,
                self.clock,
                self.guardian,
            )
            for name, terminal in self.terminals.items()
        ]
        self.guardian.stand_by(self.runners)
        self.staff = Staff(Book(self.folder), self.store, self.clock, self.runners)

    def start(self, *names: str) -> None:
        for runner in self.runners:
            if runner.device.device_id in (names or self.terminals):
                runner.start()
                assert until(lambda runner=runner: runner.health.state in ("online", "offline"), 5)

    def halt(self) -> None:
        for runner in self.runners:
            runner.stop.set()
            runner.join(5)

    def crash(self) -> None:
        self.halt()
        for terminal in self.terminals.values():
            terminal.held.clear()
        self.begin()

    def give(self, what: str, **arguments: str) -> str:
        return self.staff.commands[f"staff-{what}"]({**(PUSH if what == "push" else REVOKE), **arguments})

    def holds(self, name: str, count: int) -> list[Order]:
        """What a terminal's driver holds, once it is so many orders."""

        def enough() -> bool:
            self.staff.step()
            return len(self.terminals[name].held) >= count

        assert until(enough, 5)
        return self.terminals[name].held

    def parts(self) -> dict[tuple[str, str], str]:
        return {(part.order, part.device_id): part.state for part in self.staff.shown()}

    def cause(self, order: str, name: str = "fp-1") -> str:
        return next(p.cause for p in self.staff.shown() if (p.order, p.device_id) == (order, name))

    def told(self) -> list[CommandResult]:
        with closing(Books(self.store.path)) as books:
            return [msgspec.json.decode(each, type=CommandResult) for each in books.own("command.result")]

    def audits(self) -> list[Audit]:
        with closing(Books(self.store.path)) as books:
            return [msgspec.json.decode(each, type=Audit) for each in books.own("edge.audit")]


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path)
    yield made
    made.halt()
    made.store.close()


def test_an_order_waits_for_a_terminal_that_is_away_and_each_answer_is_told_once(hall: Hall) -> None:
    hall.start("fp-1")
    order = hall.give("push")
    (held,) = hall.holds("fp-1", 1)
    person = held.person()
    assert person is not None
    assert (held.name, person.user, person.name, person.card) == ("staff_push", "1001", "张伟", "")
    held.done("ok")
    held.done("staff_refused: 9")
    hall.staff.step()
    assert hall.parts() == {(order, "fp-1"): "done", (order, "fp-2"): "waiting"}
    assert hall.cause(order, "fp-2") == "starting", "why it waits"
    assert hall.terminals["fp-2"].held == []
    hall.start("fp-2")
    hall.holds("fp-2", 1)[0].done("name_too_long: 30 > 24 bytes")
    hall.staff.step()
    told = {each.device_id: each for each in hall.told()}
    assert len(hall.told()) == 2
    assert (told["fp-1"].state, told["fp-1"].detail, told["fp-1"].device_serial) == (
        "done",
        "staff_done",
        "SN1",
    )
    assert (told["fp-2"].state, told["fp-2"].detail) == ("failed", "name_too_long: 30 > 24 bytes")
    assert {(each.issued_by, each.device_user_id) for each in told.values()} == {("li.wei", "1001")}
    given, *answers = hall.audits()
    assert (given.actor, given.target, given.detail) == ("li.wei", order, "given: fp-1, fp-2")
    assert [(each.target, each.result) for each in answers] == [("fp-1", "done"), ("fp-2", "failed")]
    assert "张伟" not in (hall.folder / "staff" / f"{order}.json").read_text(), (
        "a name is kept while it is needed"
    )


def test_a_crash_before_the_answer_sends_again_and_one_after_it_tells_no_second_time(hall: Hall) -> None:
    hall.start()
    order = hall.give("revoke", devices="fp-1")
    hall.holds("fp-1", 1)
    hall.crash()
    assert hall.parts() == {(order, "fp-1"): "sent"}
    hall.start()
    hall.holds("fp-1", 1)[0].done("absent")
    hall.staff.step()
    assert hall.cause(order) == "staff_gone", "an answer was lost, so it may have been our own doing"
    path = hall.folder / "staff" / f"{order}.json"
    before = path.read_text()
    path.write_text(before.replace(',"told":true', ""))
    hall.crash()
    hall.start()
    hall.staff.step()
    assert path.read_text() == before
    assert hall.terminals["fp-1"].held == []
    assert [(each.state, each.detail) for each in hall.told()] == [("done", "staff_gone")]


def test_an_order_given_again_is_done_once_and_told_to_be_a_duplicate(hall: Hall) -> None:
    hall.start("fp-1")
    assert [hall.give("push", id="cmd-1") for _ in range(2)] == ["cmd-1", "cmd-1"]
    hall.holds("fp-1", 1)[0].done("ok")
    hall.staff.step()
    hall.crash()
    hall.start("fp-1")
    assert hall.give("push", id="cmd-1", actor="zhao") == "cmd-1"
    hall.staff.step()
    assert hall.terminals["fp-1"].held == [], "nothing is done again"
    told = [(each.state, each.device_id, each.detail, each.issued_by) for each in hall.told()]
    assert told[:2] == [
        ("duplicate", "fp-1", "staff_waiting", "li.wei"),
        ("duplicate", "fp-2", "staff_waiting", "li.wei"),
    ]
    assert told[2:] == [
        ("done", "fp-1", "staff_done", "li.wei"),
        ("duplicate", "fp-1", "staff_done", "zhao"),
        ("duplicate", "fp-2", "staff_waiting", "zhao"),
    ]
    with pytest.raises(Refused, match="cmd-1"):
        hall.give("revoke", id="cmd-1")
    assert len(hall.told()) == 5, "another order under that id is refused, and told to who gave it"


def test_an_answer_is_told_once_the_store_takes_it(hall: Hall) -> None:
    hall.start()
    hall.store.intake_closed = "disk full"
    order = hall.give("push", devices="fp-1")
    hall.holds("fp-1", 1)[0].done("ok")
    hall.staff.step()
    assert (hall.parts()[order, "fp-1"], hall.told()) == ("done", [])
    hall.store.intake_closed = ""
    hall.staff.step()
    assert len(hall.told()) == 1


def test_an_order_that_cannot_be_written_down_is_not_given(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space")

    hall.start()
    monkeypatch.setattr("edge.staff.book.write_whole", full)
    with pytest.raises(Refused, match="no space"):
        hall.give("push")
    assert hall.parts() == {}
    monkeypatch.undo()
    hall.give("push", devices="fp-1")
    monkeypatch.setattr("edge.staff.book.write_whole", full)
    hall.staff.step()
    assert not until(lambda: hall.terminals["fp-1"].held, 0.2), "what is not written down as sent is not sent"


def test_orders_about_one_person_follow_one_another_and_a_later_one_replaces_what_waits(hall: Hall) -> None:
    push = hall.give("push", devices="fp-1")
    other = hall.give("push", devices="fp-1", person="1002")
    revoke = hall.give("revoke", devices="fp-1,fp-2")
    assert (hall.parts()[push, "fp-1"], hall.cause(push)) == ("failed", "staff_superseded")
    hall.start()
    first, second = hall.holds("fp-1", 2)
    assert {first.name, second.name} == {"staff_push", "staff_revoke"}
    again = hall.give("push", devices="fp-1")
    hall.staff.step()
    assert not until(lambda: len(hall.terminals["fp-1"].held) > 2, 0.2), "the revocation has no answer yet"
    for held in (first, second):
        held.done("ok")
    third = hall.holds("fp-1", 3)[2]
    assert third.name == "staff_push"
    assert [hall.parts()[each, "fp-1"] for each in (other, revoke, again)] == ["done", "done", "sent"]


def test_the_same_number_again_changes_nothing_and_another_order_under_it_is_refused(hall: Hall) -> None:
    assert hall.give("push", id="up-7") == hall.give("push", id="up-7") == "up-7"
    assert len(hall.parts()) == 2
    with pytest.raises(Refused, match="up-7"):
        hall.give("revoke", id="up-7")


def test_a_swapped_terminal_and_one_out_of_service_get_nothing_until_they_are_accepted(hall: Hall) -> None:
    hall.start()
    hall.crash()
    hall.terminals["fp-1"].serial = "SN9"
    hall.guardian.commands["service"]({"device": "fp-2", "to": "out", "reason": "repair"})
    hall.start("fp-1")
    order = hall.give("revoke")
    for _ in range(20):
        hall.staff.step()
    assert [hall.terminals[name].held for name in hall.terminals] == [[], []]
    assert hall.cause(order, "fp-1") == "terminal_swapped"
    assert hall.cause(order, "fp-2") == "out_of_service"
    hall.guardian.commands["accept"]({"device": "fp-1"})
    hall.guardian.commands["service"]({"device": "fp-2", "to": "in"})
    hall.holds("fp-1", 1)
    hall.holds("fp-2", 1)


def test_an_order_whose_time_is_up_says_so_and_is_not_carried_out_any_more(hall: Hall) -> None:
    hall.start("fp-1")
    order = hall.give("revoke", days="2")
    (held,) = hall.holds("fp-1", 1)
    hall.clock.ahead = timedelta(hours=25)
    assert {each.cause for each in hall.staff.attention()} == {"revoke_overdue"}
    hall.clock.ahead = timedelta(days=2, seconds=1)
    hall.staff.step()
    assert held.person() is None
    held.done("void")
    hall.staff.step()
    assert {each.detail for each in hall.told()} == {"staff_expired", "staff_expired_sent"}
    assert {each.state for each in hall.told()} == {"expired"}
    assert {each.cause for each in hall.staff.attention()} == {"revoke_failed"}
    hall.start("fp-2")
    hall.give("revoke")
    for name in hall.terminals:
        hall.holds(name, 2 if name == "fp-1" else 1)[-1].done("ok")
    hall.staff.step()
    assert [*hall.staff.attention()] == [], "made good"
    hall.clock.ahead += duty.KEPT + timedelta(days=1)
    hall.staff.prune()
    assert (order in {each for each, _ in hall.parts()}, [*(hall.folder / "staff").iterdir()]) == (False, [])


def test_a_terminal_that_left_the_config_is_answered_for(hall: Hall) -> None:
    order = hall.give("revoke", devices="fp-2")
    hall.terminals.pop("fp-2")
    hall.crash()
    hall.staff.step()
    assert (hall.cause(order, "fp-2"), len(hall.told())) == ("staff_no_device", 1)


def test_a_damaged_file_is_named_and_stops_nothing(hall: Hall) -> None:
    order = hall.give("revoke")
    path = hall.folder / "staff" / f"{order}.json"
    path.write_text(path.read_text().replace('"expires":"', '"expires":"soon ', 1))
    hall.crash()
    assert [(each.cause, each.about) for each in hall.staff.attention()] == [("staff_unreadable", order)]
    hall.give("push", devices="fp-1")
    (hall.folder / "staff" / f"{order}.json").unlink()
    assert [*hall.staff.attention()] == []


def test_a_leaver_may_be_on_a_terminal_that_is_disabled(hall: Hall) -> None:
    off = Device("fp-3", DeviceKeys(driver="x", enabled=False), None, takes_people=True)
    hall.runners.append(Runner(off, hall.store, hall.clock))
    hall.staff = Staff(Book(hall.folder), hall.store, hall.clock, hall.runners)
    revoke, push = hall.give("revoke"), hall.give("push", person="1002")
    assert {device for order, device in hall.parts() if order == revoke} == {"fp-1", "fp-2", "fp-3"}
    assert {device for order, device in hall.parts() if order == push} == {"fp-1", "fp-2"}
    assert hall.cause(revoke, "fp-3") == "disabled"
    hall.clock.ahead = timedelta(hours=25)
    assert {each.subject for each in hall.staff.attention()} == {"fp-1", "fp-2"}, "put aside by a person"


@pytest.mark.parametrize(
    ("what", "arguments", "names"),
    [
        ("staff.push", {"person": "10 01"}, "10 01"),
        ("staff.push", {"person": ""}, "''"),
        ("staff.push", {"name": "张\t伟"}, "64"),
        ("staff.push", {"name": "x" * 65}, "64"),
        ("staff.push", {"name": " "}, "64"),
        ("staff.push", {"card": "12a"}, "12a"),
        ("staff.push", {"devices": "fp-1,fp-9"}, "fp-9"),
        ("staff.revoke", {"days": "0"}, "0"),
        ("staff.revoke", {"id": "../x"}, "x"),
    ],
)
def test_what_cannot_be_meant_is_refused(what: orders.Kind, arguments: dict[str, str], names: str) -> None:
    with pytest.raises(Refused, match=names):
        understood(what, {**PUSH, **arguments}, ["fp-1", "fp-2"])


def test_sendings_without_an_answer_come_ever_more_rarely() -> None:
    assert [orders.pause_s(count) for count in range(6)] == [0, 0, 0, 60, 120, 240]
    assert orders.pause_s(500) == orders.PAUSE_MAX_S


def numbered(number: int) -> StaffOrder:
    at, user = "2026-11-26T08:00:00+08:00", str(number)
    part = Part(device_id="fp-1", since=at)
    told = {"id": user, "number": number, "user": user, "actor": "", "given": at, "expires": at}
    return StaffOrder(kind="staff.push", epoch="", parts=(part,), **told)  # type: ignore[arg-type]


def test_many_leavers_on_one_terminal_are_one_worry(tmp_path: Path) -> None:
    book = Book(tmp_path)
    for number in range(5):
        book.keep(msgspec.structs.replace(numbered(number), kind="staff.revoke"))
    now = datetime.fromisoformat("2026-11-27T09:00:00+08:00")
    (worry,) = attention(book, {}, now)
    assert (worry.subject, worry.cause, worry.about) == ("fp-1", "revoke_overdue", "0, 1, 2, …")
    assert [*attention(book, {}, now - timedelta(hours=2))] == []


def test_what_a_file_says_must_be_able_to_be_an_order() -> None:
    good = numbered(1)
    twice = msgspec.structs.replace(good, parts=good.parts * 2)
    odd = [{"given": "soon"}, {"expires": "2026-11-26T08:00:00"}, {"parts": ()}, {"expires": ""}]
    assert orders.sound(good)
    assert not any(orders.sound(msgspec.structs.replace(good, **each)) for each in odd)
    assert not orders.sound(twice)


def test_no_terminal_holds_more_than_a_few_orders_at_once() -> None:
    many = [numbered(number) for number in range(20)]
    assert [order.number for order in orders.due(many, "fp-1", {"0", "1"})] == [2, 3, 4, 5, 6, 7]
    assert [*orders.due(many, "fp-2", set())] == []


def test_every_result_of_a_driver_has_its_words() -> None:
    part = Part(device_id="fp-1", since="")
    assert orders.answered(part, "unheard of: x", "", CAUSES).cause == "staff_refused"
    assert orders.answered(part, "card_needed", "", CAUSES).cause == "card_needed"
    assert orders.answered(part, "busy: -1005", "", CAUSES).open
