"""Beside a ZK terminal's log: operations as alarms, who is enrolled as booleans, settings; tolerant."""

import random
import struct

import pytest

from drivers.adms import oplog
from drivers.base import DeviceOffline, Order, Reading
from drivers.enrolment import KIND as ENROLMENT
from drivers.zk import beside
from drivers.zk.operations import KIND as ALARM
from drivers.zk.operations import decode, readings
from drivers.zk.records import decode_sizes, decode_users
from tests.drivers.memory_link import MemoryLink, running
from tests.drivers.zk_site import DAY_ONE, driver, history, keys
from tests.sim.zk import Faults, Terminal
from tests.sim.zk.layouts import User, operation, user_28, user_72
from tests.sim.zk.wire import Cmd

TEMPLATES = {2, 7, 10, 88}
"""Commands and functions that hand out templates (CMD_DB_RRQ, templates of a user); never asked."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr("drivers.zk.contact.SLICE_S", 0.05)
    monkeypatch.setattr("drivers.zk.wire.FAREWELL_S", 0.1)
    beside._SILENT.clear()


def entry(time: str, code: int, who: int = 0, about: int = 0) -> bytes:
    return operation(DAY_ONE.fromisoformat(time), code, who, about)


def test_an_entry_is_the_alarm_that_a_push_would_be():
    raw = b"".join(
        (
            entry("2026-11-20T10:22:40", 23, 14),
            entry("2026-11-20T10:22:40", 23, 14),
            entry("2026-11-20T10:23:00", 21),
            entry("2026-11-20T10:24:00", 22, 14),
            entry("2026-11-20T10:25:00", 3, 0, 55),
            entry("2026-11-20T10:26:00", 3, 0, 54),
            entry("2026-11-20T10:27:00", 105, 9),
            entry("2026-11-20T10:28:00", 6, 14, 3),
        )
    )
    found = readings("SN1", decode(raw, {14: "1001"}))
    assert [each.facts["code"] for each in found] == [
        "log_deleted", "clock_set", "factory_reset", "tamper", "log_deleted",
    ]  # fmt: skip
    assert [each.facts.get("operator") for each in found] == ["1001", "0", "1001", "0", "9"]
    pushed = oplog.alarms("SN1", b"OPLOG 23\t1001\t2026-11-20 10:22:40\t0\t0\t0\t0\n")
    assert found[:1] == pushed, "one fact, one key, whichever way it came by"


def test_what_does_not_look_like_the_log_is_not_believed():
    chance = random.Random(20261126)
    good = b"".join(entry("2026-11-20T10:22:40", 23, n) for n in range(20))
    assert decode(good[:-1], {}) == decode(b"", {}) == []
    for _ in range(2000):
        noise = chance.randbytes(16 * chance.randint(1, 40))
        for each in readings("SN1", decode(noise, {})):
            assert isinstance(each, Reading)
            assert each.device_time[:2] == "20"
    shifted = good[3:] + good[:3]
    assert decode(shifted, {}) == []
    assert len(readings("SN1", decode(good + bytes(16), {}))) == 20, "one blank entry spoils nothing"


def test_whether_there_is_a_card_is_all_that_is_taken_of_it():
    users = [User(1, "1001", b"x", 0, b"secret", 4711), User(2, "1002")]
    for pack in (user_28, user_72):
        found = decode_users(b"".join(map(pack, users)), 2, "gb18030")
        assert [(each.user_id, each.card) for each in found] == [("1001", True), ("1002", False)]
        assert "4711" not in repr(found)
        assert "secret" not in repr(found)


@pytest.mark.parametrize("payload", [80, 92, 112])
def test_what_is_counted_of_fingers_and_faces(payload):
    sizes = decode_sizes(Terminal(sizes_payload=payload, fingers=7, faces=3).sizes())
    assert sizes is not None
    assert (sizes.fingers, sizes.faces) == (7, 3 if payload > 80 else None)


def of(link: MemoryLink, kind: str) -> list[Reading]:
    return [each for each in link.readings if each.kind == kind]


@pytest.mark.parametrize("read", ["prepared", "direct"])
def test_a_contact_tells_alarms_enrolment_and_settings(read):
    with Terminal(read=read, faces=1) as terminal:
        terminal.load(history(50))
        terminal.add_user(1, "1001", card=99)
        terminal.add_user(2, "1002")
        for _ in range(90):
            terminal.operate(21, who=1, at=DAY_ONE)
            terminal.operate(4)
        terminal.options |= {"AlarmReRec": "5", "DelRecord": "100"}
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: len(of(link, ENROLMENT)) == 2 and link.observations[-1].settings)
            assert dict(link.observations[-1].settings) == {"duplicate_period_s": 300, "cyclic_delete": 1}
            assert [each.facts for each in of(link, ENROLMENT)] == [
                {"device_user_id": "1001", "has_fingerprint": False, "has_card": True},
                {"device_user_id": "1002", "has_fingerprint": False, "has_card": False},
            ]
            (alarm,) = of(link, ALARM)
            assert (alarm.facts["code"], alarm.facts["operator"]) == ("clock_set", "1001")
            terminal.remove_user(2)
            work.until(lambda: len(of(link, ENROLMENT)) == 4)
            assert of(link, ENROLMENT)[-1].facts == {
                "device_user_id": "1002", "has_fingerprint": False, "has_face": False, "has_card": False,
            }  # fmt: skip
            terminal.operate(23, who=1)
            done: list[str] = []
            link.waiting.append(Order("reread", done.append))
            work.until(lambda: len({each.key for each in of(link, ALARM)}) == 2)
        assert not TEMPLATES & {*terminal.commands, *terminal.prepared}
        assert keys(history(50)) <= link.facts


@pytest.mark.parametrize(("pack", "rows"), [(user_72, 7), (user_28, 18)])
def test_a_table_that_fits_rows_of_either_size_is_told_apart_by_the_counter_alone(pack, rows):
    table = b"".join(pack(User(1 + n, str(1001 + n))) for n in range(rows))
    found = decode_users(table, rows, "gb18030")
    assert [each.uid for each in found or ()] == [*range(1, rows + 1)]
    assert decode_users(table, rows + 1, "gb18030") is None, (
        "one more by now, or one less: nobody knows whose"
    )


@pytest.mark.parametrize("rows", [0, 7])
def test_a_table_of_long_rows_that_was_cut_is_no_table_of_short_ones(rows):
    table = b"".join(user_72(User(1 + n, str(1001 + n))) for n in range(7))
    assert len(decode_users(table, rows, "gb18030") or ()) == 7
    assert decode_users(table[:280], rows, "gb18030") is None, "ten short rows, and two without a number"


def test_nobody_is_gone_whom_a_table_that_was_cut_short_does_not_name():
    cut: list[int] = []

    def told(request, packets):
        data = [each for each in packets if each.command == Cmd.DATA]
        if wanted and request and request.command == Cmd.USERS and len(data) > 1:
            cut.append(len(data))
            return [each for each in packets if each is not data[-1]]
        return packets

    wanted = False
    with Terminal(read="direct", faces=1) as terminal:
        terminal.faults.tell = told
        for number in range(30):
            terminal.add_user(1 + number, str(1001 + number))
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: len(of(link, ENROLMENT)) == 30)
            wanted = True
            terminal.add_user(31, "1031")
            work.until(lambda: cut)
            wanted = False
            terminal.add_user(32, "1032")
            work.until(lambda: "1032" in {each.facts["device_user_id"] for each in of(link, ENROLMENT)})
        assert not [each.facts for each in of(link, ENROLMENT) if each.facts.get("has_face") is False]


@pytest.mark.parametrize("reply", [65535, 2001])
def test_a_firmware_that_knows_none_of_it_is_read_all_the_same(reply):
    with Terminal(sizes_payload=80) as terminal:
        terminal.load(history(30))
        terminal.faults = Faults(unsupported={34, 9}, unsupported_reply=reply)
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: link.completes and link.observations[-1].settings)
            rounds = len(link.observations)
            work.until(lambda: len(link.observations) > rounds + 3)
            assert terminal.commands.count(34) <= 2, "it is not asked again and again"
        assert dict(link.observations[-1].settings) == {"duplicate_period_s": None, "cyclic_delete": None}
        assert {each.kind for each in link.readings} == {"attendance.punch"}
        assert link.notes == {}


def silenced(terminal: Terminal, link: MemoryLink, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """So many contacts end, since it does not answer what it is asked of its operations."""
    terminal.load(history(10))
    terminal.faults.deaf_to = {34}
    with monkeypatch.context() as impatient:
        impatient.setattr("drivers.zk.wire.REPLY_S", 1.0)
        for _ in range(times):
            with running(driver(terminal, poll_s=0.05), link) as work:
                assert isinstance(work.ended(), DeviceOffline)


def test_a_terminal_that_falls_silent_at_a_question_again_and_again_is_not_asked_it_any_more(monkeypatch):
    with Terminal(read="direct") as terminal:
        link = MemoryLink()
        silenced(terminal, link, monkeypatch, times=3)
        with running(driver(terminal, poll_s=0.05), link) as work:
            rounds = len(link.observations)
            work.until(lambda: len(link.observations) > rounds + 4)
        assert work.error is None
        assert terminal.commands.count(34) == 3


def test_a_line_that_breaks_at_a_question_does_not_end_the_asking(monkeypatch):
    with Terminal(read="direct") as terminal:
        link = MemoryLink()
        silenced(terminal, link, monkeypatch, times=2)
        terminal.faults.deaf_to = set()
        terminal.operate(21, who=1, at=DAY_ONE)
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: of(link, ALARM))


@pytest.mark.parametrize("told", ["", "x", "-1", "9999999", "5=5"])
def test_a_setting_that_is_no_number_is_not_readable(told):
    with Terminal() as terminal:
        terminal.options["AlarmReRec"] = told
        link = MemoryLink()
        with running(driver(terminal, poll_s=0.05), link) as work:
            work.until(lambda: link.observations and link.observations[-1].settings)
        assert link.observations[-1].settings["duplicate_period_s"] is None


def test_a_terminal_is_never_disabled_cleared_or_asked_for_templates_whatever_happens():
    harmful = {1003, 1002, 14, 15, 18, 8, 10, 12, 1004, 1005, 33, 88, 7}
    with Terminal(clients=4) as terminal:
        terminal.load(history(300))
        terminal.add_user(1, "1001")
        for faults in (
            Faults(),
            Faults(close_after_bytes=2000),
            Faults(counter=-3),
            Faults(bad_checksum=1),
            Faults(unsupported={1503}),
        ):
            terminal.faults = faults
            link, done = MemoryLink(), list[str]()
            link.waiting += [
                Order("reread", done.append),
                Order("set_time", done.append, lambda: DAY_ONE.isoformat()),
                Order("dance", done.append),
            ]
            with running(driver(terminal, poll_s=0.05), link) as work:
                work.until(lambda done=done, work=work: len(done) == 3 or work.error)  # type: ignore[misc]
            assert terminal.enabled
        assert not harmful & set(terminal.commands)
        assert len(terminal.log) == 300
    assert struct.calcsize("<HBxI4H") == 16


def test_a_new_contact_brings_the_punches_and_asks_the_rest_a_round_later():
    with Terminal(read="direct") as terminal:
        terminal.load(history(10))
        link = MemoryLink()
        with running(driver(terminal), link) as work:
            work.until(lambda: link.completes)
            terminal.punch("1")
            work.until(lambda: len(link.facts) == 11)  # heard live: its first round is over
            assert 34 not in terminal.commands
