"""The guardian at work: terminals on the wire are swapped, cleared, taken out of service, filled."""

import json
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from edge.snapshot import DeviceHealth
from edge.store import FILE
from edge.store.books import Books
from tests.hall import until
from tests.path.conftest import Hall
from tests.path.inside import hall_edge
from tests.path.test_trace import word
from tests.sim.zk import Terminal
from tests.sim.zk.wire import Cmd


def device(hall: Hall) -> DeviceHealth:
    status = hall.daemon.status()
    assert status is not None
    return status.devices[0]


def problems(hall: Hall) -> list[str]:
    status = hall.daemon.status()
    return [problem.cause for problem in status.problems] if status else []


def told(hall: Hall, kind: str) -> list[dict[str, Any]]:
    """The payloads of the hall's own events of a kind."""
    with closing(Books(hall.daemon.folder / FILE)) as books:
        return [json.loads(data) for data in books.own(kind)]


def punches(hall: Hall, serial: str) -> int:
    with closing(Books(hall.daemon.folder / FILE)) as books:
        return len(books.punches(serial, "2000", "2100"))


def online(hall: Hall) -> bool:
    return device(hall).state == "online" and device(hall).complete_until is not None


def test_another_terminal_is_not_read_until_a_person_accepts_it(hall: Hall) -> None:
    hall.terminal.punch("1001")
    hall.daemon.start()
    assert until(lambda: online(hall) and device(hall).stored == 1, 20)
    nothing = hall_edge("accept", "fp-1", config=hall.daemon.config)
    assert (nothing.returncode, "没有等待" in nothing.stderr) == (1, True)
    hall.terminal.stop()
    with Terminal(serial="SN0000002", port=hall.terminal.port) as other:
        other.punch("1002")
        assert until(lambda: device(hall).cause == "terminal_swapped", 20)
        assert "SN0000001" in device(hall).detail
        assert "SN0000002" in hall_edge("status", config=hall.daemon.config).stdout
        assert punches(hall, "SN0000002") == 0
        assert other.prepared == [], "not a record of it was asked for"
        assert until(lambda: {"serial_replaced"} == {each["code"] for each in told(hall, "device.alarm")}, 90)
        hall.daemon.kill()
        hall.daemon.start()
        assert until(lambda: device(hall).cause == "terminal_swapped", 20), "a restart forgets nothing"
        wrong = hall_edge("accept", "fp-1", "--serial", "SN9", config=hall.daemon.config)
        assert (wrong.returncode, "SN0000002" in wrong.stderr) == (1, True)
        taken = hall_edge("accept", "fp-1", "--serial", "SN0000002", config=hall.daemon.config)
        assert (taken.returncode, "SN0000002" in taken.stdout) == (0, True), taken.stderr
        assert until(lambda: online(hall) and punches(hall, "SN0000002") == 1, 20), (
            "at once, not in ten minutes"
        )
        (gap,) = told(hall, "device.data_gap")
        assert (gap["reason"], gap["device_serial"]) == ("replaced", "SN0000001")
        assert gap["from"] < gap["to"]
        assert [each["action"] for each in told(hall, "edge.audit")] == ["device.accept"]
        today = hall.terminal.clock().date().isoformat()
        said = hall_edge("reconcile", "--json", "--day", today, config=hall.daemon.config).stdout
        old, new = json.loads(said)
        assert (old["device_serial"], old["reason"], old["stored"]) == ("SN0000001", "terminal_gone", 1)
        assert (new["device_serial"], new["reason"], new["stored"]) == ("SN0000002", "day_not_over", 1)
    hall.terminal.start()
    assert until(lambda: device(hall).cause == "terminal_swapped", 30), "the old one back is another one, too"


def test_a_terminal_out_of_service_is_left_alone_and_holds_no_watermark(hall: Hall) -> None:
    hall.daemon.start()
    assert until(lambda: device(hall).complete_until is not None, 20)
    why = hall_edge("service", "fp-1", "out", config=hall.daemon.config)
    assert (why.returncode, "原因" in why.stderr) == (1, True)
    out = hall_edge("service", "fp-1", "out", "--reason", "送修", config=hall.daemon.config)
    assert out.returncode == 0, out.stderr
    told_twice = hall_edge("service", "fp-1", "out", "--reason", "送修", config=hall.daemon.config)
    assert told_twice.returncode == 1
    for _ in range(2):
        now = device(hall)
        assert (now.state, now.cause, now.detail, now.complete_until) == (
            "disabled",
            "out_of_service",
            "送修",
            None,
        )
        assert until(lambda: hall.terminal.commands[-1:] == [Cmd.EXIT], 20), "it has said good-bye"
        asked = len(hall.terminal.commands)
        moment = hall.terminal.clock()
        hall.terminal.punch("1001", at=moment)
        assert not until(lambda asked=asked: len(hall.terminal.commands) > asked, 1.2)  # type: ignore[misc]
        assert word(hall, "1001", moment) == "hop_out_of_service"
        hall.daemon.kill()
        hall.daemon.start()
    assert "送修" in hall_edge("status", config=hall.daemon.config).stdout
    back = hall_edge("--lang", "en", "service", "fp-1", "in", config=hall.daemon.config)
    assert back.returncode == 0, back.stderr
    assert until(lambda: online(hall) and device(hall).stored == 2, 20)
    assert [each["state"] for each in told(hall, "device.service")] == ["out", "in"]
    unknown = hall_edge("service", "fp-9", "in", config=hall.daemon.config)
    assert (unknown.returncode, "fp-9" in unknown.stderr) == (1, True)


