"""The contract as files for those who subscribe: JSON Schemas, an AsyncAPI 3 document, examples.

Generated from the message classes, never edited by hand (the guide is); a development tool, it needs PyYAML:

    python -m edge.contract_files            write config/contract/
    python -m edge.contract_files --check    name what differs from the classes, exit code 1 if anything does

Examples of events are the exact bytes of the wire, so their hashes hold (without the file's last newline).
"""

import argparse
import inspect
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from edge import contract, events, payloads
from edge.contract_examples import messages, sealed_events
from edge.documents.reading import REMARK
from edge.documents.shapes import KINDS

FOLDER = Path(__file__).resolve().parents[1] / "config" / "contract"
BY_HAND = {"GUIDE.md", "GUIDE.zh-CN.md", "nats.conf", "nats-users.conf"}
"""What stands beside the generated files: how a province sets it up."""
_PART = "[A-Za-z0-9_-]{1,64}"
_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"
_ENVELOPE: dict[str, dict[str, object]] = {
    "id": {"minLength": 1},
    "source": {"pattern": f"^/zwdt/{_PART}/{_PART}$"},
    "time": {"pattern": _TIME},
    "recordedtime": {"pattern": _TIME},
    "sequence": {"pattern": "^[0-9]{20}$"},
    "epoch": {"minLength": 1, "maxLength": 64},
    "partitionkey": {"pattern": f"^{_PART}/{_PART}$"},
}
_PURPOSE = (
    "What a hall and its upstream say to each other over MQTT, QoS 1. A PUBACK is only the broker's word: "
    "an event is done when the receipt of every application the hall must convince covers its number. "
    "An event counts by its `id`, once, the first copy; `epoch` and `sequence` only show what is missing. "
    "The chain: chain 0 = H(epoch), chain n = H(chain n-1 + H(bytes of event n)); H is `hash_alg` of "
    "event 1, `edge.epoch_opened`. A punch with `unconfirmed` was pushed, as anybody in the hall's network "
    "could: do not judge by it until an `attendance.confirmed` names its `id`. "
    "Readers ignore fields they do not know."
)
MESSAGES: dict[str, type[msgspec.Struct]] = {
    "receipt": contract.Receipt,
    "state": contract.State,
    "description": contract.Description,
    "host_state": contract.HostState,
}

Json = dict[str, object]


def files() -> dict[str, str]:
    """Path below `config/contract/` -> its whole text."""
    sealed = sealed_events()
    if missing := payloads.PAYLOADS.keys() - sealed.keys():
        raise KeyError(f"no example in edge/contract_examples.py: {', '.join(sorted(missing))}")
    found = {f"schema/{name}.v1.json": _text(_message_schema(name)) for name in MESSAGES}
    found |= {f"schema/{kind}.v1.json": _text(event_schema(kind)) for kind in payloads.PAYLOADS}
    found |= {f"examples/{kind}.v1.json": f"{event.body}\n" for kind, event in sealed.items()}
    for name, message in messages(sealed).items():
        found[f"examples/{name}.v1.json"] = _text(msgspec.to_builtins(message))
    found |= {f"documents/{name}.v1.json": _text(document_schema(name)) for name in KINDS}
    return found | {"asyncapi.yaml": _yaml(asyncapi())}


def document_schema(name: str) -> Json:
    """The schema of a document of `edge/documents/`; remarks may stand anywhere."""
    parts = _components(KINDS[name])
    for part in parts.values():
        part["patternProperties"] = {f"^{REMARK}": {}}
    own = parts.pop(KINDS[name].__name__)
    return _schema(_urn(f"document.{name}"), {**own, "$defs": parts})


def event_schema(kind: str) -> Json:
    """One schema for a whole event: the envelope with the payload of this kind in `data`."""
    payload = payloads.PAYLOADS[kind]
    parts = _components(contract.Event, payload)
    envelope = parts.pop(contract.Event.__name__)
    properties: dict[str, dict[str, object]] = envelope["properties"]  # type: ignore[assignment]
    for name, rule in _ENVELOPE.items():
        properties[name] |= rule
    properties["type"] = {"const": events.event_type(kind)}
    properties["dataschema"] = {"const": _urn(kind)}
    properties["data"] = {"$ref": f"#/$defs/{payload.__name__}"}
    head = {"title": events.event_type(kind), "description": _purpose(payload)}
    return _schema(_urn(kind), {**envelope, **head, "$defs": parts})


def _message_schema(name: str) -> Json:
    parts = _components(MESSAGES[name])
    own = parts.pop(MESSAGES[name].__name__)
    return _schema(_urn(name), {**own, "$defs": parts} if parts else own)


def _urn(name: str) -> str:
    return f"urn:zwdt:{name}.{events.VERSION}"


def _schema(urn: str, body: Json) -> Json:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": urn, **body}


