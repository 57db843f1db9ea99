"""The published contract as a judge: what is really sent must satisfy the files that subscribers read."""

import functools
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).resolve().parents[1] / "config" / "contract"


@functools.cache
def schema(urn: str) -> Draft202012Validator:
    """The validator of `urn:zwdt:<name>.v1`; KeyError when the contract has no such file."""
    path = FOLDER / "schema" / f"{urn.removeprefix('urn:zwdt:')}.json"
    if not path.exists():
        raise KeyError(f"{urn} is not in {path.parent}")
    rules = json.loads(path.read_text("utf-8"))
    assert rules["$id"] == urn
    Draft202012Validator.check_schema(rules)
    return Draft202012Validator(rules)


def validate_event(body: bytes) -> dict[str, Any]:
    """The event, if the schema it names accepts it; jsonschema.ValidationError or KeyError otherwise."""
    event: dict[str, Any] = json.loads(body)
    schema(event["dataschema"]).validate(event)
    return event


def validate_message(name: str, payload: bytes) -> dict[str, Any]:
    """A `receipt`, `state`, `description` or `host_state`, checked likewise."""
    message: dict[str, Any] = json.loads(payload)
    schema(f"urn:zwdt:{name}.v1").validate(message)
    return message
