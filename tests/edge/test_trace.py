"""The hop of a punch and the cause of its absence, each from the facts that alone decide it."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from edge.causes.trace import TRACE
from edge.trace.trace import ABSENCES, SETTLED, Found, Standing, Upstream, absence, hop_of, trace

AT = datetime.fromisoformat("2026-11-25T08:02:00+08:00")
UP = Upstream(
    upto={"county": 20},
    received={"county": "2026-11-25T08:03:00+08:00"},
    sent=30,
    epoch_first=0,
    cause="ok",
    since="",
)
FOUND = Found(
    device_id="fp-1", serial="SN1", person="7", device_time="2026-11-25T08:02:00", number=25, position=25
)
WELL = Standing(
    device_id="fp-1",
    name="",
    serial="SN1",
    state="online",
    cause="ok",
    since="",
    last_contact=None,
    complete_until="2026-11-25T09:00:00+08:00",
    clock_offset_ms=-1200,
)


@pytest.mark.parametrize(
    ("changed", "up", "word"),
    [
        ({"position": 20}, {}, "hop_confirmed"),
        ({"position": 21}, {}, "hop_sent"),
        ({"position": 30}, {}, "hop_sent"),
        ({"position": 31}, {}, "hop_waiting"),
        ({"position": 25}, {"sent": None}, "hop_waiting"),
        ({"position": 25}, {"upto": {"county": 25, "city": 24}}, "hop_sent"),
        ({"position": 25}, {"upto": {"county": 25, "city": 25}}, "hop_confirmed"),
        ({"position": 25}, {"epoch_first": 26}, "hop_confirmed"),
        ({"position": 25}, {"epoch_first": 26, "upto": {}}, "hop_sent"),
        ({"position": 10, "aside": "too long"}, {}, "hop_aside"),
        ({"position": 10, "emptied": "purged"}, {}, "hop_purged"),
        ({"position": 10, "emptied": "erased", "aside": "x"}, {}, "hop_erased"),
        ({"position": 0, "number": 0}, {}, "hop_before_service"),
        ({"position": 20, "unproved": True}, {}, "hop_unproved"),
        ({"position": 20, "unproved": True, "emptied": "purged"}, {}, "hop_purged"),
    ],
)
def test_the_hop_of_a_stored_punch(changed: dict[str, Any], up: dict[str, Any], word: str) -> None:
    punch, upstream = msgspec.structs.replace(FOUND, **changed), msgspec.structs.replace(UP, **up)
    assert hop_of(punch, upstream) == word


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({}, "hop_not_on_terminal"),
        ({"complete_until": None}, "hop_not_read"),
        ({"complete_until": "2026-11-25T08:01:59+08:00"}, "hop_not_read"),
        ({"complete_until": "2026-11-25T00:02:00+00:00"}, "hop_not_on_terminal"),
        ({"clock_offset_ms": 60_001}, "hop_clock_off"),
        ({"clock_offset_ms": None}, "hop_not_on_terminal"),
        ({"rejects": 1}, "hop_maybe_quarantined"),
        ({"rejects": 1, "named": True, "complete_until": None}, "hop_quarantined"),
        ({"gap": "log_cleared", "complete_until": None}, "hop_gap"),
        ({"cause": "out_of_service", "complete_until": None}, "hop_out_of_service"),
        ({"before": "2026-12-01"}, "hop_too_early"),
    ],
)
def test_what_a_terminal_can_tell_of_its_absence(changed: dict[str, Any], word: str) -> None:
    assert absence(msgspec.structs.replace(WELL, **changed), AT) == word


def test_of_several_terminals_the_one_that_was_not_read_speaks_before_those_that_prove_absence() -> None:
    behind = msgspec.structs.replace(WELL, device_id="fp-2", complete_until=None)
    told = trace("7", AT, [], [WELL, behind], [], UP)
    assert told.word == "hop_not_read"
    assert [hop.terminal.device_id for hop in told.hops if hop.terminal] == ["fp-2", "fp-1"]
    assert trace("7", AT, [], [], [], UP).word == "hop_no_terminal"
    assert trace("7", AT, [FOUND], [WELL, behind], [], UP).word == "hop_sent"


def test_every_answer_has_its_words() -> None:
    assert {
        *ABSENCES,
        *SETTLED,
        "hop_sent",
        "hop_waiting",
        "hop_aside",
        "hop_unproved",
        "hop_no_terminal",
    } == set(TRACE)


@pytest.mark.parametrize(
    ("minutes", "word"), [(0, "hop_not_on_terminal"), (58, "hop_not_on_terminal"), (59, "hop_not_read")]
)
def test_nobody_was_there_only_if_all_that_may_be_meant_was_read(minutes: int, word: str) -> None:
    until = AT + timedelta(minutes=minutes)
    assert trace("7", AT, [], [WELL], [], UP, until).word == word