def _components(*types: type[msgspec.Struct]) -> dict[str, Json]:
    """Schema of each class and of those it names; docstrings without their indentation."""
    _, parts = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    for part in parts.values():
        if "description" in part:
            part["description"] = inspect.cleandoc(part["description"])
    return parts


def _purpose(of: type[msgspec.Struct]) -> str:
    return inspect.cleandoc(of.__doc__ or "")


def asyncapi() -> Json:
    """The AsyncAPI 3 document, told from the edge: it sends events, states, and receives receipts."""
    kinds = sorted({events.topic_kind(events.event_type(kind)) for kind in payloads.PAYLOADS})
    all_events = [_urn_name(kind) for kind in payloads.PAYLOADS]
    hall = f"{contract.TOPIC_ROOT}/{{county}}/{{hall}}"
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "hall-edge", "version": events.VERSION, "description": _PURPOSE},
        "defaultContentType": "application/json",
        "channels": {
            "event": _channel(f"{hall}/evt/{{kind}}", all_events, kind={"enum": kinds}),
            "batch": _channel(f"{hall}/evt-batch", ["batch"]),
            "state": _channel(f"{hall}/state", ["state"]),
            "description": _channel(f"{hall}/desc", ["description"]),
            "receipt": _channel(f"{hall}/ack/{{app}}", ["receipt"]),
            "host": _channel(f"{contract.TOPIC_ROOT}/host/{{app}}/state", ["host_state"]),
        },
        "operations": {
            "sendEvent": _operation("send", "event", retain=False),
            "sendBatch": _operation("send", "batch", retain=False),
            "sendState": _operation("send", "state", retain=True),
            "sendDescription": _operation("send", "description", retain=True),
            "receiveReceipt": _operation("receive", "receipt", retain=True),
            "receiveHost": _operation("receive", "host", retain=True),
        },
        "components": {"messages": _asyncapi_messages(all_events)},
    }


def _urn_name(kind: str) -> str:
    return kind.replace(".", "_")


def _channel(address: str, messages: list[str], **parameters: Json) -> Json:
    level = {"description": "one topic level: 1-64 of A-Z a-z 0-9 _ -"}
    named = [name for name in ("county", "hall", "app") if f"{{{name}}}" in address]
    return {
        "address": address,
        "parameters": dict.fromkeys(named, level) | parameters,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _operation(action: str, channel: str, retain: bool) -> Json:
    binding = {"qos": 1, "retain": retain, "bindingVersion": "0.2.0"}
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "bindings": {"mqtt": binding}}


def _asyncapi_messages(all_events: list[str]) -> Json:
    found: Json = {}
    for name, kind in zip(all_events, payloads.PAYLOADS, strict=True):
        found[name] = _message(kind, "application/cloudevents+json", _purpose(payloads.PAYLOADS[kind]))
    for name, message in MESSAGES.items():
        found[name] = _message(name, "application/json", _purpose(message))
    one = {"oneOf": [{"$ref": f"./schema/{kind}.v1.json"} for kind in payloads.PAYLOADS]}
    found["batch"] = {
        "contentType": "application/cloudevents-batch+json",
        "summary": "1-200 events, plain or gzip, told by the first byte (5b, 1f8b).",
        "payload": {"type": "array", "minItems": 1, "maxItems": 200, "items": one},
    }
    return found


def _message(name: str, content_type: str, purpose: str) -> Json:
    return {
        "contentType": content_type,
        "summary": purpose.splitlines()[0],
        "payload": {"$ref": f"./schema/{name}.v1.json"},
    }


def _text(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _yaml(value: Json) -> str:
    import yaml

    return "# Generated by `python -m edge.contract_files`; do not edit.\n" + yaml.safe_dump(
        value, sort_keys=False, allow_unicode=True, width=100
    )


def differences(folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """The files that are missing, other than generated, or nobody's."""
    there = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    there = {name: path for name, path in there.items() if name not in BY_HAND}
    changed = [name for name in wanted if name in there and there[name].read_text("utf-8") != wanted[name]]
    return sorted([*changed, *(wanted.keys() ^ there.keys())])


def write(folder: Path, wanted: Mapping[str, str]) -> None:
    """Make the folder hold exactly these files."""
    for name in differences(folder, wanted):
        path = folder / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], "utf-8")
        else:
            path.unlink()


def main(arguments: list[str] | None = None) -> int:
    """0, or 1 when `--check` finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m edge.contract_files", description="config/contract/")
    parser.add_argument("--check", action="store_true", help="only name what differs")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    told = parser.parse_args(arguments)
    different = differences(told.folder, files())
    if told.check:
        sys.stdout.writelines(f"{name}: not as generated\n" for name in different)
        return 1 if different else 0
    write(told.folder, files())
    return 0


if __name__ == "__main__":
    sys.exit(main())
