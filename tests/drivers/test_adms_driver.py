"""What a terminal that pushes is answered, and when; nothing is thanked for before it is on disk."""

import json
import random
from dataclasses import replace
from datetime import timedelta, timezone
from urllib.parse import parse_qsl

import pytest

from drivers.adms.known import Command, Known
from drivers.adms.speech import info, options, results, zone
from drivers.base import IntakeClosed, Order, StoreBusy
from edge.events import Origin, normalize
from tests.drivers.adms_site import (
    NOON,
    SERIAL,
    ZONE,
    captures,
    commands,
    driver,
    link,
    record,
    records,
    request,
    upload,
)

ORIGIN = Origin("face-1", "adms", ZONE, 0, True)
TEMPLATES = {
    "BIODATA": b"BIODATA PIN=1\tNo=0\tIndex=0\tValid=1\tType=9\tTMP=QUJDREVGSECRET\n",
    "ATTPHOTO": b"PIN=20261120080000-1.jpg\nSN=CQZ0000001\nsize=4\nCMD=uploadphoto\0\xff\xd8SECRET",
    "IDCARD": b"IDCARD PIN=1\tSNNum=SECRET\tName=SECRET\n",
    "USERPIC": b"USERPIC PIN=1\tFileName=1.jpg\tSize=6\tContent=SECRET\n",
    "ERRORLOG": b"ErrCode=D01E0001\tErrMsg=SECRET\n",
}


def test_the_greeting_names_the_terminal_its_zone_and_no_template() -> None:
    reply = driver().handle(request("cdata?options=all&pushver=2.4.1"), link())
    first, *rest = reply.body.decode().splitlines()
    told = dict(line.split("=", 1) for line in rest)
    assert (reply.status, first) == (200, f"GET OPTION FROM: {SERIAL}")
    assert (told["TimeZone"], told["Realtime"], told["Delay"], told["ATTLOGStamp"]) == ("8", "1", "10", "0")
    assert told["TransFlag"] == "TransData AttLog\tOpLog", "neither photos nor templates are asked for"


def test_a_stamp_is_echoed_once_its_upload_is_stored_and_never_before() -> None:
    site, here = driver(), link()
    here.failures = []
    site.handle(request("cdata?options=all"), here)
    here.failures = [StoreBusy("slow")]
    with pytest.raises(StoreBusy):
        site.handle(upload(records(0, 3)), here)
    assert b"ATTLOGStamp=0\n" in site.handle(request("cdata?options=all"), here).body
    site.handle(upload(records(0, 3)), here)
    assert b"ATTLOGStamp=9999\n" in driver().handle(request("cdata?options=all"), here).body


@pytest.mark.parametrize("bad", ["9999%0AInject=1", "x" * 21, "", "-1"])
def test_a_stamp_that_is_none_is_not_echoed(bad: str) -> None:
    site, here = driver(), link()
    site.handle(request(f"cdata?table=ATTLOG&Stamp={bad}", records(0, 1)), here)
    assert b"\nATTLOGStamp=0\n" in site.handle(request("cdata?options=all"), here).body


def test_ok_counts_every_line_that_came_known_and_quarantined_ones_too() -> None:
    site, here = driver(), link()
    sent = records(0, 700) + b"nonsense\n" + records(0, 3)
    for _ in range(2):
        assert site.handle(upload(sent), here).body == b"OK:704"
    assert len(here.facts) == 700
    assert {reject.reason for reject in here.rejects} == {"no_time"}


@pytest.mark.parametrize("error", [IntakeClosed("disk full"), StoreBusy("slow")])
def test_what_is_not_on_disk_is_not_thanked_for(error: Exception) -> None:
    site, here = driver(), link()
    here.failures = [error]
    with pytest.raises(type(error)):
        site.handle(upload(records(0, 3)), here)
    assert here.readings == []
    assert site.handle(upload(records(0, 3)), here).body == b"OK:3"
    assert len(here.readings) == 3


