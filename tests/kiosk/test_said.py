"""Whatever a page says is an event, is put aside, or is refused: no error, no rating that says two things."""

import json
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drivers.base import Request
from edge.events import Origin, normalize
from tests.drivers.memory_link import ZONE
from tests.kiosk.conftest import rating
from tests.kiosk.test_waiting import NOW, staged

ORIGIN = Origin("tablet-1", "kiosk", ZONE, None, True)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=True),
    st.text("aé1-\x00 \n", max_size=8),
    st.sampled_from(["\ud800", "\x00", "9999-12-31T23:59:59", "1970-01-01T00:00:00", "0001-01-01T00:00:00"]),
    st.lists(st.sampled_from(["511", "111", 5, None, "５１１", "511\n"]), max_size=30),
    st.dictionaries(
        st.sampled_from(["id", "at"]), st.sampled_from(["x", "a|b", "", 1, "1" * 99]), max_size=2
    ),
)
FIELDS = ("id", "session", "level", "tags", "comment", "at", "sent", "dwell_ms", "tag_dict_version", "holds")
OTHERS = ("queue", "battery", "clock", "version", "on", "trigger", "timeout_s", "project_no", "item_code")


@settings(max_examples=120)
@example("rate", {"at": "1970-01-01T00:00:00"}, "tablet")
@example("rate", {"at": "1970-01-01T00:00:00", "sent": "9999-12-31T23:59:59"}, "tablet")
@example("rate", {"tags": ["111", "411"], "comment": "\ud800"}, "tablet")
@given(
    st.sampled_from(["rate", "state", "handed", "invite", "cancel", "pause", "desk"]),
    st.dictionaries(st.sampled_from(FIELDS + OTHERS), ODD, max_size=4),
    st.sampled_from(["tablet", "desk", "system"]),
)
def test_anything_as_json(word: str, odd: dict[str, Any], part: str) -> None:
    check(word, json.dumps({**rating(1, session=None), **odd}).encode("utf-8", "surrogatepass"), part)


@pytest.mark.parametrize("word", ["rate", "state", "handed", "invite", "pause"])
@pytest.mark.parametrize("body", [b"[" * 60_000, b"\xff", b"1" * 60_000, b'{"id":', b'"\xed\xa0\x80"', b"{}"])
def test_anything_as_bytes(body: bytes, word: str) -> None:
    for part in ("tablet", "desk"):
        check(word, body, part)


def check(word: str, body: bytes, part: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        scene = staged(patch)
        for at in (NOW, NOW + timedelta(seconds=100)):
            told = Request("POST", f"/k/A01/{word}", {"page": "local"}, {}, body, "", at, part=part)
            reply = scene.kiosk.handle(told, scene.link)
            assert reply.status in (200, 400, 403)
            assert part != "desk" or b"level" not in reply.body
            scene.look()
        for reading in scene.link.readings:
            data = msgspec.json.decode(normalize(reading, ORIGIN, NOW).data)
            assert abs((NOW - _time(reading.device_time)).total_seconds()) <= 32 * 86_400
            assert all(tag[0] == str(data["stars"]) for tag in data.get("tags", ()))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)
