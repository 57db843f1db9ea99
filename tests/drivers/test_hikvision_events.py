"""What an event of a Hikvision terminal says: recorded samples, every envelope, and 10,000 spoilt inputs."""

import gc
import json
import random
import tracemalloc
from typing import Any

import pytest

from drivers.base import Reading, Reject
from drivers.hikvision.documents import Unreadable, decode, objects, part, text, whole
from drivers.hikvision.events import METHODS, Item, day_before, is_punch, item, reading, wall_clock
from drivers.hikvision.known import Known, standing
from drivers.hikvision.page import PAGE_MAX, Page, judge
from drivers.hikvision.push import news, pushed
from tests.drivers.hikvision_site import samples

MINORS = frozenset(METHODS)
EVENT = {
    "major": 5,
    "minor": 75,
    "time": "2026-03-02T08:01:02+08:00",
    "serialNo": 139,
    "employeeNoString": "007",
    "attendanceStatus": "checkIn",
    "name": "王芳",
    "cardNo": "4711",
    "pictureURL": "http://192.0.2.1/pic.jpeg",
    "frontSerialNo": 138,
}
PUSH: dict[str, Any] = {
    "ipAddress": "192.0.2.64",
    "dateTime": "2026-03-02T08:01:02+08:00",
    "eventType": "AccessControllerEvent",
    "AccessControllerEvent": {
        "majorEventType": 5,
        "subEventType": 75,
        "serialNo": 139,
        "employeeNoString": "007",
        "attendanceStatus": "checkIn",
        "frontSerialNo": 138,
    },
}


def answer(*items: dict[str, Any], **other: Any) -> bytes:
    told = {
        "searchID": "s",
        "responseStatusStrg": "OK",
        "numOfMatches": len(items),
        "totalMatches": len(items),
        "InfoList": list(items),
    }
    return json.dumps({"AcsEvent": {**told, **other}}, ensure_ascii=False).encode()


def fact(told: dict[str, Any]) -> Reading:
    found = reading("SN", item(told))
    assert isinstance(found, Reading), found
    return found


def test_a_punch_is_told_whole_and_nothing_more() -> None:
    found = fact(EVENT)
    assert found.key == "2026-03-02T08:01:02|139"
    assert found.device_time == "2026-03-02T08:01:02"
    assert found.facts == {
        "device_user_id": "007",
        "verify_method": "face",
        "verify_raw": 75,
        "punch_state": "check_in",
    }


@pytest.mark.parametrize(
    ("minor", "method"),
    [(1, "card"), (38, "fingerprint"), (75, "face"), (8, None), (9, None), (39, None), (76, None)],
)
def test_who_passed_and_who_did_not(minor: int, method: str | None) -> None:
    event = item({**EVENT, "minor": minor})
    assert is_punch(event, MINORS) == (method is not None)
    if method:
        assert fact({**EVENT, "minor": minor}).facts["verify_method"] == method


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ("checkIn", "check_in"),
        ("checkOut", "check_out"),
        ("breakOut", "break_out"),
        ("breakIn", "break_in"),
        ("overtimeIn", "ot_in"),
        ("overtimeOut", "ot_out"),
        ("undefined", "unspecified"),
        ("", "unspecified"),
        ("somethingNew", "unspecified"),
        (None, "unspecified"),
        (7, "unspecified"),
    ],
)
def test_the_key_that_was_pressed(told: object, state: str) -> None:
    assert fact({**EVENT, "attendanceStatus": told}).facts["punch_state"] == state


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"time": "2026-02-31T08:00:00+08:00"}, "impossible_date"),
        ({"time": "0000-00-00T00:00:00+08:00"}, "impossible_date"),
        ({"time": ""}, "impossible_date"),
        ({"time": 1789554842}, "impossible_date"),
        ({"serialNo": None}, "no_number"),
        ({"serialNo": -1}, "no_number"),
        ({"serialNo": True}, "no_number"),
        ({"serialNo": 3_000_000_000}, "no_number"),
        ({"employeeNoString": ""}, "no_user"),
        ({"employeeNoString": "a\nb"}, "no_user"),
        ({"employeeNoString": "9" * 65}, "no_user"),
        ({"employeeNoString": ["1"]}, "no_user"),
    ],
)
def test_what_makes_no_sense_is_set_aside_without_name_card_or_picture(
    change: dict[str, Any], reason: str
) -> None:
    found = reading("SN", item({**EVENT, **change}))
    assert isinstance(found, Reject)
    assert found.reason == reason
    for private in ("王芳".encode(), b"4711", b"jpeg"):
        assert private not in (found.raw or b"")


def test_a_number_as_employee_or_as_text_is_the_same_person() -> None:
    assert fact({**EVENT, "employeeNoString": None, "employeeNo": 7}).facts["device_user_id"] == "7"
    assert fact({**EVENT, "serialNo": "139"}).key == fact(EVENT).key


