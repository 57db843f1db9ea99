"""Who is enrolled, as booleans: statements, ADMS lines without a template, a Hikvision terminal's pages."""

import json
import random

import pytest

from drivers.adms.enrolled import enrolled
from drivers.base import Order
from drivers.enrolment import KIND, Enrolled, gone, merged, statements
from drivers.hikvision.users import users
from tests.drivers import adms_site
from tests.drivers.hikvision_site import driver, keys, past
from tests.drivers.memory_link import MemoryLink, running
from tests.drivers.test_hikvision_events import spoilt
from tests.sim.isapi import Terminal

EMPTY = {"responseStatusStrg": "OK", "numOfMatches": 0, "UserInfo": []}
TEMPLATE = b"TUpTUzIxAAAFXGMECAUHCc7Q" * 40


def test_two_statements_of_one_moment_have_two_keys_and_one_of_each_user():
    both = merged([Enrolled("1", card=True), Enrolled("2"), Enrolled("1", fingerprint=True)])
    assert both == [Enrolled("1", True, None, True), Enrolled("2")]
    first, second = statements("SN", "2026-11-20T08:00:00", [Enrolled("1", True), gone("3")])
    again = statements("SN", "2026-11-20T08:00:00", [Enrolled("1", False)])[0]
    assert first.facts == {"device_user_id": "1", "has_fingerprint": True}
    assert second.facts == {
        "device_user_id": "3", "has_fingerprint": False, "has_face": False, "has_card": False,
    }  # fmt: skip
    assert first.key != again.key
    assert first.key.startswith("2026-11-20T08:00:00|")


LINES = {
    b"USER PIN=1\tName=\xd5\xc5\tPri=0\tPasswd=123\tCard=[0100000000]\tGrp=1": Enrolled("1", card=True),
    b"USER PIN=1\tName=x\tCard=0\tGrp=1": Enrolled("1", card=False),
    b"USER PIN=1\tName=x\tCard=\tGrp=1": Enrolled("1", card=False),
    b"USER PIN=1\tName=x": None,
    b"FP PIN=007\tFID=6\tSize=1832\tValid=1\tTMP=" + TEMPLATE: Enrolled("007", fingerprint=True),
    b"FP PIN=007\tFID=6\tSize=1832\tValid=0\tTMP=" + TEMPLATE: None,
    b"FACE PIN=A7\tFID=0\tSIZE=10\tVALID=1\tTMP=" + TEMPLATE: Enrolled("A7", face=True),
    b"BIODATA Pin=1\tNo=0\tIndex=0\tValid=1\tDuress=0\tType=9\tMajorVer=5\tTmp=" + TEMPLATE: Enrolled(
        "1", face=True
    ),
    b"BIODATA Pin=1\tNo=0\tIndex=0\tValid=1\tType=1\tTmp=" + TEMPLATE: Enrolled("1", fingerprint=True),
    b"BIODATA Pin=1\tNo=0\tValid=1\tType=8\tTmp=" + TEMPLATE: None,
    b"USERPIC PIN=1\tFileName=1.jpg\tSize=9\tContent=" + TEMPLATE: None,
    b"OPLOG 6\t0\t2026-11-20 08:00:00\t1\t0\t0\t0": None,
    b"FP PIN=\tFID=0\tValid=1": None,
    b"FP PIN=a b\tFID=0\tValid=1": None,
    b"FP FID=0\tValid=1\tTMP=abc\tPIN=9": None,
}


@pytest.mark.parametrize(("line", "expected"), LINES.items(), ids=lambda each: str(each)[:24])
def test_what_a_line_says_of_a_person(line: bytes, expected: Enrolled | None) -> None:
    assert enrolled(line + b"\n") == ([expected] if expected else [])


def test_an_upload_of_templates_leaves_booleans_and_nothing_else() -> None:
    link, terminal = MemoryLink(), adms_site.driver()
    body = b"\n".join(LINES) + b"\n"
    for table in ("OPERLOG", "BIODATA"):
        request = adms_site.request(f"cdata?table={table}", body)
        assert terminal.handle(request, link).status == 200
    told = {each.facts["device_user_id"]: dict(each.facts) for each in link.readings if each.kind == KIND}
    assert told["007"] == {"device_user_id": "007", "has_fingerprint": True}
    assert told["1"] == {
        "device_user_id": "1", "has_fingerprint": True, "has_face": True, "has_card": False,
    }  # fmt: skip
    kept = repr((link.readings, link.rejects, link.cursor))
    for private in ("TUpTUz", "123", "\xd5"):
        assert private not in kept
    assert link.observations[-1].settings == {"duplicate_period_s": None, "cyclic_delete": None}
    options = adms_site.request("cdata?table=options", b"AlarmReRec=2,DelRecord=0,FWVersion=x")
    assert terminal.handle(options, link).status == 200
    assert link.observations[-1].settings == {"duplicate_period_s": 120, "cyclic_delete": 0}


