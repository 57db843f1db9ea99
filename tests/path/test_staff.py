"""Staff on terminals, the whole path: by command line to four families on the wire, through crashes, once."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from click.testing import CliRunner

from edge.cli import main
from edge.snapshot import StaffPart
from tests.broker import free_port
from tests.drivers.hikvision_site import password_file
from tests.hall import until
from tests.path.conftest import Hall
from tests.sim import adms, dahua, isapi

LEAVER, CARD = "1007", "90007"
WEB = """
[device.{name}]
driver = "{driver}"
host = "127.0.0.1"
port = {port}
password_file = "{password}"
poll_seconds = 1
"""
PUSH = """
[listen]
host = "127.0.0.1"
port = {port}
[device.face-1]
driver = "adms"
serial = "ADMS1"
poll_seconds = 2
"""


@dataclass
class Four:
    """A hall with a terminal of each family; the leaver is known to all of them."""

    hall: Hall
    push: adms.Terminal
    hik: isapi.Terminal
    dahua: dahua.Terminal

    def knows(self, user: str) -> dict[str, bool]:
        return {
            "fp-1": user in {each.user_id for each in self.hall.terminal.users},
            "face-1": user in self.push.people.users,
            "hik-1": user in self.hik.people.known,
            "dh-1": user in {each["UserID"] for each in self.dahua.people.cards.values()},
        }

    def parts(self, order: str = "") -> dict[str, StaffPart]:
        snapshot = self.hall.daemon.status()
        shown = snapshot.staff if snapshot else ()
        return {part.device_id: part for part in shown if order in ("", part.order)}

    def states(self) -> set[str]:
        """Of every part of every order."""
        snapshot = self.hall.daemon.status()
        return {part.state for part in snapshot.staff} if snapshot else set()

    def results(self, kind: str = "command.result") -> list[dict[str, object]]:
        said = self.command("events", "--type", kind, "--json")[1]
        return [json.loads(line)["data"] for line in said.splitlines()]

    def staff(self, *arguments: str, wait: str = "20") -> tuple[int, str]:
        return self.command("staff", *arguments, "--wait", wait)

    def command(self, *arguments: str) -> tuple[int, str]:
        """`hall-edge`, without a process of its own."""
        done = CliRunner().invoke(
            main, [*arguments], env={"HALL_EDGE_CONFIG": str(self.hall.daemon.config)}, catch_exceptions=False
        )
        return done.exit_code, done.output


@pytest.fixture
def four(hall: Hall) -> Iterator[Four]:
    listen = free_port()
    with ExitStack() as stack:
        hik, dh = stack.enter_context(isapi.Terminal()), stack.enter_context(dahua.Terminal())
        push = adms.Terminal(server=("127.0.0.1", listen), serial="ADMS1", delay_s=0.2)
        web = [("hik-1", "hikvision", hik), ("dh-1", "dahua", dh)]
        tables = "".join(
            WEB.format(name=name, driver=driver, port=device.port, password=password_file(device))
            for name, driver, device in web
        )
        hall.configure(device=tables + PUSH.format(port=listen))
        made = Four(hall, push, hik, dh)
        hall.terminal.add_user(3, LEAVER, "离职".encode("gbk"), password=b"77", card=5)
        hall.terminal.add_user(4, "1008", "在职".encode("gbk"))
        hall.terminal.enrolled.update({3: 2, 4: 2})
        push.people.enrol(LEAVER, "离职", Passwd="77")
        hik.people.enrol(LEAVER, "离职")
        dh.people.enrol(LEAVER, "离职", CARD)
        yield made
        push.stop()


def online(four: Four, *names: str) -> bool:
    snapshot = four.hall.daemon.status()
    states = {each.device_id: each.state for each in snapshot.devices} if snapshot else {}
    return all(states.get(name) in ("online", "degraded") for name in names)


def test_a_leaver_is_revoked_from_four_families_and_each_terminal_answers(four: Four) -> None:
    four.hall.daemon.start()
    assert until(lambda: online(four, "fp-1", "hik-1", "dh-1"), 20)
    code, said = four.staff("revoke", "--person", LEAVER, wait="0")
    assert code == 7, said
    away = {"fp-1": "done", "face-1": "waiting", "hik-1": "done", "dh-1": "done"}
    assert until(lambda: {name: part.state for name, part in four.parts().items()} == away, 20)
    assert "正在首次联系" in four.command("staff", "orders")[1], "why that one has not answered"
    assert four.knows(LEAVER) == {"fp-1": False, "face-1": True, "hik-1": False, "dh-1": False}
    four.push.start()
    assert until(lambda: four.parts()["face-1"].state == "done", 20)
    assert until(lambda: len(four.results()) == 4, 20, 0.2), "written down first, told then"
    assert not any(four.knows(LEAVER).values())
    assert [each.user_id for each in four.hall.terminal.users] == ["1008"]
    assert four.hall.terminal.enrolled == {4: 2}
    results = four.results()
    assert {(each["device_id"], each["state"], each["command"]) for each in results} == {
        (name, "done", "staff.revoke") for name in ("fp-1", "face-1", "hik-1", "dh-1")
    }
    assert len(results) == 4
    assert {each["device_user_id"] for each in results} == {LEAVER}
    audits = [each for each in four.results("edge.audit") if each["action"] == "staff.revoke"]
    assert len(audits) == 5, "who gave the order, and each terminal's answer"
    assert all(each["actor"] for each in audits)
    code, said = four.staff("revoke", "--person", LEAVER)
    assert (code, said.count("本来就没有")) == (0, 3), said
    long = ("push", "--person", "1010", "--name", "买买提·阿不都热合曼·司马义", "--device", "fp-1")
    code, said = four.staff(*long, "--device", "dh-1")
    assert code == 1
    assert all(words in said for words in ("姓名超过终端的长度", "28 > 24", "必须有卡"))
    assert not any(four.knows("1010").values())
    code, said = four.command("--lang", "en", "staff", "orders")
    assert code == 1
    assert all(words in said for words in ("longer than the terminal's field", "another spelling"))
    assert four.staff("push", "--person", "1 0", "--name", "x")[0] == 1


class Stopped:
    """A terminal that stops at one point of an order until the daemon is dead."""

    def __init__(self, dead: threading.Event, lost: bool = False) -> None:
        self._dead, self._lost, self.reached = dead, lost, threading.Event()

    def __call__(self, *_: object) -> None:
        if self._dead.is_set():
            return
        self.reached.set()
        assert self._dead.wait(30)
        if self._lost:
            raise ConnectionError("the order is lost with the connection")


def test_a_kill_between_sending_and_answer_is_answered_once_whether_carried_out_or_not(four: Four) -> None:
    dead, zk, push, hik, dh = threading.Event(), four.hall.terminal, four.push, four.hik, four.dahua
    points = {"fp-1": Stopped(dead, lost=True), "face-1": Stopped(dead), "hik-1": Stopped(dead)}
    points["dh-1"] = Stopped(dead)
    zk.faults.before_change, push.faults.after_obeying = points["fp-1"], points["face-1"]
    hik.after_people = lambda path: points["hik-1"]() if path.endswith("UserInfo/Delete") else None
    dh.after_people = points["dh-1"]
    four.hall.daemon.start()
    push.start()
    assert until(lambda: online(four, *points), 20)
    assert four.staff("push", "--person", "1009", "--name", "新人", "--card", "9", wait="0")[0] == 7
    revoked = ("--device", "face-1", "--device", "hik-1")
    assert four.staff("revoke", "--person", LEAVER, *revoked, wait="0")[0] == 7
    for name, point in points.items():
        assert point.reached.wait(20), name
    four.hall.daemon.kill()
    dead.set()
    assert "1009" not in {each.user_id for each in zk.users}, "not carried out"
    assert four.knows("1009")["dh-1"], "carried out, the answer is lost"
    four.hall.daemon.start()
    assert until(lambda: four.states() == {"done"}, 40)
    assert four.knows("1009") == dict.fromkeys(points, True)
    assert [each.user_id for each in zk.users].count("1009") == 1
    assert [name for name, known in four.knows(LEAVER).items() if known] == ["fp-1", "dh-1"]
    assert len(dh.people.cards) == 2
    assert until(lambda: len(four.results()) == 6, 20, 0.2)
    told = [(str(each["device_id"]), str(each["command"]), each["state"]) for each in four.results()]
    assert sorted(told) == sorted(  # type: ignore[type-var]
        [(name, "staff.push", "done") for name in points]
        + [(name, "staff.revoke", "done") for name in ("face-1", "hik-1")]
    ), "each answered once"
    assert four.command("staff", "orders")[0] == 0
