"""The contract's files are what the message classes generate, hold together, and accept what is sent."""

import json
import re
from datetime import datetime, timedelta, timezone

import msgspec
import pytest
import yaml
from jsonschema import ValidationError

from drivers.base import Reading
from edge import contract, contract_files, events, payloads
from edge.consume import Ledger
from edge.events import Origin, Place
from tests.contract import FOLDER, validate_event, validate_message

EXAMPLES = FOLDER / "examples"
ZONE = timezone(timedelta(hours=8))


def example(name: str) -> bytes:
    return (EXAMPLES / f"{name}.v1.json").read_bytes().removesuffix(b"\n")


def test_files_are_as_generated():
    assert contract_files.differences(FOLDER, contract_files.files()) == [], (
        "run python -m edge.contract_files"
    )


def test_every_payload_and_message_has_a_schema_and_an_example():
    for folder in ("schema", "examples"):
        there = {path.name for path in (FOLDER / folder).iterdir()}
        assert there == {f"{name}.v1.json" for name in [*payloads.PAYLOADS, *contract_files.MESSAGES]}


def test_payload_without_an_example_stops_the_generator(monkeypatch):
    monkeypatch.setitem(payloads.PAYLOADS, "tea.served", payloads.Punch)
    with pytest.raises(KeyError, match=r"tea\.served"):
        contract_files.files()


def test_check_names_what_differs_and_writing_mends_it(tmp_path, capsys):
    told = ["--folder", str(tmp_path)]
    assert contract_files.main(told) == 0
    (tmp_path / "schema" / "state.v1.json").write_text("{}")
    (tmp_path / "examples" / "state.v1.json").unlink()
    (tmp_path / "schema" / "old.v1.json").write_text("{}")
    assert contract_files.main([*told, "--check"]) == 1
    named = [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert named == ["examples/state.v1.json", "schema/old.v1.json", "schema/state.v1.json"]
    assert contract_files.main(told) == 0
    assert contract_files.main([*told, "--check"]) == 0


@pytest.mark.parametrize("kind", payloads.PAYLOADS)
def test_examples_of_events_are_valid_and_break_when_altered(kind):
    event = validate_event(example(kind))
    msgspec.json.decode(example(kind), type=contract.Event)
    msgspec.json.decode(msgspec.json.encode(event["data"]), type=payloads.PAYLOADS[kind])
    for broken in (
        event | {"sequence": "17"},
        event | {"time": "08:00"},
        event | {"type": "cn.zwdt.other.v1"},
        event | {"data": {}},
        {name: value for name, value in event.items() if name != "epoch"},
    ):
        with pytest.raises(ValidationError):
            validate_event(json.dumps(broken).encode())
    validate_event(json.dumps(event | {"newer": 1, "data": event["data"] | {"newer": 1}}).encode())


@pytest.mark.parametrize("name", contract_files.MESSAGES)
def test_examples_of_messages_are_valid_and_read_back(name):
    validate_message(name, example(name))
    message = msgspec.json.decode(example(name), type=contract_files.MESSAGES[name])
    validate_message(name, msgspec.json.encode(message))
    with pytest.raises(ValidationError):
        validate_message(name, b"{}")


def test_examples_form_the_chain_that_receipt_and_state_name(tmp_path):
    bodies = sorted(
        (example(kind) for kind in payloads.PAYLOADS), key=lambda body: json.loads(body)["sequence"]
    )
    receipt = msgspec.json.decode(example("receipt"), type=contract.Receipt)
    state = msgspec.json.decode(example("state"), type=contract.State)
    ledger = Ledger(tmp_path / "count.db")
    topic = contract.topic("330100", "h1", "evt-batch")
    ledger.take([(topic, b"[" + b",".join(bodies[:1] + bodies[2:]) + b"]")])
    got = ledger.receipt("/zwdt/330100/h1", ask=True)
    assert got == msgspec.structs.replace(receipt, n=got.n)
    ledger.take([(topic, b"[" + bodies[1] + b"]")])
    got = ledger.receipt("/zwdt/330100/h1", ask=True)
    assert (got.upto, got.head) == (state.seq_head, state.head)
    ledger.close()


def test_event_made_from_a_reading_is_valid():
    now = datetime(2026, 11, 23, 9, 0, 30, 123456, ZONE)
    facts = {"device_user_id": "7", "verify_method": "card", "punch_state": "unspecified"}
    reading = Reading("attendance.punch", "SN1", "k", "2026-11-23T09:00:00", facts)
    draft = events.normalize(reading, Origin("door", "zk", ZONE, 90_000, True), now)
    digest = events.digest_of("sha256")
    place = Place("330100", "h1", contract.source("330100", "h1"))
    sealed = events.seal(draft, place, "e1", 7, now.isoformat(), events.genesis("e1", digest), digest)
    assert validate_event(sealed.body.encode())["data"]["time_quality"] == "corrected"


def test_asyncapi_names_existing_files_topics_and_messages():
    document = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text("utf-8"))
    assert document["asyncapi"] == "3.0.0"
    references = set(_references(document))
    for reference in references:
        if reference.startswith("#/"):
            assert _resolve(document, reference) is not None
        else:
            assert (FOLDER / reference).is_file()
    named = {reference for reference in references if not reference.startswith("#/")}
    assert named == {f"./schema/{path.name}" for path in (FOLDER / "schema").iterdir()}
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert contract.topic("c", "h", "ack", "a") in {_filled(address) for address in addresses}
    assert contract.host_topic("a") in {_filled(address) for address in addresses}
    for channel in document["channels"].values():
        assert set(channel["parameters"]) == set(re.findall(r"{(\w+)}", channel["address"]))


def _filled(address: str) -> str:
    return re.sub(r"{(\w)\w*}", r"\1", address)


def _references(node):
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _references(part)


def _resolve(document, reference):
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
    return document