def test_recorded_answers_say_what_they_said() -> None:
    found = samples()
    boot = judge(json.dumps(found["isapi03"]["sample"]).encode(), "doc-event-1", 1)
    assert (len(boot.items), boot.more, boot.fault) == (1, True, "")
    assert not any(is_punch(event, MINORS) for event in boot.items)
    assert boot.items[0].number == 1
    face = item({**found["isapi04"]["sample"], "serialNo": 2})
    assert is_punch(face, MINORS)
    assert wall_clock(face.time) == "2026-07-06T00:38:32"


@pytest.mark.parametrize("name", ["isapi_face-75", "isapi_door-21", "isapi09", "isapi10", "isapi11"])
def test_recorded_pushes_say_what_they_said(name: str) -> None:
    entry = samples()[name]
    (found,) = pushed(json.dumps(entry["sample"]).encode())
    expected = entry["expected"]
    if "punch" in expected:
        assert is_punch(found.event, MINORS) == expected["punch"]
    if "serial" in expected:
        assert found.event.number == expected["serial"]
        assert found.event.user == expected["employee"]
        assert wall_clock(found.event.time) == expected["local_time"].replace(" ", "T")
    if name == "isapi09":
        assert (found.serial, found.event.front) == ("FY0000000", 25522)


def test_a_recorded_stream_holds_one_old_event_of_the_terminal() -> None:
    (found,) = pushed(samples()["isapi08"]["sample"].encode())
    assert (found.event.number, found.event.major, found.current) == (1, 2, False)


def test_recorded_xml_goes_by_local_names() -> None:
    told = decode(samples()["isapi06"]["sample"].encode())
    host = part(part(told, "HttpHostNotificationList"), "HttpHostNotification")
    assert (text(host.get("ipAddress")), whole(host.get("portNo"))) == ("0.0.0.0", 0)


JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 100


def multipart(
    document: bytes, head: bytes = b"Content-Type: application/json\r\n", name: bytes = b"event_log"
) -> bytes:
    return (
        b'--MIME_boundary\r\nContent-Disposition: form-data; name="'
        + name + b'"\r\n' + head + b"\r\n" + document
        + b'\r\n--MIME_boundary\r\nContent-Disposition: form-data; name="Picture"; filename="p.jpg"\r\n'
        + b"Content-Type: image/jpeg\r\nContent-Length: 25604\r\n\r\n" + JPEG + b"\r\n--MIME_boundary--\r\n"
    )  # fmt: skip


XML = (
    b'<?xml version="1.0"?><EventNotificationAlert version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">'
    b"<dateTime>2026-03-02T08:01:02+08:00</dateTime><eventType>AccessControllerEvent</eventType>"
    b"<AccessControllerEvent><majorEventType>5</majorEventType><subEventType>75</subEventType>"
    b"<serialNo>139</serialNo><employeeNoString>007</employeeNoString><attendanceStatus>checkIn</attendanceStatus>"
    b"<frontSerialNo>138</frontSerialNo></AccessControllerEvent></EventNotificationAlert>"
)
JSON_PUSH = json.dumps(PUSH).encode()
ENVELOPES = {
    "plain": JSON_PUSH,
    "wrapped": json.dumps({"EventNotificationAlert": PUSH}).encode(),
    "xml": XML,
    "parts": multipart(JSON_PUSH),
    "parts, named otherwise": multipart(JSON_PUSH, name=b"AccessControllerEvent"),
    "parts without a type": multipart(JSON_PUSH, head=b""),
    "parts with a wrong length": multipart(JSON_PUSH, head=b"Content-Length: 17\r\n"),
    "parts with xml": multipart(XML, head=b"Content-Type: application/xml\r\n"),
    "cut in the picture": multipart(JSON_PUSH)[:-9000],
    "a picture follows at once": JSON_PUSH + JPEG,
    "cut before the picture": multipart(JSON_PUSH)[: multipart(JSON_PUSH).index(JPEG)],
}


@pytest.mark.parametrize("name", ENVELOPES)
def test_a_push_is_the_event_of_the_log_in_every_envelope(name: str) -> None:
    (found,) = pushed(ENVELOPES[name])
    assert reading("SN", found.event) == fact(EVENT), "one punch, one key, whichever path it came by"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"--",
        b"--x\r\n",
        JPEG,
        json.dumps({"eventType": "heartBeat"}).encode(),
        json.dumps({**PUSH, "eventType": "videoloss"}).encode(),
        multipart(JSON_PUSH[:-20]),
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_no_event_is_none(body: bytes) -> None:
    assert pushed(body) == []