def test_what_broke_off_is_kept_and_asked_for_again() -> None:
    site, here = driver(), link()
    reply = site.handle(upload(records(0, 2) + b"1009\t2026-11-20 08:", whole=False), here)
    assert reply.status == 503
    assert len(here.facts) == 2


@pytest.mark.parametrize("table", TEMPLATES)
def test_biometrics_and_photos_are_thanked_for_and_forgotten(
    table: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    site, here = driver(), link()
    reply = site.handle(request(f"cdata?table={table}&Stamp=1", TEMPLATES[table]), here)
    photo = site.handle(request("fdata?table=ATTPHOTO", TEMPLATES["ATTPHOTO"]), here)
    operations = site.handle(request("cdata?table=OPERLOG&Stamp=1", TEMPLATES[table]), here)
    assert reply.status == photo.status == operations.status == 200
    kept = repr((here.readings, here.rejects, here.observations, here.cursor, caplog.text))
    assert "SECRET" not in kept
    assert f"{table!r} is not kept: {len(TEMPLATES[table])} bytes, sha256" in caplog.text
    assert here.rejects == []
    assert {each.kind for each in here.readings} <= {"enrollment.changed"}
    ways = [way for each in here.readings for name, way in each.facts.items() if name != "device_user_id"]
    assert {type(way) for way in ways} <= {bool}, "booleans alone"


def test_a_reread_becomes_a_question_that_outlives_a_crash_and_is_answered_by_its_own_id() -> None:
    here, answers = link(), []
    site = driver()
    site.handle(request("getrequest"), here)
    here.waiting = [Order("reread", answers.append), Order("dance", answers.append)]
    site.ordered(here)
    assert answers == ["unsupported"]
    reborn = driver()
    ((name, text),) = commands(reborn.handle(request("getrequest"), here).body)
    assert text == "DATA QUERY ATTLOG StartTime=2000-01-01 00:00:00\tEndTime=2026-11-21 12:00:00"
    assert commands(reborn.handle(request("getrequest"), here).body) == [], "it is under way"
    reborn.handle(upload(records(0, 3), f"&PackCnt=2&PackIdx=1&CmdId={name}"), here)
    reborn.handle(request("devicecmd", f"ID={name}&Return=0&CMD=DATA\n".encode()), here)
    assert here.completes == [], "a pack is missing"
    reborn.handle(upload(records(3, 3), f"&PackCnt=2&PackIdx=2&CmdId={name}"), here)
    assert here.completes == ["2026-11-20T11:59:00"]
    assert json.loads(here.cursor or "")["commands"] == []
    assert len(here.facts) == 6


def test_an_order_of_this_life_is_answered_when_the_terminal_is_done() -> None:
    site, here, answers = driver(), link(), []
    here.waiting = [Order("reread", answers.append), Order("reread", answers.append)]
    ((name, _),) = commands(site.handle(request("getrequest"), here).body)
    site.handle(upload(records(0, 1), f"&PackCnt=1&PackIdx=1&CmdId={name}"), here)
    site.handle(request("devicecmd", f"ID={name}&Return=0&CMD=DATA\n".encode()), here)
    assert answers == ["ok", "ok"]


@pytest.mark.parametrize("code", ["-1", "-1002"])
def test_a_terminal_that_refuses_proves_nothing(code: str) -> None:
    site, here, answers = driver(), link(), []
    here.waiting = [Order("reread", answers.append)]
    ((name, _),) = commands(site.handle(request("getrequest"), here).body)
    site.handle(upload(records(0, 1), f"&PackCnt=1&PackIdx=1&CmdId={name}"), here)
    site.handle(request("devicecmd", f"ID={name}&Return={code}&CMD=DATA\n".encode()), here)
    assert (answers, here.completes) == (["refused"], [])


def test_a_foreign_command_id_proves_nothing() -> None:
    site, here, answers = driver(), link(), []
    here.waiting = [Order("reread", answers.append)]
    site.handle(request("getrequest"), here)
    site.handle(upload(records(0, 1), "&PackCnt=1&PackIdx=1&CmdId=239"), here)
    site.handle(request("devicecmd", b"ID=239&Return=0&CMD=DATA\n"), here)
    assert (answers, here.completes) == ([], [])


def test_an_order_that_cannot_be_stored_waits() -> None:
    site, here, answers = driver(), link(), []
    site.handle(request("ping"), here)
    here.waiting, here.failures = [Order("reread", answers.append)], [IntakeClosed("full")]
    with pytest.raises(IntakeClosed):
        site.ordered(here)
    assert len(commands(site.handle(request("getrequest"), here).body)) == 1


def test_a_whole_answer_is_a_count_of_the_terminal_and_no_other_is() -> None:
    asked = Known(complete="2026-11-20T09:00:00", commands=(Command("0" * 16, "whole"),))
    site, here = driver(), link(asked.text())
    ((name, _),) = commands(site.handle(request("getrequest"), here).body)
    site.handle(upload(records(90, 1)), here)
    assert here.passes == []
    for index in (1, 2):
        site.handle(upload(records(index, 1), f"&PackCnt=2&PackIdx={index}&CmdId={name}"), here)
    assert here.passes == [True]
    site.handle(request("devicecmd", f"ID={name}&Return=0&CMD=DATA\n".encode()), here)
    ((name, text),) = commands(site.handle(request("getrequest"), here).body)
    assert "StartTime=2026-11-20" in text, "the proof of what was pushed waits for its turn"
    site.handle(upload(records(90, 1), f"&PackCnt=1&PackIdx=1&CmdId={name}"), here)
    assert here.passes == [True]


@pytest.mark.parametrize(
    "cursor", ["", "{", "[]", "{}", '{"commands": [{"id": "x"}]}', '{"newest": 3}', "null"]
)
def test_a_broken_cursor_costs_work_only(cursor: str) -> None:
    here = link(cursor)
    assert driver().handle(upload(records(0, 3)), here).body == b"OK:3"


def test_a_punch_made_just_now_tells_the_clock() -> None:
    site, here = driver(), link()
    just = record(0).replace("08:00:00", "11:59:58").encode()
    site.handle(upload(just), here)
    assert here.observations[-1].device_clock == "2026-11-20T11:59:58"
    site.handle(upload(records(0, 3)), here)
    assert here.observations[-1].device_clock is None, "history tells nothing"


def test_a_record_sent_again_tells_nothing() -> None:
    site, here = driver(), link()
    just = record(0).replace("08:00:00", "11:59:58").encode()
    for _ in range(2):
        site.handle(upload(just), here)
    assert [each.device_clock for each in here.observations] == ["2026-11-20T11:59:58", None]


def test_other_protocols_are_refused_and_shown() -> None:
    site, here = driver(), link()
    assert site.handle(request("registry", b""), here).status == 404
    assert "push_access" in here.notes
    assert site.handle(request("exchange?type=publickey", b""), here).status == 404
    assert "push_encrypted" in here.notes
    assert site.handle(request("shell", b""), here).status == 404
    site.handle(upload(records(0, 1)), here)
    assert here.notes == {}
    punch = (
        b"time=2026-11-20 08:00:00\tpin=1001\tcardno=0\teventaddr=1\tevent=3\tinoutstatus=0\tverifytype=15"
    )
    assert site.handle(request("cdata?table=rtlog", punch), here).status == 404, (
        "thanked for, it would be lost"
    )
    assert "push_access" in here.notes


def test_what_it_says_of_itself_is_shown() -> None:
    site, here = driver(), link()
    site.handle(
        request("cdata?table=options", b"~DeviceName=SA40,FWVersion=Ver 8.0,TransactionCount=7"), here
    )
    site.handle(request("getrequest?INFO=Ver%208.1,3,0,9,192.0.2.7,10,7,15,0,111"), here)
    last = here.observations[-1]
    assert (last.model, last.firmware, last.counts) == ("SA40", "Ver 8.1", {"logs": 9, "users": 3})


def test_recorded_requests_are_understood() -> None:
    site, here, seen = driver(), link(), 0
    for entry in captures():
        verb, _, rest = entry["request"].partition(" ")
        if verb not in ("GET", "POST") or not rest.startswith("/iclock/"):
            continue
        target = rest.split(" ")[0].removeprefix("/iclock/")
        sent = (entry["body"] or "").encode() if verb == "POST" else None
        reply = site.handle(request(target, sent), here)
        assert reply.status == 200, entry["id"]
        if str(entry["response"]).startswith("OK:"):
            assert reply.body.decode() == entry["response"], entry["id"]
        seen += 1
    assert seen >= 14


def test_results_of_both_forms() -> None:
    batched = results(b"ID=a1&Return=0&CMD=DATA\nID=a2&Return=-1002&CMD=DATA\nID=&Return=0\nID=a3&Return=x\n")
    assert [(each.command, each.code) for each in batched] == [("a1", 0), ("a2", -1002)]
    (one,) = results(b"ID=27\nSN=X\nReturn=0\nCMD=Shell\nContent=ID=28&Return=0\n")
    assert (one.command, one.code, one.values["CMD"]) == ("27", 0, "Shell")


SEEDS = [
    ("cdata?options=all&pushver=2.4.1&language=83", None),
    ("cdata?table=ATTLOG&Stamp=9999", records(0, 5)),
    ("cdata?table=ATTLOG&Stamp=9999&Count=1&PackCnt=1&PackIdx=1&CmdId=239", records(0, 1)),
    (
        "cdata?table=OPERLOG&Stamp=9999",
        b"OPLOG 23\t14\t2026-11-20 10:22:40\t0\t0\t0\t0\nUSER PIN=1\tName=x\n",
    ),
    ("cdata?table=options", b"FingerFunOn=1,UserCount=3,~DeviceName=SA40"),
    ("getrequest?INFO=Ver%202.0.12,0,0,0,192.168.16.27,10,7,15,0,111", None),
    ("devicecmd", b"ID=26&Return=0&CMD=INFO\n~DeviceName=SA40\nUserCount=1\n"),
    ("fdata?table=ATTPHOTO", b"PIN=20150731103012-123.jpg\nSN=1\nsize=4\nCMD=uploadphoto\0\xff\xd8"),
    ("registry", b"DeviceType=acc"),
]


def test_ten_thousand_mutated_requests_neither_crash_nor_leave_what_is_no_record() -> None:
    chance, site, here = random.Random(20261125), driver(), link()
    for _ in range(10_000):
        target, body = chance.choice(SEEDS)
        query = dict(parse_qsl(target.partition("?")[2], keep_blank_values=True))
        if query and chance.random() < 0.5:
            query[chance.choice([*query])] = chance.choice(
                ["", "0", "-1", "9" * 40, "\0", "王", "ATTLOG", "%0A"]
            )
        sent = bytearray(body or b"")
        for _ in range(chance.randint(0, 4)):
            at = chance.randrange(len(sent) + 1)
            sent[at : at + chance.randint(0, 9)] = chance.randbytes(chance.randint(0, 9))
        told = request(
            target.partition("?")[0], None if body is None else bytes(sent), whole=chance.random() < 0.9
        )
        assert site.handle(replace(told, query={"SN": SERIAL, **query}), here).status in (200, 404, 503)
        if len(here.readings) > 5000:
            here.readings.clear(), here.rejects.clear(), here.observations.clear()
    assert len(here.cursor or "") < 2000
    for reading in here.readings:
        assert reading.kind in ("attendance.punch", "device.alarm")
        normalize(reading, ORIGIN, NOON)


def test_small_words() -> None:
    assert options(b"UserCount=x,TransactionCount=-1,~DeviceName=\n").counts == {}
    assert info("Ver 1").counts == {}
    assert [zone(NOON.astimezone(tz)) for tz in map(_tz, (8, 5.5, -3, 0))] == [8, 330, -3, 0]


def _tz(hours: float) -> timezone:
    return timezone(timedelta(hours=hours))
