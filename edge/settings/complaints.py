"""What is wrong in a configuration, in words a technician understands: Chinese first, then English. Pure.

`Complaint` is one thing wrong; `plainly` puts what msgspec says into both languages.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong: `file:line [table] key: message`."""

    file: str
    line: int
    table: str
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        table = f"[{self.table}]" if self.table else ""
        return " ".join(filter(None, (place, table, self.key))) + f": {self.message}"


class ConfigError(Exception):
    """The configuration cannot be used; `complaints` say why."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__("\n".join(map(str, complaints)))
        self.complaints = complaints


TYPES = {
    "int": ("整数", "a whole number"),
    "str": ("引号中的文字", "text in quotes"),
    "bool": ("true 或 false", "true or false"),
    "array": ('列表，如 ["a", "b"]', 'a list such as ["a", "b"]'),
    "object": ("一个表", "a table"),
    "date": ("日期，如 2026-01-01", "a date such as 2026-01-01"),
    "date | null": ("日期，如 2026-01-01", "a date such as 2026-01-01"),
}
PATTERNS = {
    "^[A-Za-z0-9_.:-]{1,253}$": ("主机名或 IP", "a host name or an IP address"),
    "^[0-9]{6}$": ("六位数字", "6 digits"),
    "^[A-Za-z0-9_-]{1,64}$": ("1-64 个 A-Z a-z 0-9 _ -", "1-64 of A-Z a-z 0-9 _ -"),
}
LIMITS = {">=": ("不得小于", "must be at least"), "<=": ("不得大于", "must be at most")}


def plainly(message: str, choices: Iterable[str] = ()) -> str:
    """A message of msgspec's for people; `choices` = what the key may hold, where that is a short list."""
    if message.startswith("Object missing required field"):
        return "必须填写 / is required"
    if choices and message.startswith("Invalid enum value"):
        listed = ", ".join(map(repr, choices))
        return f"只能是 / must be one of {listed}"
    if found := re.match(r"Expected `[^`]+` (>=|<=) (.+)", message):
        zh, en = LIMITS[found[1]]
        return f"{zh} {found[2]} / {en} {found[2]}"
    if (found := re.search(r"matching regex '(.+)'", message)) and found[1] in PATTERNS:
        return _must_be(PATTERNS[found[1]])
    if (found := re.match(r"Expected `([^`]+)`", message)) and found[1] in TYPES:
        return _must_be(TYPES[found[1]])
    if message.startswith("Invalid RFC3339 encoded date"):
        return _must_be(TYPES["date"])
    return message


def unknown(what: tuple[str, str], name: str, known: Iterable[str]) -> str:
    """That `name` is no key (or table) there is, and which one is likely meant."""
    zh, en = what
    listed = sorted(known)
    import difflib  # only a wrong config needs it

    near = difflib.get_close_matches(name.strip().lower(), listed, 1)
    if near:
        return f"没有这个{zh}；是否指 {near[0]!r}? / unknown {en}; did you mean {near[0]!r}?"
    return f"没有这个{zh} / unknown {en}; 可用 / known: {', '.join(listed)}"


def _must_be(words: tuple[str, str]) -> str:
    return f"应为{words[0]} / must be {words[1]}"
