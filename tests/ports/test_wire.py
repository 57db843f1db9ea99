"""The head of a request: what firmware writes is read, what could mean two things is not."""

import random
from datetime import datetime

import pytest

from drivers.base import Reply
from edge.ports import wire
from edge.ports.wire import BadRequest, parse_head
from tests.store.halls import ZONE

GOOD = b"POST /iclock/cdata?SN=A1&table=ATTLOG&Stamp=9999 HTTP/1.1\r\nContent-Length: 35\r\nConnection: close"


def test_a_head_of_firmware_is_read() -> None:
    head = parse_head(GOOD)
    assert (head.method, head.path, head.length) == ("POST", "/iclock/cdata", 35)
    assert head.query == {"SN": "A1", "table": "ATTLOG", "Stamp": "9999"}


def test_a_target_with_blanks_and_without_a_host_is_read() -> None:
    head = parse_head(b"GET /iclock/getrequest?SN=A1&INFO=Ver 8.0.3,1,2 HTTP/1.1\nConnection: starting")
    assert head.query == {"SN": "A1", "INFO": "Ver 8.0.3,1,2"}
    assert head.length is None


@pytest.mark.parametrize("text", ["王芳", "%E7%8E%8B%E8%8A%B3"])
def test_a_query_is_utf_8_whether_it_is_escaped_or_not(text: str) -> None:
    assert parse_head(f"GET /x?a={text} HTTP/1.0".encode()).query == {"a": "王芳"}


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"\x16\x03\x01\x02\x00\x01", 400),
        (b"GET /x HTTP/2.0", 400),
        (b"GET x HTTP/1.1", 400),
        (b"get /x HTTP/1.1", 400),
        (b"GET /x?SN=A&SN=B HTTP/1.1", 400),
        (b"GET /x?" + b"a=1&" * 80 + b" HTTP/1.1", 400),
        (b"GET //[ HTTP/1.1", 400),
        (b"GET /x HTTP/1.1\r\nno header", 400),
        (b"GET /x HTTP/1.1\r\na b: c", 400),
        (b"POST /x HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4", 400),
        (b"POST /x HTTP/1.1\r\nContent-Length: -1", 400),
        (b"POST /x HTTP/1.1\r\nContent-Length: 0x10", 400),
        (b"POST /x HTTP/1.1\r\nContent-Length: 9999999999", 400),
        (b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3", 411),
        (b"GET /x HTTP/1.1" + b"\r\na: b" * 80, 431),
    ],
)
def test_what_could_mean_two_things_is_refused(data: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_head(data)
    assert refused.value.status == status


def test_ten_thousand_mutants_are_read_or_refused() -> None:
    chance = random.Random(20261125)
    for _ in range(10_000):
        data = bytearray(GOOD)
        for _ in range(chance.randint(1, 5)):
            at = chance.randrange(len(data))
            data[at : at + chance.randint(0, 3)] = bytes(
                chance.randrange(256) for _ in range(chance.randint(0, 3))
            )
        try:
            head = parse_head(bytes(data))
        except BadRequest:
            continue
        assert head.path.startswith("/")
        assert head.length is None or head.length >= 0


def test_an_answer_tells_the_time_only_where_it_is_known() -> None:
    now = datetime(2026, 11, 25, 8, 0, tzinfo=ZONE)
    told = wire.answer(Reply(200, b"OK"), now)
    assert b"\r\nDate: Wed, 25 Nov 2026 00:00:00 GMT\r\n" in told
    assert told.endswith(b"\r\n\r\nOK")
    assert b"Date" not in wire.answer(Reply(503, b"again"), None)


def test_a_request_behind_a_body_is_told_from_its_rest() -> None:
    assert wire.begins_another(b"GET /iclock/getrequest?SN=1 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert not wire.begins_another(b"1452\t2015-07-30 15:16:28\t0\t1\n")
    assert not wire.begins_another(b"")
