"""The fields of one form as they were typed: each is read once, and what is wrong with it is noted. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, NamedTuple

DAY = re.compile(r"\d{4}-\d\d-\d\d")
WORD_MAX = 64
OLDEST = date(2000, 1, 1)
STARS = range(1, 6)


class Known(NamedTuple):
    """What the documents say of the hall; empty = they say nothing, and anything may be typed."""

    windows: frozenset[str] = frozenset()
    staff: frozenset[str] = frozenset()


ANYTHING = Known()


Fault = Literal[
    "need",
    "long",
    "choose",
    "day",
    "future",
    "no_window",
    "no_staff",
    "phone",
    "contact_inside",
    "no_result",
    "no_items",
    "stale",
]
Faults = Mapping[str, Fault]
"""Field -> what is wrong with it, told by `forms/words.py`; never empty."""


class Reader:
    """The fields of one form; notes what is wrong with them."""

    def __init__(self, fields: Mapping[str, str], today: date, known: Known) -> None:
        self.fields, self.today, self.known = fields, today, known
        self.faults: dict[str, Fault] = {}

    def wrong(self, name: str, why: Fault) -> None:
        """The first that is wrong with a field stands."""
        self.faults.setdefault(name, why)

    def line(self, name: str, most: int = WORD_MAX, need: bool = False) -> str:
        """One line of text."""
        return self._text(name, most, need, " ".join(clean(self.fields.get(name, "")).split()))

    def lines(self, name: str, most: int) -> str:
        """Several lines; something must stand there."""
        text = clean(self.fields.get(name, "").replace("\r\n", "\n").replace("\r", "\n"), "\n")
        return self._text(name, most, True, text.strip())

    def _text(self, name: str, most: int, need: bool, text: str) -> str:
        if need and not text:
            self.wrong(name, "need")
        if len(text) > most:
            self.wrong(name, "long")
        return text

    def one_of(self, name: str, words: Iterable[str]) -> str:
        """One of some words."""
        found = self.fields.get(name, "")
        if found not in words:
            self.wrong(name, "choose")
        return found

    def day(self, name: str) -> str:
        """A day that is not to come."""
        text = self.fields.get(name, "").strip()
        try:
            found = date.fromisoformat(text) if DAY.fullmatch(text) else None
        except ValueError:
            found = None
        if found is None or found < OLDEST:
            self.wrong(name, "day")
        elif found > self.today:
            self.wrong(name, "future")
        return text

    def window(self, name: str) -> str | None:
        """A window of the hall, or nothing."""
        return self._known(name, self.known.windows, "no_window")

    def staff(self, name: str) -> str | None:
        """A staff number, or nothing."""
        return self._known(name, self.known.staff, "no_staff")

    def _known(self, name: str, known: frozenset[str], why: Fault) -> str | None:
        found = self.line(name)
        if found and known and found not in known:
            self.wrong(name, why)
        return found or None

    def stars(self, name: str) -> int | None:
        """1–5, or nothing."""
        found = self.fields.get(name, "")
        if found and found not in map(str, STARS):
            self.wrong(name, "choose")
            return None
        return int(found) if found else None


def clean(text: str, kept: str = "") -> str:
    """Control characters become blanks, and what is no text a mark."""
    whole = text.encode("utf-8", "replace").decode()
    return "".join(each if each.isprintable() or each in kept else " " for each in whole)


def joined(text: str) -> str:
    """However it is spaced, and with whatever width of figures."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", clean(text)))
