"""A device's table as the text of a TOML file, and a file with one more table. Pure.

Nothing of the file is written anew: its comments and its layout are bytes that nobody touches.
"""

import json
import tomllib
from collections.abc import Mapping
from datetime import date
from typing import Any, get_type_hints

from edge.words.text import inert

COMMENT_MAX = 100


def typed(options: type[Any], key: str, text: str) -> object:
    """The value of a key given on the command line: a text where the driver wants one, else as in TOML."""
    if get_type_hints(options).get(key) is str:
        return text
    try:
        return tomllib.loads(f"it = {text}")["it"]
    except tomllib.TOMLDecodeError:
        return text


def table(device_id: str, comment: str, keys: Mapping[str, object]) -> str:
    """The table of one device, under a line that says where it comes from."""
    lines = [f"# {inert(comment[:COMMENT_MAX])}", f"[device.{device_id}]"]
    lines += [f"{key} = {_value(value)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


def appended(text: str, more: str) -> str:
    """`text` with the table `more` behind it, in the line ends `text` has."""
    end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text or text.endswith("\n") else end
    return text + gap + (end if text.strip() else "") + more.replace("\n", end)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, int | float):
        return str(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
