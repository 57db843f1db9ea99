"""Whatever crosses the wire in a hall's day has a channel in the AsyncAPI document and fits its schema."""

import gzip
import json
import re
from contextlib import closing

import yaml

from tests.consume.upstream import Wire
from tests.contract import FOLDER, validate_event, validate_message
from tests.hall import consuming, until
from tests.path.conftest import Hall
from tests.path.test_path import punches

LEVEL = {"county": "[0-9]{6}"}
KINDS = {"attendance.punch", "device.status", "device.alarm", "edge.epoch_opened"}
SINGLE = {"state": "state", "description": "description", "receipt": "receipt", "host": "host_state"}
"""Channel -> the schema of its one message."""


def channels() -> dict[str, re.Pattern[str]]:
    """Every channel of the document with the topics it stands for."""
    document = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text("utf-8"))

    def level(found: re.Match[str]) -> str:
        return LEVEL.get(found[1], "[A-Za-z0-9_-]{1,64}")

    return {
        name: re.compile(re.sub(r"\{(\w+)\}", level, channel["address"]))
        for name, channel in document["channels"].items()
    }


def check(topic: str, payload: bytes, known: dict[str, re.Pattern[str]]) -> set[str]:
    """The channel of a message and the types of its events; fails where the contract knows it not."""
    (channel,) = (name for name, topics in known.items() if topics.fullmatch(topic))
    if channel in SINGLE:
        validate_message(SINGLE[channel], payload)
        return {channel}
    if channel == "event":
        return {channel, validate_event(payload)["type"]}
    events = json.loads(unpacked(payload))
    return {channel, *(validate_event(json.dumps(event).encode())["type"] for event in events)}


def unpacked(payload: bytes) -> bytes:
    return gzip.decompress(payload) if payload[:2] == b"\x1f\x8b" else payload


def crossed(wire: Wire, kind: str) -> bool:
    """Whether an event of this kind has crossed the wire."""
    return any(
        f"cn.zwdt.{kind}.v1".encode() in unpacked(body) for topic, body in wire.seen if "/evt" in topic
    )


def test_everything_said_in_a_halls_day_is_in_the_contract(hall: Hall) -> None:
    hall.terminal.load(punches(0, 700))
    with closing(Wire(hall.broker)) as wire:
        with consuming(hall.county):
            assert until(lambda: wire.on("zwdt/v1/host/county/state"), 20), "else no batch is sent"
            hall.daemon.start()
            assert until(lambda: hall.held() == 700, 30)
            hall.terminal.set_clock(-96)
            hall.terminal.punch("1001")
            assert until(lambda: hall.held() == 701, 20)
            assert until(lambda: all(crossed(wire, kind) for kind in KINDS), 20), "its clock is off"
        hall.daemon.kill()
        assert until(lambda: any(b'"lost"' in body for topic, body in wire.seen if "state" in topic), 30)
        heard = list(wire.seen)
    known, said = channels(), set[str]()
    for topic, payload in heard:
        said |= check(topic, payload, known)
    assert said == {*known, *(f"cn.zwdt.{kind}.v1" for kind in KINDS)}
