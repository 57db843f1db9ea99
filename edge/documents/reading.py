"""Bytes -> a document, or everything that is wrong with it: key, value, and what to do. Pure.

Keys that begin with `//` are remarks for people and are left out.
"""

import re
from collections.abc import Iterator

import msgspec

from edge.documents.checks import CHECKS, Wrong
from edge.documents.shapes import CLOCK, DAY, KINDS, LISTS, MOMENT, TAG, WORD, Document, Shape
from edge.settings.complaints import Complaint, plainly, unknown

BYTES_MAX = 4 << 20
REMARK = "//"
SHOWN = 60
MEANT = {
    DAY: ("日期，如 2026-01-31", "a day such as 2026-01-31"),
    MOMENT: (
        "日期或时刻，如 2026-01-31 或 2026-01-31T14:00",
        "a day or moment: 2026-01-31, 2026-01-31T14:00",
    ),
    CLOCK: ("时刻，如 08:30", "a time of day such as 08:30"),
    WORD: ("1-64 个字，首尾无空格", "1-64 characters without blanks at the ends"),
    TAG: ("三位数字，首位 1-5", "3 digits, the first of them 1-5"),
}


def read(name: str, content: bytes, file: str = "") -> tuple[Document | None, list[Complaint]]:
    """The document, or None and the complaints; `file` is what they call it."""
    file = file or name
    if name not in KINDS:
        return None, [Complaint(file, 0, "", "", unknown(("文件", "document"), name, KINDS))]
    if len(content) > BYTES_MAX:
        return None, [Complaint(file, 0, "", "", f"大于 / larger than {BYTES_MAX >> 20} MB")]
    try:
        given = _without_remarks(msgspec.json.decode(content))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return None, [Complaint(file, _line(content, str(error)), "", "", f"不是 JSON / is no JSON: {error}")]
    if not isinstance(given, dict):
        return None, [Complaint(file, 0, "", "", "最外层应为 { } / must be an object: { }")]
    document, wrong = _shaped(name, given)
    if document is not None:
        wrong = list(CHECKS[name](document))
    complaints = [Complaint(file, 0, "", key, f"{_shown(value)}{message}") for key, value, message in wrong]
    return (None if complaints else document), complaints


def _shaped(name: str, given: dict[str, object]) -> tuple[Document | None, list[Wrong]]:
    """The document as its class; every wrong entry of its list is named."""
    key, kind = LISTS.get(name, ("", Shape))
    entries = given.get(key)
    wrong: list[Wrong] = []
    if isinstance(entries, list):
        for place, entry in enumerate(entries):
            wrong += _tried(entry, kind, f"{key}[{place}]")
        if wrong:
            given = {**given, key: []}
    wrong += _tried(given, KINDS[name], "")
    return (None, wrong) if wrong else (msgspec.convert(given, KINDS[name]), [])


def _tried(given: object, kind: type[Shape], under: str) -> Iterator[Wrong]:
    try:
        msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        message, _, at = str(error).partition(" - at `")
        key = at.rstrip("`").removeprefix("$").removeprefix(".")
        value = _at(given, key)
        if found := re.search(r"required field `(\w+)`", message):
            key, value = f"{key}.{found[1]}".lstrip("."), None
        if found := re.search(r"unknown field `([^`]+)`", message):
            owner = value if key else given
            value = owner.get(found[1]) if isinstance(owner, dict) else None
            key = f"{key}.{found[1]}".lstrip(".")
            message = "没有这个键，请删去 / unknown key; take it out"
        path = f"{under}.{key}" if under and key and not key.startswith("[") else f"{under}{key}"
        yield Wrong(path, value, _plainly(message))


def _plainly(message: str) -> str:
    found = re.search(r"matching regex '(.+)'", message)
    pattern = found[1].replace("\\\\", "\\") if found else ""
    if pattern in MEANT:
        zh, en = MEANT[pattern]
        return f"应为{zh} / must be {en}"
    return plainly(message)


def _at(given: object, path: str) -> object:
    """What stands at `staff[3].name`; None where that is nothing."""
    for name, place in re.findall(r"(\w+)|\[(\d+|\.\.\.)\]", path):
        if isinstance(given, dict) and name:
            given = given.get(name)
        elif isinstance(given, list) and place.isdecimal() and int(place) < len(given):
            given = given[int(place)]
        else:
            return None
    return given


def _shown(value: object) -> str:
    """The wrong value, cut; nothing for what is missing, or is a whole object."""
    if value is None or isinstance(value, dict | list):
        return ""
    text = str(value)
    return f"“{text[:SHOWN]}{'…' if len(text) > SHOWN else ''}” "


def _line(content: bytes, message: str) -> int:
    found = re.search(r"byte (\d+)", message)
    return content[: int(found[1])].count(b"\n") + 1 if found else 0


def _without_remarks(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_remarks(each) for key, each in value.items() if not key.startswith(REMARK)}
    return [_without_remarks(each) for each in value] if isinstance(value, list) else value