def test_what_may_be_news_wakes_and_a_heartbeat_does_not() -> None:
    for body in (
        *ENVELOPES.values(),
        multipart(JSON_PUSH[:-20]),
        b'{"eventType": "AccessCon',
        JPEG,
        b"[" * 10,
    ):
        assert news(body), body[:60]
    for told in ({"eventType": "heartBeat"}, {**PUSH, "eventType": "videoloss"}, {}):
        assert not news(json.dumps(told).encode())
    assert not news(b"\r\n")


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b"<a>" * 40 + b"</a>" * 40,
        b"<a>" + b"<b/>" * 30_000 + b"</a>",
        b"<a><b></a>",
        b"<a/>x<b/>",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b"[1]",
        b"",
        b'{"a":' * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_hostile_documents_say_nothing(body: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(body)


def test_a_long_hostile_push_becomes_little_in_memory() -> None:
    bombs = [b'{"a":[' + b"{}," * 200_000 + b"{}]}", b"--a\r\n" + b"--a" * 200_000]
    for bomb in (*bombs, b"--b\r\n\r\n" + bombs[0] + b"\r\n--b--"):
        tracemalloc.start()
        try:
            assert news(bomb), "what cannot be read may be news"
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 5 << 20


def test_texts_in_gb18030_are_read() -> None:
    page = judge(answer(EVENT).decode().encode("gb18030"), "s", 1)
    assert [event.user for event in page.items] == ["007"]


def test_a_list_is_a_list_in_json_and_in_xml() -> None:
    assert objects([{"a": 1}, 2]) == [{"a": 1}]
    assert objects({"Info": {"a": "1"}}) == [{"a": "1"}]
    assert objects({"Info": [{"a": "1"}, {"a": "2"}]}) == [{"a": "1"}, {"a": "2"}]
    assert objects("x") == objects(None) == []


def test_the_day_before() -> None:
    assert day_before("2026-03-01T00:00:01+08:00") == "2026-02-28T00:00:01+08:00"
    assert day_before("1970-01-01T00:00:00") == "1970-01-01T00:00:00"


def test_a_broken_cursor_knows_nothing() -> None:
    for cursor in (
        None,
        "",
        "{",
        "[]",
        '{"serial": "SN", "last": -3}',
        '{"serial": "SN", "x": 1}',
        '{"serial": "OTHER"}',
    ):
        assert Known.parse(cursor, "SN") == Known("SN")
    kept = Known("SN", 2, 40, "w", "t", ((1, 3),))
    assert Known.parse(kept.text(), "SN") == kept


def test_only_whole_quarters_of_an_hour_are_another_zone() -> None:
    event = item(EVENT)
    known = Known("SN").upto(event)
    for time, expected in (
        ("2026-03-02T08:01:02+08:00", "same"),
        ("2026-03-02T03:01:02+03:00", "shifted"),
        ("2026-03-02T08:01:02Z", "same"),
        ("2026-03-02T09:01:02", "shifted"),
        ("2026-03-02T09:01:02+08:00", "other"),
        ("2026-03-02T08:01:03+08:00", "other"),
        ("2026-03-09T08:01:02+08:00", "other"),
        ("nonsense", "other"),
    ):
        assert standing(known, Page((event._replace(time=time),))) == expected, time
    assert standing(known, Page((event._replace(user="8"),))) == "other"
    assert standing(known, Page((event._replace(number=140),))) == "gone"
    assert standing(known, Page(())) == "empty"


def spoilt(chance: random.Random, body: bytes) -> bytes:
    """The same with a few bytes changed, lost, doubled or cut off."""
    raw = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(raw) or 1)
        match chance.randrange(5):
            case 0 if raw:
                raw[at] = chance.randrange(256)
            case 1:
                del raw[at : at + chance.randint(1, 40)]
            case 2:
                raw[at:at] = raw[at : at + chance.randint(1, 60)]
            case 3:
                raw[at:at] = chance.choice(
                    [b'"', b"{", b"]", b"-1", b"null", b"\xff", b"1e999", b"<a>", b"\\u0000"]
                )
            case 4:
                del raw[chance.randrange(len(raw) or 1) :]
    return bytes(raw)


def test_ten_thousand_spoilt_inputs_crash_nothing_invent_nothing_and_leave_nothing() -> None:
    chance = random.Random(20261125)
    whole_page = answer(*({**EVENT, "serialNo": n} for n in range(139, 139 + PAGE_MAX)))
    good = [answer(EVENT), whole_page, *ENVELOPES.values()]
    gc.collect()
    tracemalloc.start()
    kept = 0
    for turn in range(10_000):
        body = spoilt(chance, good[turn % len(good)][:12_000])
        events: list[Item] = [*judge(body, "s", 139).items, *(each.event for each in pushed(body))]
        for event in events:
            found = reading("SN", event) if is_punch(event, MINORS) else None
            if isinstance(found, Reading):
                assert found.key == f"{found.device_time}|{event.number}"
                assert wall_clock(event.time) == found.device_time
                assert str(found.facts["device_user_id"]).isprintable()
        if turn == 2000:
            gc.collect()
            kept = tracemalloc.get_traced_memory()[0]
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - kept
    tracemalloc.stop()
    assert grown < 100_000, f"{grown} bytes stayed"