def test_a_cleared_log_leaves_a_gap_with_bounds_once_and_counts_nothing_twice(hall: Hall) -> None:
    for user in ("1001", "1002", "1003"):
        hall.terminal.punch(user)
    hall.daemon.start()
    assert until(lambda: online(hall) and device(hall).stored == 3, 20)
    assert told(hall, "device.data_gap") == []
    hall.terminal.clear()
    assert until(lambda: len(told(hall, "device.data_gap")) == 1, 20)
    (gap,) = told(hall, "device.data_gap")
    assert (gap["device_id"], gap["reason"]) == ("fp-1", "log_cleared")
    assert gap["from"] <= gap["to"]
    assert until(lambda: "records_lost" in problems(hall), 20)
    shown = hall_edge("--lang", "en", "status", config=hall.daemon.config).stdout
    assert "may be lost" in shown
    assert gap["to"][:19].replace("T", " ") in shown
    assert word(hall, "1009", hall.terminal.clock()) == "hop_gap"
    assert hall_edge("reconcile", config=hall.daemon.config).returncode in (0, 1)
    hall.daemon.stop()
    hall.daemon.start()
    assert until(lambda: online(hall), 20)
    assert hall_edge("reconcile", config=hall.daemon.config).stdout
    assert len(told(hall, "device.data_gap")) == 1
    hall.terminal.punch("1004")
    assert until(lambda: device(hall).stored == 4, 20)


def test_who_punches_right_after_a_log_was_cleared_does_not_hide_it(hall: Hall) -> None:
    hall.daemon.config.write_text(
        hall.daemon.config.read_text().replace("poll_seconds = 1", "poll_seconds = 4")
    )
    for user in ("1001", "1002", "1003"):
        hall.terminal.punch(user, at=hall.terminal.clock() - timedelta(minutes=1))
    hall.daemon.start()
    assert until(lambda: online(hall) and device(hall).stored == 3, 20)
    hall.terminal.clear()
    hall.terminal.punch("1004")
    assert until(lambda: device(hall).stored == 4, 20), "heard live, before the log is looked at"
    assert until(lambda: told(hall, "device.data_gap"), 20)
    assert [each["reason"] for each in told(hall, "device.data_gap")] == ["log_cleared"]


def test_a_log_that_wraps_while_it_is_read_loses_nothing_and_one_nearly_full_rings(hall: Hall) -> None:
    hall.terminal.capacity, hall.terminal.cyclic_delete = 20, 5
    for number in range(15):
        hall.terminal.punch(str(1001 + number))
    hall.daemon.start()
    assert until(lambda: device(hall).stored == 15 and online(hall), 20)
    for first in (2001, 2004, 2007):  # 24 in all: the oldest five went twice
        for number in range(3):
            hall.terminal.punch(str(first + number))
        assert until(lambda first=first: device(hall).stored == 15 + first - 1998, 20)  # type: ignore[misc]
    assert told(hall, "device.data_gap") == []
    hall.terminal.cyclic_delete = 0
    while len(hall.terminal.log) < 20:
        hall.terminal.punch(str(3001 + len(hall.terminal.log)))
    assert until(lambda: (device(hall).cause, device(hall).detail) == ("log_nearly_full", "20 / 20"), 20)
    assert until(lambda: [each["code"] for each in told(hall, "device.alarm")] == ["log_nearly_full"], 90)


def facts(hall: Hall, kind: str) -> list[dict[str, Any]]:
    """The payloads of what the terminal itself stated, of a kind."""
    with closing(Books(hall.daemon.folder / FILE)) as books:
        return [json.loads(data) for data in books.of_kind(hall.terminal.serial, kind)]


def test_operations_enrolment_and_settings_of_a_polled_terminal_are_told_once(hall: Hall) -> None:
    hall.terminal.options |= {"AlarmReRec": "5"}
    hall.terminal.add_user(1, "1001", card=4711)
    hall.terminal.operate(23, who=1)
    hall.terminal.punch("1001")
    for _ in range(2):
        hall.daemon.start()
        assert until(lambda: online(hall) and "duplicate_period" in problems(hall), 20)
        (alarm,) = facts(hall, "device.alarm")
        assert (alarm["code"], alarm["operator"]) == ("log_deleted", "1001")
        (enrolled,) = facts(hall, "enrollment.changed")
        assert (enrolled["device_user_id"], enrolled["has_card"]) == ("1001", True)
        assert device(hall).stored == 1
        hall.daemon.stop()
    hall.daemon.start()
    assert until(lambda: online(hall) and device(hall).settings, 20)
    shown = hall_edge("--lang", "en", "status", config=hall.daemon.config).stdout
    assert "duplicate-punch period 5 min, cyclic delete not readable" in shown
    assert "set the duplicate-punch period to 0 in its menu" in shown


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_commands_say_what_they_want(hall: Hall, lang: str) -> None:
    assert hall_edge("--lang", lang, "accept", "fp-1", config=hall.daemon.config).returncode == 5
    assert hall_edge("--lang", lang, "service", "fp-1", "gone", config=hall.daemon.config).returncode == 2