def test_ten_thousand_spoilt_lines_crash_nothing() -> None:
    chance = random.Random(20261127)
    for turn in range(10_000):
        for each in enrolled(spoilt(chance, [*LINES][turn % len(LINES)][:400])):
            assert each.user.isprintable()
            assert len(each.user) <= 24


def test_a_hikvision_terminal_tells_everybody_once_in_pages_beside_its_punches() -> None:
    terminal = Terminal()
    terminal.load(past(40))
    terminal.beside.enrolled = {f"{1000 + n}": (n % 2, n % 3, n % 5) for n in range(95)}
    terminal.beside.reader, terminal.beside.mode = {"swipeInterval": 90, "faceRecogizeInterval": 255}, "cycle"
    link = MemoryLink()
    with terminal, running(driver(terminal), link) as work:
        work.until(lambda: len({each.key for each in link.readings if each.kind == KIND}) == 95)
        told = {each.facts["device_user_id"]: each.facts for each in link.readings if each.kind == KIND}
        assert told["1006"] == {
            "device_user_id": "1006", "has_fingerprint": False, "has_face": False, "has_card": True,
        }  # fmt: skip
        work.until(lambda: link.observations[-1].settings)
        assert dict(link.observations[-1].settings) == {"duplicate_period_s": 90, "cyclic_delete": 1}
        emits, asked = link.emits, len(terminal.paths)
        work.until(lambda: len(terminal.paths) > asked + 20)
        assert link.emits == emits, "told once"
        assert sum("UserInfo/Search" in path for path in terminal.paths) <= 5
    assert keys(terminal) <= link.facts
    assert "jpg" not in repr(link.readings)


def test_who_is_not_named_by_pages_that_were_cut_short_is_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, link = Terminal(), MemoryLink()
    monkeypatch.setattr("drivers.hikvision.beside.EVERY_S", 0.1)
    terminal.beside.enrolled = {f"{1000 + n}": (1, 1, 1) for n in range(70)}
    search = terminal.beside._search

    def cut(asked: dict[str, object]) -> dict[str, object]:
        told = search(asked)
        return told if asked["searchResultPosition"] == 0 else {**told, **EMPTY}

    def named(**facts: object) -> set[str]:
        those = [each.facts for each in link.readings if each.kind == KIND]
        return {str(each["device_user_id"]) for each in those if facts.items() <= each.items()}

    with terminal, running(driver(terminal), link) as work:
        work.until(lambda: len(named()) == 70)
        with monkeypatch.context() as patched:
            patched.setattr(type(terminal.beside), "_search", lambda _self, asked: cut(asked))
            terminal.beside.enrolled["0999"] = (1, 0, 0)
            work.until(lambda: "0999" in named())
            asked = len(terminal.paths)
            work.until(lambda: len(terminal.paths) > asked + 10)
            assert named(has_face=False) == {"0999"}
        del terminal.beside.enrolled["1069"]
        work.until(lambda: "1069" in named(has_face=False))
        assert named(has_face=False) == {"0999", "1069"}


def test_a_firmware_without_any_of_it_is_read_all_the_same() -> None:
    terminal = Terminal()
    terminal.faults.unsupported.add("/ISAPI/AccessControl/UserInfo/Search")
    terminal.load(past(10))
    link, done = MemoryLink(), list[str]()
    with terminal, running(driver(terminal), link) as work:
        link.waiting.append(Order("reread", done.append))
        work.until(lambda: done == ["ok"] and link.observations[-1].settings)
        asked = len(terminal.paths)
        work.until(lambda: len(terminal.paths) > asked + 10)
        assert sum("UserInfo/Search" in path for path in terminal.paths) <= 2
    assert dict(link.observations[-1].settings) == {"duplicate_period_s": None, "cyclic_delete": None}
    assert link.notes == {}


def test_a_page_of_users_that_makes_no_sense_is_none() -> None:
    good = {"searchID": "s", "responseStatusStrg": "MORE", "UserInfo": [{"employeeNo": 7, "numOfFP": "1"}]}
    page = users(json.dumps({"UserInfoSearch": good}).encode(), "s")
    assert page is not None
    assert (page.found, page.size, page.more) == ([Enrolled("7", fingerprint=True)], 1, True)
    for bad in ({**good, "searchID": "t"}, {}, []):
        assert users(json.dumps({"UserInfoSearch": bad}).encode(), "s") is None
    assert users(b"<html>", "s") is None
    hostile = {**good, "UserInfo": [{"employeeNo": "a\x07"}, {"employeeNo": "x" * 65}, {"name": "y"}, 3]}
    page = users(json.dumps({"UserInfoSearch": hostile}).encode(), "s")
    assert page is not None
    assert (page.found, page.size) == ([], 3)
    chance = random.Random(20261128)
    body = json.dumps({"UserInfoSearch": good}).encode()
    for _ in range(3000):
        users(spoilt(chance, body), "s")
